"""One lane at work: newest frame in, evidence, decision, record, barrier, news."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import structlog

from enrollment.candidate import Subject
from gate.camera.frame import Camera, Frame
from gate.camera.region import Region
from gate.decision.decide import decide
from gate.decision.decision import Decision, Evidence, PlateEvidence, Reason, Verdict, meant
from gate.decision.moment import NEVER_SEEN, History, Visit
from gate.decision.parked import NOBODY_KNOWS, Parked
from gate.decision.rules import Rules
from gate.errors import LedgerUnwritable
from gate.holidays import moment_of
from gate.lane.attention import Attention
from gate.lane.presence import Presence
from gate.lane.showing import Shown
from gate.lane.watching import Case, Watcher
from gate.ledger.ledger import Passage
from gate.ledger.writer import LedgerWriter, Saved
from gate.rulebook.recorded import Recorded, written
from models.sighting import Picture

log = structlog.get_logger("lane")

COMMIT_WAIT_S = 0.5
"""How long a decision waits for its row to be on disk before it is carried out.

A sick disk must not keep residents out: past this the row stays in the writer's spool and the barrier opens; while the
disk is known to be sick nothing waits."""
FRAME_WAIT_S = 0.25
CONTEXT_WIDTH = 960


@dataclass(frozen=True, slots=True)
class Opening:
    """What a barrier made of an order to open.

    `opened` is False where it refused or did not answer, and `refusal` the code of why. `commanded_s` is the monotonic
    time of the command to the motor, None also where nothing had to move because it was open.
    """

    opened: bool
    commanded_s: float | None
    refusal: str | None = None


CLOSED = Opening(opened=False, commanded_s=None)


class Way(Protocol):
    """What a lane needs of its barrier."""

    def open_for(self, passage: str) -> Opening:
        """Open for a passage."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """Where a lane looks up what it decides by. All of them answer at once, but `use` and `give_back`, which write.

    `history` is of a subject by its id, `passed` is told of each that was let through, `visit` is the living pass of a
    plate, and `use` takes one of its uses for a passage: False where none is left; `give_back` is told where the
    barrier then kept shut. `parked` is what stands in the compound as a subject or a plate arrives, None where nothing
    is counted, and `entered` is told of each passage that the lane opened for.
    """

    history: Callable[[str], History] = lambda _subject: NEVER_SEEN
    passed: Callable[[str, datetime], None] = lambda _subject, _at: None
    visit: Callable[[str, datetime], Visit | None] = lambda _plate, _at: None
    use: Callable[[Visit, datetime, str], bool] = lambda _visit, _at, _passage: False
    give_back: Callable[[Visit, str], None] = lambda _visit, _passage: None
    parked: Callable[[Subject | None, str | None], Parked | None] = lambda _subject, _plate: None
    entered: Callable[[Passage], None] = lambda _passage: None


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A decided track as the console, the demo and the metrics hear of it.

    `snapshot` is None where there is no crop or it is not on disk yet. `delay_s` is from the moment the deciding frame
    was taken to the command at the motor or, where nothing is to move, to the decision on record; `moved` is True when
    the motor got a command, and `opened` when the way is open for it, as it may have been before. `refusal` is the code
    of why the barrier kept shut for whoever was to be let in.
    """

    passage: Passage
    decision: Decision
    snapshot: str | None
    delay_s: float
    moved: bool
    opened: bool
    refusal: str | None = None


Codes = Callable[[Frame], Iterable[Shown]]
"""Gives the credentials that have come into sight in a picture."""


@dataclass(frozen=True, slots=True, eq=False)
class _Settled:
    """What is about to be carried out: when, for which passage, with which details and picture."""

    details: Mapping[str, Any]
    best: Picture | None
    passage: str
    at: datetime
    taken_s: float
    frame: Frame | None


