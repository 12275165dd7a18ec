"""What waits for the guard: a passage that the gate would not decide alone, a stranger at the door, a ring.

The record is what lasts. What is kept here follows the news, and is read from the record again after a start, so that a
question that was answered does not come back and one that waits is not forgotten.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gate.console.errors import RequestRefused
from gate.console.question import MOST_SNAPSHOTS, RANG, Ended, Ending, Question, asks, question_of
from gate.console.watch import AnswerView, PassageView, RingView, Watch
from gate.decision.decision import Verdict
from gate.feed import Feed, News
from models.errors import Fault

SAME_S = 20.0
"""Whoever is met again so soon, in the same lane and for the same reason, waits already. Of two strangers nobody can
tell whether they are one: they are one question, which shows both, so that one who lingers does not fill the page."""

RISES_WITHIN_S = 10.0
"""A barrier that begins to open so soon after an answer opens for that answer, and for nobody else who waits."""

RAISED = frozenset({"opening", "open", "held", "released", "ajar"})
REMEMBERED = 1_000
MOST_READ = 200
"""Passages that are read again after a start; a busy compound decides fewer while a question waits."""

LOOKED_BACK = 3
"""So many times as long as a question waits: whoever is met again and again waits for longer."""

STEP = timedelta(seconds=1)
"""A clock that is ahead or behind by more than this since it was last looked at was set, and not merely corrected."""

RETRY_S = 5.0
"""A database that did not answer is asked again so late: meanwhile nobody here waits for it."""


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
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`held` tells by lane until when questions wait for an answer from elsewhere; `now` is monotonic seconds."""
        self._watch = watch
        self._held = held
        self._wall = wall
        self._now = now
        self._lasts = timedelta(seconds=lasts_s)
        self._lock = threading.RLock()
        self._waiting: dict[str, Question] = {}
        self._ended: OrderedDict[str, Ended] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._answering: set[str] = set()
        self._by_hand: set[str] = set()
        self._opened_at: dict[str, datetime] = {}
        self._calls: OrderedDict[str, str] = OrderedDict()
        self._feed: Feed | None = None
        self._number = 0
        self._read = False
        self._read_from_s = 0.0
        self._looked = wall(), now()

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
            _remember(self._calls, notice_id, question_id)
            self._keep(question_id, until)

    def called_about(self, notice_id: str) -> str | None:
        """The question that a call since the start was about, which may be over; None for any other notice."""
        with self._lock:
            return self._calls.get(notice_id)

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
            if how is Ending.OPENED:
                self._opened_at[asked.lane_id] = self._wall()
        carried_out = False
        try:
            yield asked
            carried_out = True
        finally:
            with self._lock:
                self._answering.discard(question_id)
                if carried_out:
                    self._end(asked, Ended(how, who))
                    self._end_named(asked.lane_id, asked.label, self._wall(), Ended(how, who))
                else:
                    self._opened_at.pop(asked.lane_id, None)

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
        self._follow_clock()
        feed = self._watch.feed
        if feed is not self._feed:
            self._feed, self._number, self._read, self._read_from_s = feed, 0, False, 0.0
        fresh = feed.after(self._number, 0)
        if fresh and fresh[0].number > self._number + 1:
            self._read = False
        if not self._read and self._now() >= self._read_from_s:
            self._read = self._read_again()
            self._read_from_s = 0.0 if self._read else self._now() + RETRY_S
        for news in fresh:
            self._take(news)
            self._number = news.number
        now = self._wall()
        for late in [asked for asked in self._waiting.values() if asked.until <= now]:
            if late.id not in self._answering:
                self._end(late, Ended(Ending.LATE))

    def _follow_clock(self) -> None:
        """Let everything wait for as long as it would have, whatever the clock was set to."""
        (wall, now_s), self._looked = self._looked, (self._wall(), self._now())
        step = self._looked[0] - wall - timedelta(seconds=self._looked[1] - now_s)
        if abs(step) < STEP:
            return
        for asked in list(self._waiting.values()):
            moved = replace(asked, last_at=asked.last_at + step, until=asked.until + step)
            self._waiting[asked.id] = moved

    def _read_again(self) -> bool:
        """Put what the record says to be waiting; whether it could be read. Other boxes' lanes are not ours to ask."""
        now = self._wall()
        since = now - LOOKED_BACK * self._lasts
        lanes = {lane.id: lane.name for lane in self._watch.lanes()}
        try:
            passages = [passage for passage in self._watch.recent(MOST_READ) if passage.at > since]
            rings = self._watch.rings(since)
            answers = self._watch.answers(since) if passages or rings else ()
        except Fault:
            return False
        events: list[PassageView | RingView | AnswerView] = [*passages, *rings, *answers]
        for event in sorted(events, key=lambda one: one.at):
            if isinstance(event, AnswerView):
                self._answered(event)
            elif event.lane_id in lanes:
                self._came(event) if isinstance(event, PassageView) else self._ring(event, lanes[event.lane_id])
        for lane, until in self._held().items():
            for asked in [one for one in self._waiting.values() if one.lane_id == lane]:
                self._keep(asked.id, until)
        # Nobody has heard of these from this run of the gate, so nobody is told that they are over.
        self._waiting = {id_: asked for id_, asked in self._waiting.items() if asked.until > now}
        return True

    def _answered(self, answer: AnswerView) -> None:
        ended = Ended(Ending.OPENED if answer.opened else Ending.REFUSED)
        for asked in list(self._waiting.values()):
            here = answer.question is None and asked.lane_id == answer.lane_id and asked.at <= answer.at
            if here or asked.id == answer.question:
                self._end_here(asked, ended)
                self._end_named(asked.lane_id, asked.label, answer.at, ended)

    def _take(self, news: News) -> None:
        body = news.body
        if news.topic == "passage":
            self._came(PassageView(at=news.at, **body))
        elif news.topic == "ring" and news.lane is not None:
            self._ring(RingView(news.at, news.lane, str(body["id"])), str(body["lane_name"]))
        elif news.topic == "barrier" and news.lane is not None:
            # The gate opening by itself for the next comer answers nothing for the one who waits.
            by_hand = body.get("state") in RAISED and body.get("raised_by") != "passage"
            self._barrier(news.lane, news.at, by_hand=by_hand)

    def _came(self, passage: PassageView) -> None:
        """Somebody has to look; or whoever was asked about is known by now, and in."""
        if asks(passage.verdict, passage.reason, passage.kept_shut):
            self._put(question_of(passage, passage.at + self._lasts))
        elif passage.verdict == Verdict.OPEN and not passage.kept_shut:
            self._end_named(passage.lane_id, passage.subject_label, passage.at, Ended(Ending.KNOWN))

    def _barrier(self, lane: str, at: datetime, *, by_hand: bool) -> None:
        """Opened by other means: whoever waited has got in. Whoever comes while it goes on rising has not."""
        before = lane in self._by_hand
        (self._by_hand.add if by_hand else self._by_hand.discard)(lane)
        if not by_hand or before:
            return
        answered_at = self._opened_at.pop(lane, None)
        if answered_at is not None and abs(at - answered_at) <= timedelta(seconds=RISES_WITHIN_S):
            return
        for asked in [one for one in self._waiting.values() if one.lane_id == lane and one.at <= at]:
            self._end_here(asked, Ended(Ending.OPENED))

    def _ring(self, ring: RingView, lane_name: str) -> None:
        """Whoever rings where somebody waits is that somebody."""
        if ring.id in self._known:
            return
        at, until = ring.at, ring.at + self._lasts
        here = [one for one in self._waiting.values() if one.lane_id == ring.lane_id and one.until > at]
        if not here:
            self._put(Question(ring.id, ring.lane_id, lane_name, at, at, until, RANG, rang=True))
            return
        _remember(self._known, ring.id, None)
        self._waiting[here[-1].id] = replace(here[-1], rang=True, last_at=at, until=max(here[-1].until, until))

    def _put(self, asked: Question) -> None:
        if asked.id in self._known:
            return
        _remember(self._known, asked.id, None)
        for known in self._waiting.values():
            if known.is_like(asked) and known.at <= asked.at <= known.last_at + timedelta(seconds=SAME_S):
                kept = MOST_SNAPSHOTS if asked.label is None else 1
                seen = (*asked.snapshots, *known.snapshots)[:kept]
                until = max(known.until, asked.until)
                self._waiting[known.id] = replace(known, last_at=asked.at, until=until, snapshots=seen)
                return
        self._waiting[asked.id] = asked

    def _end_named(self, lane_id: str, label: str | None, at: datetime, ended: Ended) -> None:
        """Whoever was let in or refused waits under no other reason either."""
        for asked in [one for one in self._waiting.values() if one.names(lane_id, label) and one.at <= at]:
            self._end_here(asked, ended)

    def _end_here(self, asked: Question, ended: Ended) -> None:
        """End one, unless somebody is answering it."""
        if asked.id not in self._answering:
            self._end(asked, ended)

    def _end(self, asked: Question, ended: Ended) -> None:
        gone = self._waiting.pop(asked.id, None)
        _remember(self._ended, asked.id, ended)
        if gone is not None:
            body = {"id": asked.id, "how": ended.how.value, "who": ended.who}
            self._watch.feed.publish("question", asked.lane_id, self._wall(), **body)


def _remember(kept: OrderedDict[str, Any], key: str, value: object) -> None:
    kept[key] = value
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
