"""A call to a household about whoever waits: the room is named, its phones ask, the answer is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.household import HouseholdCode
from enrollment.notice import Notice
from gate.console.desk import Desk, InLanguage, Office, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.lobby import Lobby, TheLobby
from gate.console.question import Question
from gate.texts import t
from models.errors import Fault

AFTER = timedelta(minutes=1)
"""So long after a call is over its question still waits: the guard has to read the answer and decide."""

QuestionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

router = APIRouter()


class Typed(BaseModel):
    """What was typed of a household's code."""

    model_config = ConfigDict(extra="forbid")

    words: str = Field(max_length=30)


class Call(BaseModel):
    """Whom to call: the household's code."""

    model_config = ConfigDict(extra="forbid")

    household: str = Field(max_length=30)


@router.post("/questions/rooms")
def rooms(typed: Typed, desk: TheDesk) -> JSONResponse:
    """The rooms whose code begins with what was typed, and nothing about who lives there."""
    return JSONResponse({"rooms": _office(desk).finder.rooms(typed.words)})


@router.post("/questions/{question_id}/call")
def call(
    question_id: QuestionId, given: Call, desk: TheDesk, lobby: TheLobby, session: SignedIn, language: InLanguage
) -> JSONResponse:
    """Send a household's phones the question whether it expects whoever waits."""
    asked = desk.questions.find(question_id)
    if asked is None:
        raise RequestRefused("console.question_over", 409)
    try:
        code = HouseholdCode.parse(given.household)
        household = _office(desk).finder.id_of(code)
        if household is None:
            raise RequestRefused("console.no_such_room", 404, room=str(code))
        sent = lobby.notices.call(household, asked.lane_id, session.account)
    except (EntryRefused, NotEnrolled) as refused:
        raise RequestRefused(refused.code, 422, **refused.facts) from refused
    desk.questions.called(question_id, sent.id, sent.over_at + AFTER)
    desk.watch.feed.publish("notice", asked.lane_id, desk.wall(), id=sent.id, answer=None)
    return JSONResponse({"message": t("console.called", language, room=str(code))})


def calls_wire(desk: Desk, questions: tuple[Question, ...]) -> Mapping[str, list[dict[str, Any]]]:
    """The calls about each question, by its id, oldest first; none while the database does not answer."""
    if desk.lobby is None or not questions:
        return {}
    try:
        calls = desk.lobby.notices.calls()
    except Fault:
        return {}
    about = {sent.id: desk.questions.called_about(sent.id) for sent in calls}

    def is_about(sent: Notice, asked: Question) -> bool:
        """A call from before a start: at which lane is known, about which question is not."""
        loose = about[sent.id] is None and sent.lane == asked.lane_id and sent.sent_at >= asked.at
        return loose or about[sent.id] == asked.id

    now = desk.wall()
    return {
        asked.id: [_call_wire(sent, now) for sent in reversed(calls) if is_about(sent, asked)] for asked in questions
    }


def close_calls(desk: Desk, lane_id: str, actor: str) -> None:
    """Ask nobody any more about who waits no more at a lane; a fault here must not hold up the gate."""
    if desk.lobby is None:
        return
    waiting = {asked.id for asked in desk.questions.waiting() if asked.lane_id == lane_id}
    try:
        for sent in desk.lobby.notices.calls():
            about = desk.questions.called_about(sent.id)
            over = about not in waiting if about else not waiting
            if sent.lane == lane_id and over and sent.open(desk.wall()):
                desk.lobby.notices.close(sent.id, actor)
    except Fault:
        return


def held_until(lobby: Lobby | None) -> Mapping[str, datetime]:
    """Until when questions wait for calls that the record still knows, by lane."""
    try:
        calls = lobby.notices.calls() if lobby else ()
    except Fault:
        return {}
    until: dict[str, datetime] = {}
    for sent in calls:
        if sent.lane:
            until[sent.lane] = max(sent.over_at + AFTER, until.get(sent.lane, sent.over_at))
    return until


def _call_wire(sent: Notice, now: datetime) -> dict[str, Any]:
    state = str(sent.answer) if sent.answer else "waiting" if sent.open(now) else "over"
    return {"household": sent.household, "state": state}


def _office(desk: Desk) -> Office:
    if desk.office is None:
        raise RequestRefused("console.not_found", 404)
    return desk.office