class LaneWorker:
    """Works through the frames of one lane; run by a supervisor in a thread of its own."""

    def __init__(
        self,
        *,
        rules: Callable[[], Rules],
        zone: ZoneInfo,
        camera: Camera,
        watcher: Watcher,
        way: Way,
        writer: LedgerWriter,
        on_outcome: Callable[[Outcome], None],
        presence: Presence,
        region: Region | None = None,
        facts: Facts = NO_FACTS,
        codes: Codes | None = None,
        context: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`presence` outlives a crash of the lane; what moves outside of `region` wakes nobody.

        `rules` gives those in force. `codes` reads QR codes from the pictures. With `context`, the whole picture is
        kept beside the crop.
        """
        self._codes = codes
        self._facts = facts
        self._context = context
        self.id = rules().lane
        self._rules = rules
        self._zone = zone
        self._camera = camera
        self._watcher = watcher
        self._way = way
        self._writer = writer
        self._on_outcome = on_outcome
        self._clock = clock
        self._attention = Attention(region)
        self._presence = presence
        self._number = 0
        self.frame: Frame | None = None

    def step(self) -> bool:
        """Wait for the next frame and work on it; False when none came."""
        frame = self._camera.newest(self._number, FRAME_WAIT_S)
        if frame is None:
            return False
        self._number = frame.number
        self.frame = frame
        if self._codes is not None:
            for shown in self._codes(frame):
                self.show(shown, frame.at, frame.taken_s, frame)
        if self._attention.worth(frame.luma, frame.taken_s, waiting=self._watcher.waiting(frame.taken_s)):
            for case in self._watcher.look(frame.pixels, frame.taken_s):
                self._consider(case, frame)
            for key in self._watcher.present():
                self._presence.see(key, frame.taken_s)
        return True

    def show(self, shown: Shown, at: datetime, taken_s: float, frame: Frame | None = None) -> Outcome:
        """Decide about a credential that was shown, from any thread: a pad's as well as the lane's own.

        `taken_s` is the monotonic moment of it. Its picture is kept where somebody has to be asked about it.
        """
        passage = uuid.uuid4().hex
        decision, recorded = self._decide(shown.evidence, at, passage, stays=False, visit=shown.visit)
        details: dict[str, Any] = {"shown": shown.evidence.shown.value, "fault": shown.evidence.fault}
        wanted = frame is not None and decision.verdict is not Verdict.OPEN
        best = frame.pixels if frame is not None and wanted else None
        return self._carry_out(_Settled(details, best, passage, at, taken_s, frame), decision, recorded)

    def _consider(self, case: Case, frame: Frame) -> None:
        track, at_s = case.track, frame.taken_s
        stays = case.key is not None and self._presence.settled(case.key, at_s)
        passage = uuid.uuid4().hex
        decision, recorded = self._decide(case.evidence, frame.at, passage, stays=stays)
        known = case.key is not None and self._presence.knows(case.key, at_s)
        if case.key is not None:
            self._presence.see(case.key, at_s)
        reported = track.decided or track.again or known
        if stays or (decision.final and not decision.settles and reported):
            track.decided = True
            return
        if not decision.final:
            return
        track.decided, track.settled = True, decision.settles
        if decision.settles:
            track.key = case.key
        if case.key is not None:
            self._presence.decided(case.key, at_s, settled=decision.settles)
        details = case.details if decision.subject is None else _impersonal(case.details)
        settled = _Settled(details, track.best, passage, frame.at, at_s, frame)
        outcome = self._carry_out(settled, decision, recorded)
        if decision.verdict is Verdict.OPEN and not outcome.opened and case.key is not None:
            track.settled = not self._presence.kept_out(case.key, at_s)

    def _decide(
        self, evidence: Evidence, at: datetime, passage: str, *, stays: bool, visit: Visit | None = None
    ) -> tuple[Decision, Recorded]:
        """The decision, and what it rested on. A pass whose last use another lane has just taken is none."""
        rules = self._rules()
        moment = moment_of(at, self._zone, rules.access)
        who = meant(evidence)
        history = self._facts.history(who.id) if who else NEVER_SEEN
        if isinstance(evidence, PlateEvidence) and not who:
            visit = self._facts.visit(evidence.text, at)
        parked = self._facts.parked(who, evidence.text if isinstance(evidence, PlateEvidence) else None)
        known = partial(decide, evidence, rules, moment, history=history, parked=parked or NOBODY_KNOWS, decided=stays)
        decision = known(visit=visit)
        if decision.reason is Reason.VISITOR_PASS and visit is not None and not self._facts.use(visit, at, passage):
            visit = None
            decision = known()
        return decision, Recorded.of(evidence, rules, moment, history, visit, parked)

    def _carry_out(self, case: _Settled, decision: Decision, recorded: Recorded) -> Outcome:
        passage = Passage(
            id=case.passage,
            at=case.at,
            lane=self.id,
            verdict=decision.verdict.value,
            reason=decision.reason.value,
            subject=decision.subject.id if decision.subject else None,
            rules_version=decision.rules_version,
            details={**case.details, "rests_on": written(recorded)},
        )
        jpeg = encode(case.best) if case.best is not None else None
        whole = encode(case.frame.pixels, CONTEXT_WIDTH, 75) if self._context and case.frame is not None else None
        snapshot = self._on_record(self._writer.submit(passage, jpeg, whole))
        opening = self._way.open_for(passage.id) if decision.verdict is Verdict.OPEN else CLOSED
        if opening.opened and decision.subject is not None:
            self._facts.passed(decision.subject.id, case.at)
        if opening.opened:
            self._facts.entered(passage)
        elif decision.reason is Reason.VISITOR_PASS and recorded.visit is not None:
            self._facts.give_back(recorded.visit, passage.id)
        done_s = self._clock() if opening.commanded_s is None else opening.commanded_s
        delay_s, moved = max(0.0, done_s - case.taken_s), opening.commanded_s is not None
        outcome = Outcome(passage, decision, snapshot, delay_s, moved, opening.opened, opening.refusal)
        self._on_outcome(outcome)
        return outcome

    def _on_record(self, saving: Future[Saved]) -> str | None:
        """Wait until the row is on disk, unless the disk is sick; the id of its snapshot."""
        try:
            return saving.result(0 if self._writer.health().broken else COMMIT_WAIT_S).snapshot
        except (NotYet, LedgerUnwritable) as late:
            log.warning("lane.decided_before_the_record", lane=self.id, why=type(late).__name__)
            return None


def _impersonal(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details without the plate: an enrolled one is in the register, and goes from there when it is erased."""
    return {name: value for name, value in details.items() if name != "plate"}


def encode(picture: Picture, width: int = 320, quality: int = 85) -> bytes:
    """A JPEG of at most `width` pixels across."""
    if picture.shape[1] > width:
        height = max(1, round(picture.shape[0] * width / picture.shape[1]))
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    ok, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError(f"a picture of shape {picture.shape} cannot be encoded")
    return bytes(jpeg.tobytes())
