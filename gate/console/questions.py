"""What waits for the guard: a passage that the gate would not decide alone, a stranger at the door, a ring.

The record is what lasts. What is kept here follows the news, and is read from the record again after a start, so that a
question that was answered does not come back and one that waits is not forgotten.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gate.console.errors import RequestRefused
from gate.console.watch import PassageView, Watch
from gate.decision.decision import Reason, Verdict
from gate.feed import Feed, News
from models.errors import Fault

RANG = "rang"
"""The reason of a question that somebody's ring put."""

SAME_S = 20.0
"""Whoever is met again so soon, in the same lane and for the same reason, waits already."""

RAISED = frozenset({"opening", "open", "held", "released", "ajar"})
REMEMBERED = 1_000
MOST_READ = 200
"""Passages that are read again after a start; a busy compound decides fewer while a question waits."""

LOOKED_BACK = 3
"""So many times as long as a question waits: whoever is met again and again waits for longer."""


class Ending(StrEnum):
    """How a question ended; each has its words under `question_over.<code>`."""

    OPENED = "opened"
    REFUSED = "refused"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Question:
    """What waits for a decision. `id` is that of the passage, or of the ring.

    Times are aware UTC: `last_at` is when the same one was seen last, `until` when nobody is taken to wait any more.
    `reason` is a `Reason` or `RANG`; `label` a name or a plate, None for nobody known; `calls` are the ids of the
    notices to households about it, as far as they were sent since the start.
    """

    id: str
    lane_id: str
    lane_name: str
    at: datetime
    last_at: datetime
    until: datetime
    reason: str
    label: str | None = None
    score: float | None = None
    snapshot: str | None = None
    rang: bool = False
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a question ended, and the username of who ended it where that is known."""

    how: Ending
    who: str = ""


class Questions:
    """The questions of now, oldest first: what is at the top stays there until it is answered.

    A question waits `lasts_s` from when its subject was seen last. Every method may be called from any thread.
    """

    def __init__(
        self,
        watch: Watch,
        *,
        wall: Callable[[], datetime],
        lasts_s: float,
        held: Callable[[], Mapping[str, datetime]] = dict,
    ) -> None:
        """`held` tells by lane until when questions wait for an answer from elsewhere."""
        self._watch = watch
        self._held = held
        self._wall = wall
        self._lasts = timedelta(seconds=lasts_s)
        self._lock = threading.RLock()
        self._waiting: dict[str, Question] = {}
        self._ended: OrderedDict[str, Ended] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._answering: set[str] = set()
        self._by_hand: set[str] = set()
        self._feed: Feed | None = None
        self._number = 0
        self._read = False

    def waiting(self) -> tuple[Question, ...]:
        """Everything that waits now."""
        with self._lock:
            self._catch_up()
            return tuple(self._waiting.values())

    def find(self, question_id: str) -> Question | None:
        """One that waits now; None for any other."""
        with self._lock:
            self._catch_up()
            return self._waiting.get(question_id)

    def hear(self, _news: News) -> None:
        """Look at the news at once: an opening by other means ends a question without anybody asking here."""
        with self._lock:
            self._catch_up()

    def called(self, question_id: str, notice_id: str, until: datetime) -> None:
        """A household was called about a question, which waits at least until then."""
        with self._lock:
            self._catch_up()
            asked = self._waiting.get(question_id)
            if asked is not None:
                self._waiting[question_id] = replace(asked, calls=(*asked.calls, notice_id))
                self._keep(question_id, until)

    @contextmanager
    def answering(self, question_id: str, how: Ending, who: str) -> Iterator[Question]:
        """Hold a question while its answer is carried out; it has ended with that unless the block raises.

        Raises:
            RequestRefused: it is not waiting any more, or somebody else is answering it.
        """
        with self._lock:
            self._catch_up()
            asked = self._waiting.get(question_id)
            if asked is None or question_id in self._answering:
                raise self._over(question_id)
            self._answering.add(question_id)
        try:
            yield asked
            with self._lock:
                self._end(asked, Ended(how, who))
        finally:
            with self._lock:
                self._answering.discard(question_id)

    def _keep(self, question_id: str, until: datetime) -> None:
        asked = self._waiting.get(question_id)
        if asked is not None and asked.until < until:
            self._waiting[question_id] = replace(asked, until=until)

    def _over(self, question_id: str) -> RequestRefused:
        ended = self._ended.get(question_id)
        if question_id in self._answering or (ended and ended.how is not Ending.LATE):
            return RequestRefused("console.question_answered", 409)
        return RequestRefused("console.question_over", 409)

    def _catch_up(self) -> None:
        feed = self._watch.feed
        if feed is not self._feed:
            self._feed, self._number, self._read = feed, 0, False
        fresh = feed.after(self._number, 0)
        missed = bool(fresh) and fresh[0].number > self._number + 1
        if not self._read or missed:
            self._read = self._read_again()
        for news in fresh:
            self._take(news)
            self._number = news.number
        now = self._wall()
        for late in [asked for asked in self._waiting.values() if asked.until <= now]:
            if late.id not in self._answering:
                self._end(late, Ended(Ending.LATE))

    def _read_again(self) -> bool:
        """Put what the record says to be waiting; whether it could be read."""
        now = self._wall()
        since = now - LOOKED_BACK * self._lasts
        try:
            passages = [passage for passage in self._watch.recent(MOST_READ) if passage.at > since]
            answers = self._watch.answers(since) if passages else ()
        except Fault:
            return False
        for passage in sorted(passages, key=lambda passage: passage.at):
            if asks(passage.verdict, passage.reason):
                self._put(_question(passage))
        for answer in answers:
            ended = Ended(Ending.OPENED if answer.opened else Ending.REFUSED)
            for asked in list(self._waiting.values()):
                here = answer.question is None and asked.lane_id == answer.lane and asked.at <= answer.at
                if (here or asked.id == answer.question) and asked.id not in self._answering:
                    self._end(asked, ended)
        for lane, until in self._held().items():
            for asked in [one for one in self._waiting.values() if one.lane_id == lane]:
                self._keep(asked.id, until)
        # Nobody has heard of these from this run of the gate, so nobody is told that they are over.
        self._waiting = {id_: asked for id_, asked in self._waiting.items() if asked.until > now}
        return True

    def _take(self, news: News) -> None:
        body = news.body
        if news.topic == "passage" and asks(body["verdict"], body["reason"]):
            self._put(_question(PassageView(at=news.at, **body)))
        elif news.topic == "ring" and news.lane is not None:
            self._ring(news.lane, news.at, body)
        elif news.topic == "barrier" and news.lane is not None:
            # The gate opening by itself for the next comer answers nothing for the one who waits.
            by_hand = body.get("state") in RAISED and body.get("raised_by") != "passage"
            self._barrier(news.lane, news.at, by_hand=by_hand)

    def _barrier(self, lane: str, at: datetime, *, by_hand: bool) -> None:
        """Opened by other means: whoever waited has got in. Whoever comes while it goes on rising has not."""
        before = lane in self._by_hand
        (self._by_hand.add if by_hand else self._by_hand.discard)(lane)
        if not by_hand or before:
            return
        for asked in [one for one in self._waiting.values() if one.lane_id == lane and one.at <= at]:
            if asked.id not in self._answering:
                self._end(asked, Ended(Ending.OPENED))

    def _ring(self, lane: str, at: datetime, body: Any) -> None:
        """Whoever rings where somebody waits is that somebody."""
        here = [asked for asked in self._waiting.values() if asked.lane_id == lane]
        if not here:
            self._put(Question(str(body["id"]), lane, str(body["lane_name"]), at, at, at, RANG, rang=True))
            return
        self._waiting[here[-1].id] = replace(
            here[-1], rang=True, last_at=at, until=max(here[-1].until, at + self._lasts)
        )

    def _put(self, asked: Question) -> None:
        if asked.id in self._known:
            return
        _remember(self._known, asked.id, None)
        asked = replace(asked, until=asked.at + self._lasts)
        for known in self._waiting.values():
            alike = (known.lane_id, known.reason, known.label) == (asked.lane_id, asked.reason, asked.label)
            if alike and known.at <= asked.at <= known.last_at + timedelta(seconds=SAME_S):
                seen = asked.snapshot or known.snapshot
                until = max(known.until, asked.until)
                self._waiting[known.id] = replace(known, last_at=asked.at, until=until, snapshot=seen)
                return
        self._waiting[asked.id] = asked

    def _end(self, asked: Question, ended: Ended) -> None:
        gone = self._waiting.pop(asked.id, None)
        _remember(self._ended, asked.id, ended)
        if gone is not None:
            body = {"id": asked.id, "how": ended.how.value, "who": ended.who}
            self._watch.feed.publish("question", asked.lane_id, self._wall(), **body)


def asks(verdict: Verdict | str, reason: Reason | str) -> bool:
    """Whether somebody has to look: the gate asks, or keeps shut for a stranger, who may have come to see somebody."""
    return verdict == Verdict.ASK or (verdict == Verdict.REFUSE and reason == Reason.STRANGER)


def _remember(kept: OrderedDict[str, Any], key: str, value: object) -> None:
    kept[key] = value
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)


def _question(passage: PassageView) -> Question:
    return Question(
        id=passage.id,
        lane_id=passage.lane_id,
        lane_name=passage.lane_name,
        at=passage.at,
        last_at=passage.at,
        until=passage.at,
        reason=str(passage.reason),
        label=passage.subject_label,
        score=passage.score,
        snapshot=passage.snapshot,
    )
