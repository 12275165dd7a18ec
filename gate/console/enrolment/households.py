"""Finding a household as one types, and entering people and vehicles there."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from enrollment.errors import EnrollmentError, EntryRefused, NotEnrolled
from enrollment.finding import LONGEST_WORDS, Found
from enrollment.form import PersonForm, Standing, VehicleForm, VehicleType
from enrollment.household import HouseholdCode
from enrollment.household_note import LONGEST_NOTE
from enrollment.households import MOST_PLACES
from gate.console.access import TOKEN_HEADER
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.enrolment.office import (
    HouseholdId,
    TheOffice,
    Typed,
    child_until,
    household_code,
    office_of,
    see,
)
from gate.console.enrolment.right_form import Refusal, right_facts, said
from gate.console.enrolment.steps import Step, address_of, next_step
from gate.console.pages import page
from gate.texts import explain
from models.sighting import PlateColour

router = APIRouter()
FIELDS = frozenset({"person", "vehicle"})
"""What is typed in next once something was entered, as the page's address says."""


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
        known, begun = office.finder.id_of(home), False
        if known is None and not name.strip():
            return _front(request, session.csrf, code=str(home), begin=True)
        if known is None:
            office.register.enrol(PersonForm.of(name, str(home)), session.account)
            known, begun = office.finder.id_of(home), True
    except EntryRefused as refused:
        fault = explain(refused, request.state.language)
        return _front(request, session.csrf, 422, code=code, begin=bool(name), name=name, fault=fault)
    return see(f"/enrolment/households/{known}{'?then=person' if begun else ''}")


@router.get("/enrolment/households/{household_id}")
def household_page(request: Request, desk: TheDesk, _office: TheOffice, household_id: HouseholdId) -> Response:
    """Who and what is entered at a household, and what is left to do; looking is recorded."""
    return household_view(request, desk, household_id)


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
        ends = child_until(born, desk)
        form = PersonForm.of(
            name, household_code(office, household_id), phone=phone, minor_until=ends, notes=notes, standing=standing
        )
        office.register.enrol(form, session.account)
    except EntryRefused as refused:
        return household_view(request, desk, household_id, refused, person=typed)
    return see(f"/enrolment/households/{household_id}?then=person")


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
    owner: Typed = "",
    notes: Typed = "",
) -> Response:
    """Enter a vehicle."""
    try:
        form = VehicleForm.of(
            plate, household_code(office, household_id), colour, type=type, owner=owner or None, notes=notes
        )
        office.register.enter_vehicle(form, session.account)
    except (EntryRefused, NotEnrolled) as refused:
        typed = {"plate": plate, "notes": notes, "colour": colour, "type": type, "owner": owner}
        return household_view(request, desk, household_id, refused, vehicle=typed)
    return see(f"/enrolment/households/{household_id}?then=vehicle")


@router.post("/enrolment/households/{household_id}/places")
def set_places(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    household_id: HouseholdId,
    places: Typed = "",
    version: Annotated[int, Form(ge=1)] = 1,
) -> Response:
    """Set how many of its cars may be inside at a time; empty is as for every household."""
    household_code(office, household_id)
    try:
        office.register.households.set_places(household_id, _places(places), session.account, version)
    except EntryRefused as refused:
        return household_view(request, desk, household_id, refused)
    return see(f"/enrolment/households/{household_id}#places-title")


@router.post("/enrolment/households/{household_id}/note")
def set_note(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    household_id: HouseholdId,
    note: Annotated[str, Form(max_length=20 * LONGEST_NOTE)] = "",
    version: Annotated[int, Form(ge=1)] = 1,
) -> Response:
    """Note something about the whole household, in place of what was noted before."""
    household_code(office, household_id)
    try:
        office.register.households.set_note(household_id, note, session.account, version)
    except EntryRefused as refused:
        return household_view(request, desk, household_id, Refusal(refused, note=note))
    return see(f"/enrolment/households/{household_id}#note-title")


def _places(typed: str) -> int | None:
    if not typed.strip():
        return None
    if not typed.strip().isdecimal():
        raise EntryRefused("register.bad_places", most=MOST_PLACES)
    return int(typed)


def household_view(
    request: Request,
    desk: Desk,
    household_id: str,
    refused: EnrollmentError | Refusal | None = None,
    *,
    person: dict[str, str] | None = None,
    vehicle: dict[str, str] | None = None,
) -> Response:
    """A household's page, after an act with what came of it."""
    office = office_of(desk)
    code = household_code(office, household_id)
    desk.looks.record(request.state.session, f"household:{household_id}")
    people = office.register.residents(household_id)
    cars = office.register.vehicles(household_id)
    steps = {one.id: next_step(desk, office, one) for one in people}
    then, language = request.query_params.get("then", ""), request.state.language
    told = refused if isinstance(refused, Refusal) or refused is None else Refusal(refused)
    right, version = office.register.rights.of_household(household_id)
    note = office.register.households.note(household_id).words or ""
    noted = told is not None and told.note is not None
    return page(
        request,
        "household.html",
        409 if told and told.conflict else 422 if refused else 200,
        code=code,
        household_id=household_id,
        people=people,
        vehicles=cars,
        credentials={one.id: office.register.credentials.of(one.id) for one in people},
        steps=steps,
        places={one.id: address_of(steps[one.id], one) for one in people},
        first=next((one.id for one in people if steps[one.id] is not Step.DONE), None),
        then="person" if person else "vehicle" if vehicle else "note" if noted else then if then in FIELDS else "",
        fault=said(told, language),
        right=right_facts(desk, language, right, None, told),
        version=version,
        right_given=request.query_params.get("notice") == "right_given" and not refused,
        now=desk.wall(),
        person=person or {"name": "", "phone": "", "born": "", "notes": ""},
        vehicle=vehicle or {"plate": "", "notes": "", "colour": "unknown", "type": "car", "owner": ""},
        names={one.id: one.name for one in people},
        colours=list(PlateColour),
        types=list(VehicleType),
        standings=list(Standing),
        note=note,
        note_typed=told.note if told and noted else note,
        note_conflict=told is not None and noted and told.conflict,
        longest_note=LONGEST_NOTE,
        parking=office.register.households.places(household_id),
        most_places=MOST_PLACES,
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
