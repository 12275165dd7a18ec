"""What a guard orders: a lane to open, or a question answered; its reason, and the promise that it counts once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, replace
from enum import StrEnum

from gate.console.errors import RequestRefused
from gate.console.question import Ending
from gate.console.questions import Questions
from gate.console.watch import OpenOutcome, Watch

SHORTEST_REASON = 2
LONGEST_REASON = 200
REMEMBERED = 1_000
"""Orders whose outcome is kept for a browser that asks again; a guard gives a few a minute."""


class OpenReason(StrEnum):
    """Why a guard opens; each has its words under `open_reason.<code>`."""

    RESIDENT = "resident"
    VISITOR = "visitor"
    DELIVERY = "delivery"
    STAFF = "staff"
    EMERGENCY = "emergency"
    OTHER = "other"


class RefuseReason(StrEnum):
    """Why a guard lets nobody in; each has its words under `refuse_reason.<code>`."""

    GONE = "gone"
    UNKNOWN = "unknown"
    NOT_WANTED = "not_wanted"
    NO_ANSWER = "no_answer"
    ELSEWHERE = "elsewhere"
    OTHER = "other"


def spoken_reason(choice: OpenReason | RefuseReason, words: str) -> str:
    """The reason for the record: the code of the choice, then the guard's own words after `: `.

    Raises:
        RequestRefused: `other` without words, words of one character or of more than 200, or control characters.
    """
    words = checked_words(words, needed=choice.value == OpenReason.OTHER.value)
    return f"{choice}: {words}" if words else str(choice)


def checked_words(words: str, *, needed: bool) -> str:
    """A guard's own words without the space around them.

    Raises:
        RequestRefused: none although they are `needed`, one character or more than 200, or control characters.
    """
    words = words.strip()
    too_short = len(words) < SHORTEST_REASON and (words or needed)
    if too_short or len(words) > LONGEST_REASON or not printable(words):
        raise RequestRefused("console.reason_length", 422, least=SHORTEST_REASON, most=LONGEST_REASON)
    return words


def printable(words: str) -> bool:
    """Whether words have no control characters; the wide space that a Chinese keyboard types is none."""
    return words.replace("\u3000", " ").isprintable()


@dataclass(frozen=True, slots=True)
class Order:
    """Who opens which lane, why, and the browser's own id of the order.

    With a `question` it is the answer to that, whose lane it is for, and `opens` is False for whoever is refused; `who`
    is the username that other pages are told.
    """

    lane_id: str
    actor: str
    reason: str
    request_id: str
    question: str = ""
    opens: bool = True
    who: str = ""


class Openings:
    """Gives each order to the gate once, however often the browser sends it."""

    def __init__(self, watch: Watch, questions: Questions) -> None:
        self._watch = watch
        self._questions = questions
        self._lock = threading.Lock()
        self._given: OrderedDict[tuple[str, str], tuple[Order, Future[OpenOutcome]]] = OrderedDict()

    def knows(self, order: Order) -> bool:
        """Whether an order under the same id was given since the gate started, as far as is remembered."""
        with self._lock:
            return (order.actor, order.request_id) in self._given

    def give(self, order: Order) -> OpenOutcome:
        """Carry it out, or say again what came of the same order. An order that failed may be given again.

        The barrier's state of a refusal is empty: nothing moves.

        Raises:
            RequestRefused: the id was used for another order, or the question is not waiting any more.
            BarrierFault: the barrier did not take the command.
            LedgerUnwritable: the order could not be recorded.
        """
        key = order.actor, order.request_id
        mine: Future[OpenOutcome] = Future()
        with self._lock:
            given, outcome = self._given.setdefault(key, (order, mine))
            while len(self._given) > REMEMBERED:
                self._given.popitem(last=False)
        if given != order:
            raise RequestRefused("console.request_reused", 409)
        if outcome is not mine:
            return replace(outcome.result(), repeated=True)
        return self._carry_out(order, mine)

    def _carry_out(self, order: Order, mine: Future[OpenOutcome]) -> OpenOutcome:
        try:
            done = self._answer(order) if order.question else self._open(order, order.lane_id)
        except BaseException as failed:
            with self._lock:
                self._given.pop((order.actor, order.request_id), None)
            mine.set_exception(failed)
            raise
        mine.set_result(done)
        return done

    def _answer(self, order: Order) -> OpenOutcome:
        how = Ending.OPENED if order.opens else Ending.REFUSED
        with self._questions.answering(order.question, how, order.who) as asked:
            if order.opens:
                return self._open(order, asked.lane_id)
            given = {"actor": order.actor, "reason": order.reason, "request_id": order.request_id}
            self._watch.refuse(asked.lane_id, **given, question=order.question)
            return OpenOutcome("")

    def _open(self, order: Order, lane_id: str) -> OpenOutcome:
        given = {"actor": order.actor, "reason": order.reason, "request_id": order.request_id}
        return self._watch.open_lane(lane_id, **given, question=order.question or None)
