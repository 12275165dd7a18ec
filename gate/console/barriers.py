"""The page of the barriers: state, inputs and last commands of each, drawn live; and the orders to them."""

from __future__ import annotations

from datetime import tzinfo
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from gate.barrier.act import Command
from gate.barrier.compound import FOR_ALL
from gate.console.access import OPENERS, TOKEN_HEADER
from gate.console.barrier_watch import BarrierView, DoneView
from gate.console.desk import Desk, InLanguage, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.opening import LONGEST_REASON, SHORTEST_REASON, checked_words
from gate.console.pages import page
from gate.console.wording import local_time
from gate.texts import Language, catalogue, t

DANGEROUS = frozenset({Command.LOCKDOWN, Command.EMERGENCY, Command.ALL_CLEAR})
"""What a second confirmation is asked for, as for anything that is done to every barrier at once."""
_FOR_THE_BROWSER = (
    "barrier.",
    "barrier_state.",
    "barrier_input.",
    "barrier_kind.",
    "order_reason.",
    "open_reason.",
    "barrier_mode.",
    "barrier_reads.",
    "lock_command.",
    "console.barriers.",
    "console.live.not_sent",
)

router = APIRouter()


class OrderReason(StrEnum):
    """Why a guard orders a barrier about; each has its words under `order_reason.<code>`."""

    TRAFFIC = "traffic"
    MARKET = "market"
    MOVING = "moving"
    MAINTENANCE = "maintenance"
    SECURITY = "security"
    RESCUE = "rescue"
    DRILL = "drill"
    OTHER = "other"


class BarrierOrder(BaseModel):
    """The body of an order; `request_id` is the browser's own, the same when it asks again or confirms."""

    model_config = ConfigDict(extra="forbid")

    command: Command
    choice: OrderReason
    words: str = Field(default="", max_length=LONGEST_REASON)
    request_id: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
    confirmed: bool = False


@router.get("/barriers")
def barriers_page(request: Request, desk: TheDesk, session: SignedIn, language: InLanguage) -> Response:
    """The page with every barrier as it is now."""
    views = desk.watch.barriers()
    may_order = session.role in OPENERS.roles
    data = {
        "now": _wire(desk, language),
        "texts": _texts(language),
        "csrf": session.csrf,
        "csrf_header": TOKEN_HEADER,
    }
    return page(
        request,
        "barriers.html",
        barriers=views,
        data=data,
        may_order=may_order,
        commands={view.id: _commands(view) for view in views},
        command_code=_command_code,
        for_all=[command for command in Command if command in FOR_ALL],
        reasons=list(OrderReason),
        shortest_reason=SHORTEST_REASON,
        longest_reason=LONGEST_REASON,
    )


@router.get("/barriers/now")
def barriers_now(desk: TheDesk, language: InLanguage) -> JSONResponse:
    """Every barrier as it is now, for the page to draw."""
    return JSONResponse(_wire(desk, language))


@router.post("/barriers/{barrier_id}/order")
def order_one(
    barrier_id: str, order: BarrierOrder, desk: TheDesk, session: SignedIn, language: InLanguage
) -> JSONResponse:
    """Order one barrier about."""
    view = next((view for view in desk.watch.barriers() if view.id == barrier_id), None)
    if view is None:
        raise RequestRefused("console.no_such_barrier", 404)
    if order.command in DANGEROUS:
        _must_be_confirmed(order, view.name)
    return _carried_out(desk, session, language, view, order)


@router.post("/compound/order")
def order_all(order: BarrierOrder, desk: TheDesk, session: SignedIn, language: InLanguage) -> JSONResponse:
    """Order every barrier of the compound about."""
    if order.command not in FOR_ALL:
        raise RequestRefused("console.not_for_all", 422)
    _must_be_confirmed(order, t("console.barriers.everywhere", language))
    return _carried_out(desk, session, language, None, order)


def _must_be_confirmed(order: BarrierOrder, name: str) -> None:
    if not order.confirmed:
        raise RequestRefused(f"confirm_order.{order.command}", 428, name=name)


def _carried_out(
    desk: Desk, session: SignedIn, language: Language, view: BarrierView | None, order: BarrierOrder
) -> JSONResponse:
    words = checked_words(order.words, needed=order.choice is OrderReason.OTHER)
    outcome = desk.watch.order(
        view.id if view else None,
        order.command,
        actor=session.account,
        who=session.username,
        reason=f"{order.choice}: {words}" if words else str(order.choice),
        request_id=order.request_id,
    )
    name = view.name if view else t("console.barriers.everywhere", language)
    said = t(
        "console.barriers.done",
        language,
        name=name,
        command=t(_command_code(view.kind if view else "arm", order.command), language),
    )
    if outcome.refused:
        names = {one.id: one.name for one in desk.watch.barriers()}
        lines = [f"{names.get(one, one)}: {t(code, language)}" for one, code in outcome.refused.items()]
        return JSONResponse({"states": outcome.states, "message": "\n".join(lines)}, 409)
    return JSONResponse({"states": outcome.states, "message": said})


def _commands(view: BarrierView) -> list[Command]:
    """What a person may order this kind of barrier."""
    moved = [Command.STOP] if view.kind == "arm" else []
    return [Command.OPEN, Command.CLOSE, *moved, Command.HOLD, Command.RELEASE, Command.LOCKDOWN]


def _command_code(kind: str, command: Command) -> str:
    """The code of a command's words: a door is not raised."""
    lock = f"lock_command.{command}"
    return lock if kind != "arm" and lock in catalogue() else f"barrier.command.{command}"


def _texts(language: Language) -> dict[str, str]:
    return {code: said[language] for code, said in catalogue().items() if code.startswith(_FOR_THE_BROWSER)}


def _wire(desk: Desk, language: Language) -> dict[str, Any]:
    return {"barriers": [_barrier_wire(view, desk.zone, language) for view in desk.watch.barriers()]}


def _barrier_wire(view: BarrierView, zone: tzinfo, language: Language) -> dict[str, Any]:
    return {
        "id": view.id,
        "kind": view.kind,
        "state": view.state,
        "since_s": round(view.since_s, 1),
        "healthy": view.healthy,
        "inputs": None if view.inputs is None else dict(view.inputs),
        "fault": view.fault,
        "last_fault": view.last_fault,
        "alarms": list(view.alarms),
        "modes": [name for name in ("fire", "emergency", "lockdown", "held", "timed") if getattr(view, name)],
        "scene": None if view.scene is None else dict(view.scene),
        "done": [_done_wire(done, zone, language) for done in view.done],
    }


def _done_wire(done: DoneView, zone: tzinfo, language: Language) -> dict[str, Any]:
    choice, _, words = done.why.partition(": ")
    reasons = [f"{table}.{choice}" for table in ("order_reason", "open_reason")]
    known = next((code for code in reasons if code in catalogue()), None)
    why = " ".join(part for part in (t(known, language) if known else choice, words) if part)
    return {
        "command": done.command,
        "who": done.who or t("console.barriers.the_gate", language),
        "why": why,
        "when": local_time(done.at, zone, language),
        "refusal": done.refusal,
        "driven_ms": done.driven_ms,
        "took_s": done.took_s,
        "fault": done.fault,
    }
