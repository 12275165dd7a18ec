"""What waits for the guard, with everything to decide it by; and the answer."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from gate.console.access import OPENERS
from gate.console.calls import QuestionId, calls_wire, close_calls
from gate.console.desk import Desk, InLanguage, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.looks import LIVE
from gate.console.opening import LONGEST_REASON, OpenReason, Order, RefuseReason, spoken_reason
from gate.console.question import RANG, Question
from gate.console.sessions import Session
from gate.console.standing import standing_wire
from gate.console.watch import MeantView
from gate.console.wire import moment
from gate.texts import Language, t
from models.errors import Fault

router = APIRouter()


class Answer(BaseModel):
    """The body of an answer; `request_id` is the browser's own, the same when it asks again."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["open", "refuse"]
    choice: str = Field(max_length=20)
    words: str = Field(default="", max_length=LONGEST_REASON)
    request_id: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")


@router.get("/questions")
def questions(desk: TheDesk, session: SignedIn, language: InLanguage) -> JSONResponse:
    """Everything that waits now, with whom it may be; looking is recorded."""
    desk.looks.record(session, LIVE)
    return JSONResponse({"questions": questions_wire(desk, session, language)})


@router.post("/questions/{question_id}/answer")
def answer(
    question_id: QuestionId, given: Answer, desk: TheDesk, session: SignedIn, language: InLanguage
) -> JSONResponse:
    """Open for whoever waits, or let them not in; once for each `request_id`, and only while it waits."""
    opens = given.verdict == "open"
    try:
        choice = OpenReason(given.choice) if opens else RefuseReason(given.choice)
    except ValueError as unknown:
        raise RequestRefused("console.bad_request", 422) from unknown
    reason = spoken_reason(choice, given.words)
    order = Order("", session.account, reason, given.request_id, question_id, opens, session.username)
    asked = desk.questions.find(question_id)
    outcome = desk.openings.give(order)
    if asked is not None:
        close_calls(desk, asked.lane_id, session.account)
    said = t("console.answered_open" if opens else "console.answered_refuse", language)
    return JSONResponse({"barrier": outcome.barrier_state, "repeated": outcome.repeated, "message": said})


@router.get("/questions/{question_id}/photo.jpg")
def photo(question_id: QuestionId, desk: TheDesk, session: SignedIn) -> Response:
    """The kept photo of who or what it may be that waits, to compare; looking is recorded. No other photo is given."""
    asked = desk.questions.find(question_id)
    meant = desk.watch.meant(question_id) if asked else None
    jpeg = _photo(desk, meant) if meant else None
    if meant is None or jpeg is None:
        raise RequestRefused("console.no_photo", 404)
    desk.looks.record(session, f"photo:{meant.id}" if meant.kind == "resident" else f"vehicle:{meant.id}")
    return Response(jpeg, media_type="image/jpeg")


@router.get("/standing")
def standing(desk: TheDesk, language: InLanguage) -> JSONResponse:
    """Whether cameras, barriers, the disk and the record work, in words."""
    return JSONResponse({"standing": standing_wire(desk.watch, language)})


def questions_wire(desk: Desk, session: Session, language: Language) -> list[dict[str, Any]]:
    """What waits as the page shows it. Without the database it comes without whom it may be."""
    compares, waiting = session.role in OPENERS.roles, desk.questions.waiting()
    calls = calls_wire(desk, waiting)
    return [
        {**_question_wire(desk, asked, language, compares=compares), "calls": calls.get(asked.id, [])}
        for asked in waiting
    ]


def _question_wire(desk: Desk, asked: Question, language: Language, *, compares: bool) -> dict[str, Any]:
    try:
        meant = None if asked.reason == RANG else desk.watch.meant(asked.id)
        pictured = meant is not None and compares and _has_photo(desk, meant)
    except Fault:
        meant, pictured = None, False
    whom = {"label": meant.label, "household": meant.household, "kind": meant.kind, "read": meant.read} if meant else {}
    return {
        "id": asked.id,
        "lane_id": asked.lane_id,
        "lane_name": asked.lane_name,
        "until": asked.until.isoformat(),
        "reason": asked.reason,
        "label": asked.label,
        "score": asked.score,
        "snapshots": list(asked.snapshots),
        "rang": asked.rang,
        "meant": {**whom, "photo": pictured} if meant else None,
        **moment(asked.at, desk.zone, language),
    }


def _has_photo(desk: Desk, meant: MeantView) -> bool:
    """Whether there is one, which is asked at every look and needs nothing decrypted."""
    if desk.office is None:
        return False
    register = desk.office.register
    return (
        register.vehicle_photos.has(meant.id) if meant.kind == "vehicle" else register.reembedding.has_photo(meant.id)
    )


def _photo(desk: Desk, meant: MeantView) -> bytes | None:
    """The newest kept face, or the vehicle's photo; what may not be kept is not there."""
    if desk.office is None:
        return None
    if meant.kind == "vehicle":
        return desk.office.register.vehicle_photos.of(meant.id)
    faces = desk.office.register.reembedding.photos(meant.id)
    return faces[-1] if faces else None
