"""Erasing a person or vehicle, and the certificate of it, to be printed and handed over."""

from __future__ import annotations

import base64

from fastapi import APIRouter, Form, Request, Response

from enrollment.entry import Entry, Resident
from enrollment.errors import EntryRefused, NotEnrolled
from gate.console.desk import Desk, Office, SignedIn, TheDesk
from gate.console.enrolment.office import SubjectId, TheOffice, Typed, household_address, office_of
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.texts import explain

router = APIRouter()


@router.get("/enrolment/erase/{subject_id}")
def erase_page(request: Request, desk: TheDesk, _office: TheOffice, subject_id: SubjectId) -> Response:
    """What will go, and that it cannot be brought back."""
    return _asking(request, desk, subject_id)


@router.post("/enrolment/erase/{subject_id}")
def erase(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    subject_id: SubjectId,
    version: int = Form(default=0, ge=0, le=10**9),
    sure: Typed = "",
) -> Response:
    """Erase, and show the certificate: it is kept nowhere else, for it would say that there was somebody."""
    entry = _needed(office, subject_id)
    if sure != "yes":
        return _asking(request, desk, subject_id, EntryRefused("console.erase.sure_needed"))
    home = household_address(office, entry.household)
    if office.erase is None:
        raise RequestRefused("console.not_found", 404)
    try:
        proof = office.erase(subject_id, session.account, version)
    except (EntryRefused, NotEnrolled) as refused:
        return _asking(request, desk, subject_id, refused)
    return page(
        request,
        "certificate.html",
        proof=proof,
        told=proof.as_text(desk.watch.compound, request.state.language),
        file=base64.b64encode(proof.as_json().encode()).decode(),
        household=home,
    )


def _asking(
    request: Request, desk: Desk, subject_id: str, refused: EntryRefused | NotEnrolled | None = None
) -> Response:
    office = office_of(desk)
    entry = _needed(office, subject_id)
    desk.looks.record(request.state.session, f"subject:{subject_id}")
    return page(
        request,
        "erase.html",
        422 if refused else 200,
        entry=entry,
        who=entry.name if isinstance(entry, Resident) else entry.plate,
        household=household_address(office, entry.household),
        fault=explain(refused, request.state.language) if refused else None,
    )


def _needed(office: Office, subject_id: str) -> Entry:
    entry = office.register.find(subject_id)
    if entry is None:
        raise RequestRefused("console.no_such_person", 404)
    return entry
