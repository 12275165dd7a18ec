"""Asking for consent, each purpose by itself, and taking it back."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from enrollment.consent import ConsentForm, Guardian, Language, Means, Purpose, Signature, consent_text, declined_at
from enrollment.credential import CredentialKind
from enrollment.entry import Resident
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.signature import drawn, scanned
from gate.console.access import TOKEN_HEADER
from gate.console.desk import Desk, Office, SignedIn, TheDesk
from gate.console.enrolment.office import (
    ID,
    ResidentId,
    TheOffice,
    Typed,
    a_day,
    household_address,
    needed_person,
    refusal,
    today,
)
from gate.console.enrolment.people import person_view
from gate.console.enrolment.steps import onward
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.texts import t
from models.errors import PictureRefused

router = APIRouter()
LARGEST_SHEET = 12 * 1024 * 1024
"""Bytes of a consent with the photo of its sheet; what is kept of that has at most 2 MB."""

SPOKEN = ("lost", "scan_heavy")
"""What the page's script says by itself, under `consent_said.<name>`."""

SHOWN_INLINE = frozenset({"image/png", "image/jpeg"})


class Given(BaseModel):
    """What was agreed to and what declined, and how; what is in neither was not asked.

    `drawing` and `scan` are base64; `versions` are those of the texts shown.
    """

    model_config = ConfigDict(extra="forbid")

    agreed: list[Purpose] = Field(max_length=len(Purpose))
    declined: list[Purpose] = Field(default_factory=list, max_length=len(Purpose))
    versions: dict[Purpose, Annotated[int, Field(ge=1, le=10_000)]]
    language: Language
    means: Means
    keep_photo: bool = False
    signed_on: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    guardian: str = Field(default="", max_length=200)
    relation: str = Field(default="", max_length=200)
    drawing: str = ""
    scan: str = ""


@router.get("/enrolment/people/{resident_id}/consent")
def consent_page(
    request: Request, desk: TheDesk, session: SignedIn, office: TheOffice, resident_id: ResidentId
) -> Response:
    """Every text whole, with a tick for each that nobody has made yet."""
    person = needed_person(office, resident_id)
    desk.looks.record(session, f"resident:{resident_id}")
    texts = _texts(request.state.language)
    data = {
        "csrf": session.csrf,
        "csrf_header": TOKEN_HEADER,
        "address": f"/enrolment/people/{resident_id}/consent",
        "language": request.state.language,
        "versions": {one["purpose"]: one["version"] for one in texts},
        "largest": LARGEST_SHEET * 3 // 4 - 64 * 1024,
        "texts": {name: t(f"consent_said.{name}", request.state.language) for name in SPOKEN},
    }
    now, known = desk.wall(), office.register.consents.of(resident_id)
    return page(
        request,
        "consent.html",
        person=person,
        household=household_address(office, person.household),
        minor=_minor(desk, person),
        living={one.purpose for one in known if one.alive(now)},
        declined=declined_at(known, now),
        cars=[car.plate for car in office.register.vehicles_of(resident_id)],
        zone=desk.zone,
        texts=texts,
        today=today(desk),
        data=data,
    )


@router.get("/enrolment/people/{resident_id}/sheet")
def consent_sheet(
    request: Request, desk: TheDesk, session: SignedIn, office: TheOffice, resident_id: ResidentId
) -> Response:
    """The same texts on paper, to be ticked and signed by hand."""
    person = needed_person(office, resident_id)
    desk.looks.record(session, f"resident:{resident_id}")
    return page(
        request,
        "consent_sheet.html",
        person=person,
        minor=_minor(desk, person),
        texts=_texts(request.state.language),
    )


@router.post("/enrolment/people/{resident_id}/consent", max_body_size=LARGEST_SHEET)
def give_consent(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    resident_id: ResidentId,
    given: Given,
) -> JSONResponse:
    """Record what was agreed to and what declined, each purpose by itself; nothing where nothing was."""
    person = needed_person(office, resident_id)
    home = household_address(office, person.household)
    try:
        forms = _forms(desk, office, given)
        if forms:
            office.register.consents.give(resident_id, forms, session.account)
    except (EntryRefused, NotEnrolled, PictureRefused) as refused:
        return refusal(request, refused)
    if Purpose.FACE_ENTRY not in given.agreed and not person.templates:
        held = office.register.credentials.of(resident_id)
        return JSONResponse({"next": home if held else f"/enrolment/people/{resident_id}"})
    return JSONResponse({"next": onward(desk, office, resident_id, home)})


