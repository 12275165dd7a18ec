"""Finding a household as one types, and entering people, vehicles and cards there."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from enrollment.credential import CredentialKind, Issued
from enrollment.entry import Resident, Vehicle
from enrollment.errors import EnrollmentError, EntryRefused, NotEnrolled
from enrollment.finding import LONGEST_WORDS, Found
from enrollment.form import PersonForm, Standing, VehicleForm, VehicleType, minor_until
from enrollment.household import HouseholdCode
from gate.console.access import TOKEN_HEADER
from gate.console.desk import Desk, Office, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.texts import explain
from models.sighting import PlateColour

router = APIRouter()
Typed = Annotated[str, Form(max_length=200)]
HouseholdId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,32}$")]


def office_of(desk: TheDesk) -> Office:
    """The register. Raises `RequestRefused` where there is none."""
    if desk.office is None:
        raise RequestRefused("console.not_found", 404)
    return desk.office


TheOffice = Annotated[Office, Depends(office_of)]


class Search(BaseModel):
    """What is typed so far. It comes in the body: a name or a plate is in no address."""

    model_config = ConfigDict(extra="forbid")

    words: str = Field(max_length=LONGEST_WORDS)


@router.get("/enrolment")
def enrolment_page(request: Request, session: SignedIn, _office: TheOffice) -> Response:
    """The page to find a household on, or to begin one."""
    return _front(request, session.csrf)


@router.post("/enrolment/find")
def find(search: Search, office: TheOffice) -> JSONResponse:
    """The households that fit, with what tells them apart: whole names and plates stand on the household's own page."""
    return JSONResponse({"found": [_told(found) for found in office.finder.find(search.words)]})


@router.post("/enrolment/households")
def open_household(
    request: Request, session: SignedIn, office: TheOffice, code: Typed = "", name: Typed = ""
) -> Response:
    """Go to a household by its code; one where nobody was entered yet begins with its first person."""
    try:
        home = HouseholdCode.parse(code)
        known = office.finder.id_of(home)
        if known is None and not name.strip():
            return _front(request, session.csrf, code=str(home), begin=True)
        if known is None:
            office.register.enrol(PersonForm.of(name, str(home)), session.account)
            known = office.finder.id_of(home)
    except EntryRefused as refused:
        fault = explain(refused, request.state.language)
        return _front(request, session.csrf, 422, code=code, begin=bool(name), name=name, fault=fault)
    return RedirectResponse(f"/enrolment/households/{known}", 303)


@router.get("/enrolment/households/{household_id}")
def household_page(request: Request, desk: TheDesk, _office: TheOffice, household_id: HouseholdId) -> Response:
    """Who and what is entered at a household; looking is recorded."""
    return _household(request, desk, household_id)


@router.post("/enrolment/households/{household_id}/people")
def add_person(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    household_id: HouseholdId,
    name: Typed = "",
    phone: Typed = "",
    standing: Standing = Form(default=Standing.FAMILY),
    born: Typed = "",
    notes: Typed = "",
) -> Response:
    """Enter a person without a face; of a child's birthday only the end of being one is kept."""
    typed = {"name": name, "phone": phone, "born": born, "notes": notes}
    try:
        ends = _child_until(born, desk)
        form = PersonForm.of(
            name, _code(office, household_id), phone=phone, minor_until=ends, notes=notes, standing=standing
        )
        office.register.enrol(form, session.account)
    except EntryRefused as refused:
        return _household(request, desk, household_id, refused, person=typed)
    return _back(household_id)


@router.post("/enrolment/households/{household_id}/vehicles")
def add_vehicle(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    household_id: HouseholdId,
    plate: Typed = "",
    colour: PlateColour = Form(default=PlateColour.UNKNOWN),
    type: VehicleType = Form(default=VehicleType.CAR),  # noqa: A002
    notes: Typed = "",
) -> Response:
    """Enter a vehicle."""
    try:
        form = VehicleForm.of(plate, _code(office, household_id), colour, type=type, notes=notes)
        office.register.enter_vehicle(form, session.account)
    except EntryRefused as refused:
        typed = {"plate": plate, "notes": notes}
        return _household(request, desk, household_id, refused, vehicle=typed)
    return _back(household_id)


@router.post("/enrolment/households/{household_id}/credentials")
def give_credential(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    household_id: HouseholdId,
    resident: Typed = "",
    kind: CredentialKind = Form(default=CredentialKind.CARD),
    number: Typed = "",
) -> Response:
    """Give somebody of the household a card by its number, or a PIN that is shown this once."""
    code, person = _code(office, household_id), office.register.find(resident)
    if not isinstance(person, Resident) or person.household != code or kind == CredentialKind.QR:
        return _household(request, desk, household_id, NotEnrolled("register.nobody"))
    drawn = number if kind == CredentialKind.CARD else None
    try:
        issued = office.register.credentials.give(person.id, kind, session.account, drawn)
    except (EntryRefused, NotEnrolled) as refused:
        return _household(request, desk, household_id, refused)
    if issued.pin is None:
        return _back(household_id)
    return _household(request, desk, household_id, issued=issued)


def _household(
    request: Request,
    desk: Desk,
    household_id: str,
    refused: EnrollmentError | None = None,
    *,
    person: dict[str, str] | None = None,
    vehicle: dict[str, str] | None = None,
    issued: Issued | None = None,
) -> Response:
    office = office_of(desk)
    code = _code(office, household_id)
    desk.looks.record(request.state.session, f"household:{household_id}")
    people = [one for one in office.register.residents() if one.household == code]
    cars: list[Vehicle] = [one for one in office.register.vehicles() if one.household == code]
    return page(
        request,
        "household.html",
        422 if refused else 200,
        code=code,
        household_id=household_id,
        people=people,
        vehicles=cars,
        credentials={one.id: office.register.credentials.of(one.id) for one in people},
        fault=explain(refused, request.state.language) if refused else None,
        person=person or {"name": "", "phone": "", "born": "", "notes": ""},
        vehicle=vehicle or {"plate": "", "notes": ""},
        issued=issued,
        names={one.id: one.name for one in people},
        colours=list(PlateColour),
        types=list(VehicleType),
        standings=list(Standing),
    )


def _front(request: Request, csrf: str, status: int = 200, **typed: Any) -> Response:
    facts = {"code": "", "name": "", "begin": False, "fault": None, **typed}
    return page(request, "enrolment.html", status, data={"csrf": csrf, "csrf_header": TOKEN_HEADER}, **facts)


def _told(found: Found) -> dict[str, Any]:
    return {
        "id": found.id,
        "code": found.code,
        "names": [f"{name[0]}*" for name in found.names],
        "plates": [f"{plate[:2]}···{plate[-2:]}" for plate in found.plates],
    }


def _code(office: Office, household_id: str) -> str:
    code = office.finder.household(household_id)
    if code is None:
        raise RequestRefused("console.no_such_household", 404)
    return code


def _child_until(born: str, desk: Desk) -> date | None:
    """The fourteenth birthday of whoever has not had it yet. Raises `EntryRefused`."""
    if not born:
        return None
    try:
        day = date.fromisoformat(born)
        ends = minor_until(day)
    except ValueError as wrong:
        raise EntryRefused("register.birthday") from wrong
    today = desk.wall().astimezone(desk.zone).date()
    if day > today:
        raise EntryRefused("register.birthday")
    return ends if ends > today else None


def _back(household_id: str) -> Response:
    return RedirectResponse(f"/enrolment/households/{household_id}", 303)
