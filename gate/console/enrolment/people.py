"""A person's page: what is known, edited and moved, when they move out, what they may come in by."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from enrollment.consent import Purpose
from enrollment.credential import CredentialKind, Issued
from enrollment.entry import Resident
from enrollment.errors import EnrollmentError, EntryRefused, NotEnrolled
from enrollment.form import PersonForm, Standing
from enrollment.household import HouseholdCode
from enrollment.rights import Right
from gate.console.desk import Desk, Office, SignedIn, TheDesk
from gate.console.enrolment.office import (
    ID,
    ResidentId,
    TheOffice,
    Typed,
    a_day,
    child_until,
    household_address,
    needed_person,
    office_of,
    see,
)
from gate.console.enrolment.right_form import Refusal, block_facts, right_facts, said
from gate.console.pages import page

router = APIRouter()
NOTICES = frozenset({"same", "saved", "moved_out", "stays", "taken", "right_given", "blocked", "unblocked"})
"""What a page's address may ask to be told, under `enrolment_notice.<name>`."""


@router.get("/enrolment/people/{resident_id}")
def person_page(request: Request, desk: TheDesk, _office: TheOffice, resident_id: ResidentId) -> Response:
    """Everything about a person but their face; looking is recorded."""
    return person_view(request, desk, resident_id)


@router.post("/enrolment/people/{resident_id}/edit")
def edit_person(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    resident_id: ResidentId,
    name: Typed = "",
    household: Typed = "",
    phone: Typed = "",
    standing: Standing = Form(default=Standing.FAMILY),
    born: Typed = "",
    notes: Typed = "",
    version: int = Form(default=0, ge=0, le=10**9),
) -> Response:
    """Correct what is entered, or move the person to another household.

    Where somebody else was faster, both are shown: what stands there now, and what was typed, to be sent again.
    """
    person = needed_person(office, resident_id)
    typed = {"name": name, "household": household, "phone": phone, "standing": standing, "notes": notes, "born": born}
    try:
        ends = child_until(born, desk) if born else person.minor_until
        form = PersonForm.of(
            name,
            household,
            person.lanes,
            phone=phone,
            minor_until=ends,
            notes=notes,
            term=person.term,
            standing=standing,
            hours=person.hours,
        )
        office.register.edit_person(resident_id, form, session.account, version)
    except EntryRefused as refused:
        return person_view(request, desk, resident_id, refused, typed=typed)
    return see(f"/enrolment/people/{resident_id}?notice=saved")


@router.post("/enrolment/people/{resident_id}/stays/{tenancy_id}")
def end_stay(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    resident_id: ResidentId,
    tenancy_id: Annotated[str, ID],
    last_day: Typed = "",
    version: int = Form(default=0, ge=0, le=10**9),
) -> Response:
    """Set the last day of a stay, whose rights end with it; without a day the stay goes on again."""
    needed_person(office, resident_id)
    if tenancy_id not in {stay.id for stay in office.register.tenancies.of(resident_id)}:
        return person_view(request, desk, resident_id, NotEnrolled("register.no_tenancy"))
    try:
        ends = datetime.combine(a_day(last_day), time.max, desk.zone) if last_day else None
        office.register.tenancies.end(tenancy_id, ends, session.account, version)
    except (EntryRefused, NotEnrolled) as refused:
        return person_view(request, desk, resident_id, refused)
    return see(f"/enrolment/people/{resident_id}?notice={'moved_out' if ends else 'stays'}")


@router.post("/enrolment/people/{resident_id}/credentials")
def give_credential(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    resident_id: ResidentId,
    kind: CredentialKind = Form(default=CredentialKind.CARD),
    number: Typed = "",
) -> Response:
    """Give somebody a card by its number, a PIN that is shown this once, or a QR code for their own phone."""
    person = needed_person(office, resident_id)
    drawn = number if kind == CredentialKind.CARD else None
    try:
        issued = office.register.credentials.give(person.id, kind, session.account, drawn)
    except (EntryRefused, NotEnrolled) as refused:
        return person_view(request, desk, resident_id, refused)
    if kind == CredentialKind.CARD:
        return see(household_address(office, person.household))
    return person_view(request, desk, resident_id, issued=issued)


@router.post("/enrolment/people/{resident_id}/credentials/{credential_id}")
def take_credential(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    resident_id: ResidentId,
    credential_id: Annotated[str, ID],
) -> Response:
    """Take a card, PIN or QR code back: it opens nothing from now on."""
    needed_person(office, resident_id)
    if credential_id not in {held.id for held in office.register.credentials.of(resident_id)}:
        return person_view(request, desk, resident_id, NotEnrolled("credential.none"))
    office.register.credentials.take_back(credential_id, session.account)
    return see(f"/enrolment/people/{resident_id}?notice=taken")


def person_view(
    request: Request,
    desk: Desk,
    resident_id: str,
    refused: EnrollmentError | Refusal | None = None,
    *,
    typed: dict[str, Any] | None = None,
    issued: Issued | None = None,
    withdrawn: Purpose | None = None,
) -> Response:
    """A person's page, after an act with what came of it."""
    office = office_of(desk)
    person = needed_person(office, resident_id)
    desk.looks.record(request.state.session, f"resident:{resident_id}")
    told = refused if isinstance(refused, Refusal) or refused is None else Refusal(refused)
    stale = told is not None and told.fault.code == "register.changed_meanwhile"
    conflict = stale and typed is not None
    home = office.register.rights.of_home(HouseholdCode.parse(person.household))
    language = request.state.language
    notice = request.query_params.get("notice", "")
    return page(
        request,
        "person.html",
        409 if stale else 422 if refused else 200,
        person=person,
        household=household_address(office, person.household),
        entered=_entered(office, person),
        typed=typed or _entered(office, person),
        conflict=conflict,
        fault=None if conflict else said(told, language),
        right=right_facts(desk, language, Right(person.lanes, person.hours), home, told),
        block=block_facts(desk, language, person, told),
        stays=office.register.tenancies.of(resident_id),
        consents=office.register.consents.of(resident_id),
        credentials=office.register.credentials.of(resident_id),
        kept=bool(office.register.reembedding.photos(resident_id)),
        cars=office.register.vehicles_of(resident_id),
        cameras=office.photos is not None,
        issued=issued,
        withdrawn=withdrawn,
        notice=notice if notice in NOTICES and not refused else "",
        standings=list(Standing),
        purposes=list(Purpose),
        now=desk.wall(),
        zone=desk.zone,
    )


def _entered(office: Office, person: Resident) -> dict[str, Any]:
    """What stands in the register, in the fields of the form."""
    stays = [stay for stay in office.register.tenancies.of(person.id) if stay.household == person.household]
    told = asdict(person)
    fields = {name: told[name] or "" for name in ("name", "household", "phone", "notes")}
    return {**fields, "standing": stays[-1].standing if stays else Standing.FAMILY, "born": ""}
