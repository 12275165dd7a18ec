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
from enrollment.rights import Right
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
from gate.console.enrolment.right_form import Refusal, block_facts, right_facts, said
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.texts import t
from models.errors import PictureRefused
from models.picture import decode_picture
from models.sighting import PlateColour

router = APIRouter()
NOTICES = frozenset({"right_given", "blocked", "unblocked"})


@router.get("/enrolment/vehicles/{vehicle_id}")
def vehicle_page(request: Request, desk: TheDesk, _office: TheOffice, vehicle_id: VehicleId) -> Response:
    """What is entered about a vehicle; looking is recorded."""
    return vehicle_view(request, desk, vehicle_id)


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
            plate,
            household,
            colour,
            car.lanes,
            type=type,
            owner=owner or None,
            notes=notes,
            term=car.term,
            hours=car.hours,
        )
        changed = office.register.edit_vehicle(vehicle_id, form, session.account, version)
    except (EntryRefused, NotEnrolled) as refused:
        return vehicle_view(request, desk, vehicle_id, refused, typed)
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


def vehicle_view(
    request: Request,
    desk: Desk,
    vehicle_id: str,
    refused: EnrollmentError | Refusal | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    """A vehicle's page, after an act with what came of it."""
    office = office_of(desk)
    car = needed_vehicle(office, vehicle_id)
    desk.looks.record(request.state.session, f"vehicle:{vehicle_id}")
    told = refused if isinstance(refused, Refusal) or refused is None else Refusal(refused)
    stale = told is not None and told.fault.code == "register.changed_meanwhile"
    conflict = stale and typed is not None
    home = office.register.rights.of_home(HouseholdCode.parse(car.household))
    language, notice = request.state.language, request.query_params.get("notice", "")
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
        409 if stale else 422 if refused else 200,
        car=car,
        household=household_address(office, car.household),
        entered=entered,
        typed=typed or entered,
        conflict=conflict,
        fault=None if conflict else said(told, language),
        right=right_facts(desk, language, Right(car.lanes, car.hours), home, told),
        block=block_facts(desk, language, car, told),
        notice=notice if notice in NOTICES and not refused else "",
        zone=desk.zone,
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