@router.post("/enrolment/people/{resident_id}/withdraw")
def withdraw(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    resident_id: ResidentId,
    purpose: Purpose = Form(default=Purpose.FACE_ENTRY),
    instead: Annotated[CredentialKind | None, Form()] = None,
    number: Typed = "",
) -> Response:
    """Take a consent back, and give another way in with it.

    Whoever withdraws the face and would be left without any gets a PIN, asked for or not.
    """
    needed_person(office, resident_id)
    if instead is None and purpose == Purpose.FACE_ENTRY and not office.register.credentials.of(resident_id):
        instead = CredentialKind.PIN
    try:
        ended = office.register.consents.withdraw(
            resident_id, purpose, session.account, instead, number if instead == CredentialKind.CARD else None
        )
    except (EntryRefused, NotEnrolled) as refused:
        return person_view(request, desk, resident_id, refused)
    return person_view(request, desk, resident_id, issued=ended.issued, withdrawn=purpose)


@router.get("/enrolment/people/{resident_id}/consents/{consent_id}/signature")
def signature(
    desk: TheDesk, session: SignedIn, office: TheOffice, resident_id: ResidentId, consent_id: Annotated[str, ID]
) -> Response:
    """What was signed with; looking is recorded. A PDF or a drawing in SVG is handed out as a file and never shown."""
    needed_person(office, resident_id)
    owned = consent_id in {one.id for one in office.register.consents.of(resident_id)}
    found = office.register.consents.signature(consent_id) if owned else None
    if found is None:
        raise RequestRefused("console.not_found", 404)
    desk.looks.record(session, f"signature:{consent_id}")
    media_type, data = found
    inline = "inline" if media_type in SHOWN_INLINE else "attachment"
    return Response(data, media_type=media_type, headers={"Content-Disposition": inline})


def _minor(desk: Desk, person: Resident) -> bool:
    return person.minor_until is not None and today(desk) < person.minor_until


def _texts(language: Language) -> list[dict[str, Any]]:
    """The newest text of each purpose, as a title and its lines: `item` for one of a list, `words` for another."""
    told = []
    for purpose in Purpose:
        text = consent_text(purpose, language)
        title, *lines = [line for line in text.text.splitlines() if line.strip()]
        parts = [("item", line[2:]) if line.startswith("- ") else ("words", line) for line in lines]
        told.append({"purpose": purpose, "version": text.version, "title": title.removeprefix("# "), "parts": parts})
    return told


def _forms(desk: Desk, office: Office, given: Given) -> list[ConsentForm]:
    """A consent for each purpose that was agreed to, and each that was declined.

    Raises `EntryRefused`, `PictureRefused`.
    """
    if not given.agreed and not given.declined:
        return []
    if set(given.agreed) & set(given.declined):
        raise EntryRefused("console.consent.both")
    if given.means is Means.PHONE:
        raise EntryRefused("console.consent.not_here")
    paper = given.means is Means.PAPER
    if paper and not given.signed_on:
        raise EntryRefused("console.consent.when")
    signed_at = datetime.combine(a_day(given.signed_on), time(), desk.zone) if paper else desk.wall()
    until = datetime.combine(a_day(given.until), time.max, desk.zone) if given.until else None
    guardian = Guardian(given.guardian, given.relation) if given.guardian or given.relation else None
    signed = _signed(office, given)
    agreed = [
        ConsentForm(
            purpose=purpose,
            means=given.means,
            signed_at=signed_at,
            language=given.language,
            version=given.versions.get(purpose),
            expires_at=until,
            signature=signed,
            guardian=guardian,
            keep_photo=given.keep_photo and purpose is Purpose.FACE_ENTRY,
        )
        for purpose in dict.fromkeys(given.agreed)
    ]
    return [*agreed, *(_declined(given, purpose, signed_at, guardian) for purpose in dict.fromkeys(given.declined))]


def _declined(given: Given, purpose: Purpose, asked_at: datetime, guardian: Guardian | None) -> ConsentForm:
    version = given.versions.get(purpose)
    return ConsentForm(purpose, given.means, asked_at, given.language, version, guardian=guardian, declined=True)


def _signed(office: Office, given: Given) -> Signature | None:
    encoded = given.scan if given.means is Means.PAPER else given.drawing
    if not encoded:
        return None
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise EntryRefused("console.consent.unreadable") from wrong
    with office.large:
        return scanned(data) if given.means is Means.PAPER else drawn(data)
