"""What the gate asks of a household, and the household's answer with one press."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.notice import Answer, NoticeKind
from gate.console.desk import Desk, TheDesk
from gate.console.lobby import Caller, Calling, Lobby, TheLobby
from gate.console.pages import page
from gate.texts import Language, explain, t

router = APIRouter()
NoticeId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,32}$")]
DONE = frozenset(Answer)


@router.get("/me/notices")
def notices_page(request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling, done: str = "") -> Response:
    """The notices of the last day, what still asks for an answer on top."""
    return _notices(request, desk, lobby, caller, done=done if done in DONE else "")


@router.get("/me/notices/now")
def waiting_now(lobby: TheLobby, caller: Calling) -> JSONResponse:
    """The ids of what waits for an answer, for a page that lies open."""
    return JSONResponse({"waiting": lobby.notices.waiting(caller.resident.id)})


@router.post("/me/notices/{notice_id}/answer")
def answer_notice(
    request: Request,
    desk: TheDesk,
    lobby: TheLobby,
    caller: Calling,
    notice_id: NoticeId,
    answer: Annotated[Answer, Form()],
) -> Response:
    """Answer for the household. Nothing opens by it: the guard reads it and decides."""
    try:
        answered = lobby.notices.answer(notice_id, caller.resident.id, answer)
    except (EntryRefused, NotEnrolled) as refused:
        return _notices(request, desk, lobby, caller, fault=explain(refused, request.state.language))
    if answered.kind is NoticeKind.CALL:
        desk.watch.feed.publish("notice", answered.lane, desk.wall(), id=notice_id, answer=str(answer))
    return RedirectResponse(f"/me/notices?done={answer}", 303)


@router.post("/me/notices/{notice_id}/moved")
def say_moved(request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling, notice_id: NoticeId) -> Response:
    """The car is moved; the notice closes."""
    try:
        lobby.notices.moved(notice_id, caller.resident.id)
    except (EntryRefused, NotEnrolled) as refused:
        return _notices(request, desk, lobby, caller, fault=explain(refused, request.state.language))
    return RedirectResponse("/me/notices?done=moved", 303)


def watching(lobby: Lobby, caller: Caller, language: Language) -> dict[str, Any]:
    """What a page needs that tells of new notices while it lies open."""
    # The page fills the count in.
    texts = {"came": t("notice.came", language), "count": t("notice.count", language, count="{count}")}
    return {"waiting": lobby.notices.waiting(caller.resident.id), "texts": texts}


def _notices(
    request: Request, desk: Desk, lobby: Lobby, caller: Caller, *, done: str = "", fault: str | None = None
) -> Response:
    now = desk.wall()
    found = lobby.notices.of_resident(caller.resident.id)
    lanes = {lane.id: lane.name for lane in desk.watch.lanes()}
    return page(
        request,
        "me_notices.html",
        422 if fault else 200,
        asking=[one for one in found if one.open(now)],
        over=[one for one in found if not one.open(now)],
        lanes=lanes,
        done=done,
        fault=fault,
        zone=desk.zone,
        data=watching(lobby, caller, request.state.language),
    )
