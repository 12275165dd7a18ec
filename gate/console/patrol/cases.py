"""One case of a badly parked car: what is known, what the household answered, and how it ends."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.accounts import Role
from enrollment.errors import EnrollmentError, EntryRefused, NotEnrolled
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.console.patrol.desk import ACTS, SEES_HOMES, CaseId, PatrolDesk, ThePatrol
from gate.console.patrol.pages import OVER, ask_household
from gate.console.sessions import Session
from gate.patrol.case import BY_HAND, LONGEST_WORDS, Case, Why
from gate.texts import explain

router = APIRouter()
DONE = frozenset({"opened", "asked", "closed", "reopened"})
UNASKED = frozenset(
    {
        OVER,
        "nobody_reached",
        "nobody_to_ask",
        "no_host",
        "no_household",
        "car_often",
        "car_asked",
        "place_long",
        "none",
        "nobody",
    }
)
"""Why a household was not asked; each has its words under `patrol_unasked.<name>`, which name no household."""


@router.get("/patrol/cases/{case_id}")
def case_page(
    request: Request, desk: TheDesk, patrol: ThePatrol, session: SignedIn, case_id: CaseId, done: str = ""
) -> Response:
    """A case; looking is recorded."""
    patrol.cases.settle()
    case = _needed(patrol, session, case_id)
    unasked = done if done in UNASKED else ""
    return _case(request, desk, session, case, done=done if done in DONE else "", unasked=unasked)


@router.get("/patrol/cases/{case_id}/crop.jpg")
def case_crop(desk: TheDesk, patrol: ThePatrol, session: SignedIn, case_id: CaseId) -> Response:
    """The plate as photographed; looking is recorded. None any more once the day's pictures are gone."""
    case = _needed(patrol, session, case_id)
    if case.snapshot is None:
        raise RequestRefused("console.not_found", 404)
    desk.looks.record(session, f"snapshot:{case.snapshot}")
    jpeg = patrol.cases.crop(case)
    if jpeg is None:
        raise RequestRefused("console.not_found", 404)
    return Response(jpeg, media_type="image/jpeg")


@router.post("/patrol/cases/{case_id}/ask")
def ask(patrol: ThePatrol, session: SignedIn, case_id: CaseId) -> Response:
    """Ask the household, or ask it once more."""
    _needed(patrol, session, case_id)
    return _see(case_id, ask_household(patrol, session, case_id))


@router.post("/patrol/cases/{case_id}/moved")
def tick(request: Request, desk: TheDesk, patrol: ThePatrol, session: SignedIn, case_id: CaseId) -> Response:
    """The household has answered, and the car is gone from there."""
    return _closed(request, desk, patrol, session, case_id, Why.MOVED, "")


@router.post("/patrol/cases/{case_id}/close")
def close(
    request: Request,
    desk: TheDesk,
    patrol: ThePatrol,
    session: SignedIn,
    case_id: CaseId,
    why: Annotated[Why, Form()] = Why.OTHER,
    words: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Close by hand with a reason."""
    if why not in BY_HAND:
        raise RequestRefused("console.bad_request", 422)
    return _closed(request, desk, patrol, session, case_id, why, words)


@router.post("/patrol/cases/{case_id}/reopen")
def reopen(request: Request, desk: TheDesk, patrol: ThePatrol, session: SignedIn, case_id: CaseId) -> Response:
    """It stands there again, or still."""
    case = _needed(patrol, session, case_id)
    try:
        patrol.cases.reopen(case_id, session.account)
    except EntryRefused as refused:
        return _case(request, desk, session, case, fault=refused)
    return _see(case_id, "reopened")


def _closed(
    request: Request, desk: Desk, patrol: PatrolDesk, session: Session, case_id: str, why: Why, words: str
) -> Response:
    case = _needed(patrol, session, case_id)
    try:
        patrol.cases.close(case_id, why, words, session.account)
    except EntryRefused as refused:
        return _case(request, desk, session, case, fault=refused, typed=words, why=why)
    return _see(case_id, "closed")


def _case(
    request: Request,
    desk: Desk,
    session: Session,
    case: Case,
    *,
    done: str = "",
    unasked: str = "",
    fault: EnrollmentError | None = None,
    typed: str = "",
    why: Why | None = None,
) -> Response:
    desk.looks.record(session, f"patrol:{case.id}")
    return page(
        request,
        "patrol_case.html",
        422 if fault else 200,
        case=case,
        asking=case.notice is not None and case.notice.open(desk.wall()),
        acts=session.role in ACTS,
        homes=session.role in SEES_HOMES,
        reasons=BY_HAND,
        longest=LONGEST_WORDS,
        typed=typed,
        why=why,
        done=done,
        unasked=unasked,
        fault=explain(fault, request.state.language) if fault else None,
        zone=desk.zone,
    )


def _needed(patrol: PatrolDesk, session: Session, case_id: str) -> Case:
    """The case, where this role may see it: a volunteer sees the open ones and the own. Raises `RequestRefused`."""
    try:
        case = patrol.cases.needed(case_id)
    except NotEnrolled as none:
        raise RequestRefused("patrol.none", 404, id=case_id) from none
    if session.role is Role.PATROL and not case.open and case.opened_by != session.account:
        raise RequestRefused("patrol.none", 404, id=case_id)
    return case


def _see(case_id: str, done: str) -> RedirectResponse:
    return RedirectResponse(f"/patrol/cases/{case_id}?done={done}", 303)
