"""A vehicle's page: what is known, edited, moved to another household or owner."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse

from enrollment.entry import Resident, Vehicle
from enrollment.errors import EnrollmentError, EntryRefused, NotEnrolled
from enrollment.form import VehicleForm, VehicleType
from enrollment.household import HouseholdCode
from enrollment.vehicle_photos import vehicle_jpeg
from gate.console.access import TOKEN_HEADER
from gate.console.desk import Desk, Office, SignedIn, TheDesk
from gate.console.enrolment.office import (
    TheOffice,
    Typed,
    VehicleId,
    household_address,
    needed_vehicle,
    office_of,
    refusal,
    see,
)
from gate.console.enrolment.photos import LARGEST_PHOTO
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.texts import explain, t
from models.errors import PictureRefused
from models.picture import decode_picture
from models.sighting import PlateColour

router = APIRouter()


@router.get("/enrolment/vehicles/{vehicle_id}")
def vehicle_page(request: Request, desk: TheDesk, _office: TheOffice, vehicle_id: VehicleId) -> Response:
    """What is entered about a vehicle; looking is recorded."""
    return _vehicle(request, desk, vehicle_id)


@router.post("/enrolment/vehicles/{vehicle_id}/edit")
def edit_vehicle(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    vehicle_id: VehicleId,
    plate: Typed = "",
    household: Typed = "",
    colour: PlateColour = Form(default=PlateColour.UNKNOWN),
    type: VehicleType = Form(default=VehicleType.CAR),  # noqa: A002
    owner: Typed = "",
    notes: Typed = "",
    version: int = Form(default=0, ge=0, le=10**9),
) -> Response:
    """Correct what is entered; where somebody else was faster, both are shown."""
    car = needed_vehicle(office, vehicle_id)
    typed = {"plate": plate, "household": household, "colour": colour, "type": type, "owner": owner, "notes": notes}
    try:
        form = VehicleForm.of(
            plate, household, colour, car.lanes, type=type, owner=owner or None, notes=notes, term=car.term
        )
        changed = office.register.edit_vehicle(vehicle_id, form, session.account, version)
    except (EntryRefused, NotEnrolled) as refused:
        return _vehicle(request, desk, vehicle_id, refused, typed)
    return see(household_address(office, changed.household))


@router.get("/enrolment/vehicles/{vehicle_id}/photo.jpg")
def photo(desk: TheDesk, session: SignedIn, office: TheOffice, vehicle_id: VehicleId) -> Response:
    """What it looks like; looking is recorded."""
    desk.looks.record(session, f"vehicle:{vehicle_id}")
    jpeg = office.register.vehicle_photos.of(needed_vehicle(office, vehicle_id).id)
    if jpeg is None:
        raise RequestRefused("console.not_found", 404)
    return Response(jpeg, media_type="image/jpeg")


@router.post("/enrolment/vehicles/{vehicle_id}/photo", max_body_size=LARGEST_PHOTO)
async def keep_photo(request: Request, session: SignedIn, office: TheOffice, vehicle_id: VehicleId) -> Response:
    """Keep the picture that is the request's body."""
    encoded = await request.body()

    def kept() -> Response:
        car = needed_vehicle(office, vehicle_id)
        try:
            with office.large:
                jpeg = vehicle_jpeg(decode_picture(encoded))
        except PictureRefused as refused:
            return refusal(request, refused)
        office.register.vehicle_photos.keep(car.id, jpeg, session.account)
        return JSONResponse({"next": f"/enrolment/vehicles/{car.id}"})

    return await to_thread.run_sync(kept)


@router.post("/enrolment/vehicles/{vehicle_id}/photo/drop")
def drop_photo(session: SignedIn, office: TheOffice, vehicle_id: VehicleId) -> Response:
    """Delete the picture."""
    office.register.vehicle_photos.drop(needed_vehicle(office, vehicle_id).id, session.account)
    return see(f"/enrolment/vehicles/{vehicle_id}")


def _owners(office: Office, car: Vehicle) -> list[Resident]:
    """Whoever it may belong to: the household's people, and the owner of now."""
    people = list(office.register.residents(office.finder.id_of(HouseholdCode.parse(car.household))))
    owner = office.register.find(car.owner) if car.owner else None
    return people if not isinstance(owner, Resident) or owner in people else [*people, owner]


def _vehicle(
    request: Request,
    desk: Desk,
    vehicle_id: str,
    refused: EnrollmentError | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    office = office_of(desk)
    car = needed_vehicle(office, vehicle_id)
    desk.looks.record(request.state.session, f"vehicle:{vehicle_id}")
    conflict = refused is not None and refused.code == "register.changed_meanwhile"
    entered = {
        "plate": car.plate,
        "household": car.household,
        "colour": car.colour,
        "type": car.type,
        "owner": car.owner or "",
        "notes": car.notes or "",
    }
    return page(
        request,
        "vehicle.html",
        409 if conflict else 422 if refused else 200,
        car=car,
        household=household_address(office, car.household),
        entered=entered,
        typed=typed or entered,
        conflict=conflict,
        fault=explain(refused, request.state.language) if refused and not conflict else None,
        pictured=office.register.vehicle_photos.of(car.id) is not None,
        data={
            "csrf": request.state.session.csrf,
            "csrf_header": TOKEN_HEADER,
            "largest": LARGEST_PHOTO,
            "photo": f"/enrolment/vehicles/{car.id}/photo",
            "texts": {name: t(f"photo_said.{name}", request.state.language) for name in ("too_heavy", "lost")},
        },
        people=_owners(office, car),
        colours=list(PlateColour),
        types=list(VehicleType),
    )
