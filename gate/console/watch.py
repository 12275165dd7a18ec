"""The running gate as the console sees it: values to show, and the few things that a page may ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from gate.camera.frame import CameraHealth
from gate.clocks import Clock
from gate.community.deliveries import DestinationView
from gate.community.registers.registers import SourceView
from gate.console.barrier_watch import BarrierWatch
from gate.decision.decision import Reason, Verdict
from gate.feed import Feed
from gate.readers import ReaderView

HealthState = Literal["ok", "degraded", "failing"]
SignInStep = Literal["password", "code_asked", "code"]
"""What decided an attempt to sign in: the password; nothing yet, a right password with the code to come; the code."""


@dataclass(frozen=True, slots=True)
class LaneView:
    """A lane now. `barrier_state` is a value of `gate.barrier.standing.State`; `barrier_fault` a fault's code."""

    id: str
    name: str
    kind: Literal["pedestrian", "vehicle"]
    direction: Literal["in", "out"]
    camera: CameraHealth
    barrier_state: str
    barrier_fault: str | None = None


@dataclass(frozen=True, slots=True)
class PassageView:
    """One decided passage.

    `at` is aware UTC; `subject_label` is the resident's name or the plate, None for nobody known; `score` is the
    cosine of a face or the weakest character of a plate; `snapshot` is the id of the crop, None once it is past its
    retention; `delay_ms` runs from the frame to the barrier's command, None where nothing moved or it is not known.
    `kept_shut` is the code of why the barrier did not open for whoever was to be let in.
    """

    id: str
    at: datetime
    lane_id: str
    lane_name: str
    verdict: Verdict
    reason: Reason
    subject_label: str | None
    score: float | None
    snapshot: str | None
    delay_ms: float | None = None
    kept_shut: str | None = None

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError(f"a passage's time needs its time zone: {self.at}")


def passage_body(passage: PassageView) -> dict[str, Any]:
    """The body of a passage's news, JSON-able; its time is the news' own.

    `feed.publish("passage", passage.lane_id, passage.at, **passage_body(passage))`.
    """
    body = asdict(passage)
    del body["at"]
    return body


@dataclass(frozen=True, slots=True)
class OpenOutcome:
    """What came of an order to open: where the arm stands, and whether the same order had been given before."""

    barrier_state: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What a person did about whoever waited: opened or refused.

    `question` is the id of what was answered, None for an opening of the lane for whoever was there.
    """

    at: datetime
    lane_id: str
    opened: bool
    question: str | None


@dataclass(frozen=True, slots=True)
class RingView:
    """Somebody rang at a lane. `id` is that of the ring."""

    at: datetime
    lane_id: str
    id: str


@dataclass(frozen=True, slots=True)
class MeantView:
    """Who or what a passage that waits may be, for a person to compare.

    `label` is a name or the enrolled plate and `household` the code of the household, empty for none; `read` is what
    was read where that differs from the enrolled plate.
    """

    id: str
    kind: Literal["resident", "vehicle"]
    label: str
    household: str
    read: str | None = None


@dataclass(frozen=True, slots=True)
class HealthView:
    """What works. `spooled_rows` wait for a ledger that could not be written.

    `cameras`, `barriers` and `readers` are True if all work; `rules` is False while a new rules file is refused and the
    old hold; `community` is False while a destination is behind. `free_bytes` is the room on the disk that holds the
    record, None where it cannot be told, and `room` is False where it is less than is wanted.
    """

    database: bool
    ledger: bool
    models: bool
    cameras: bool
    barriers: bool
    ledger_rows: int = 0
    spooled_rows: int = 0
    rules: bool = True
    community: bool = True
    readers: bool = True
    room: bool = True
    free_bytes: int | None = None

    @property
    def state(self) -> HealthState:
        """`failing` where no passage can be decided or recorded, `degraded` where a part is out, else `ok`."""
        if not (self.database and self.ledger and self.models):
            return "failing"
        parts = self.cameras, self.barriers, self.readers, self.rules, self.community, self.room
        if self.spooled_rows or not all(parts):
            return "degraded"
        return "ok"


class Watch(BarrierWatch, Protocol):
    """The running gate. Every method may be called from any thread, and may block for as long as a disk takes."""

    @property
    def feed(self) -> Feed:
        """News: `passage` with `passage_body`; `barrier` with state, fault, raised_by, alarm; `camera` with state and
        reason; `reader` with id, state and reason; `community` with the ids of destinations that are behind as late;
        `ring` with an id and the lane's name.
        The console adds `notice` with the id of a call to a household and its answer; `question` with the id of one
        that ended, how, and by whom; and `notes`.

        `raised_by` is the cause of the command that the barrier stands open for: `passage` is the gate itself.
        """
        ...

    @property
    def compound(self) -> str:
        """The compound's name."""
        ...

    @property
    def for_trying_out(self) -> bool:
        """Whether faces are recognised by a model that a gate at work should not run on."""
        ...

    def lanes(self) -> Sequence[LaneView]:
        """Every lane as it is now, in the order of the configuration."""
        ...

    def picture(self, lane_id: str) -> bytes | None:
        """The newest picture of the lane's camera as JPEG, at most about 960 px wide; None while there is none."""
        ...

    def crop(self, snapshot_id: str) -> bytes | None:
        """A snapshot as JPEG, decrypted; None for one that is unknown or past its retention."""
        ...

    def recent(self, count: int) -> Sequence[PassageView]:
        """The newest passages of the database, newest first, at most `count`."""
        ...

    def answers(self, since: datetime) -> Sequence[AnswerView]:
        """What people did about whoever waited, from the record, oldest first, without what the barrier did not take.

        Raises `StoreBusy`.
        """
        ...

    def rings(self, since: datetime) -> Sequence[RingView]:
        """Who rang, from the record, oldest first. Raises `StoreBusy`."""
        ...

    def meant(self, passage_id: str) -> MeantView | None:
        """Who or what a passage may be; None for nobody known, or where it is no passage. Raises `StoreBusy`."""
        ...

    def ring(self, lane_id: str) -> None:
        """Record that somebody rings at a lane, and say so in the news."""
        ...

    def refuse(self, lane_id: str, *, actor: str, reason: str, request_id: str, question: str) -> None:
        """Record that a person lets nobody in for a question. `reason` as for `open_lane`, of `refuse_reason.*`.

        Raises:
            LedgerUnwritable: it could not be recorded.
        """
        ...

    def open_lane(
        self, lane_id: str, *, actor: str, reason: str, request_id: str, question: str | None = None
    ) -> OpenOutcome:
        """Record the order and open the lane's barrier. `actor` is an account's id, `question` what is answered.

        `reason` is a code of `open_reason.*`, followed by `: ` and the guard's own words where there are any.

        Raises:
            BarrierFault: the barrier did not take the command.
            LedgerUnwritable: the order could not be recorded, so it was not carried out.
        """
        ...

    def record_view(self, *, actor: str, what: str) -> None:
        """Record that an account looks at personal data: `live`, `camera:<lane>` or `snapshot:<id>`."""
        ...

    def record_passage_view(self, *, actor: str, passage_id: str) -> None:
        """Record that an account reads the whole story of a passage."""
        ...

    def record_sign_in(self, *, username: str, ok: bool, address: str, step: SignInStep) -> None:
        """Record an attempt to sign in, with the name as it was typed, and what it was decided on."""
        ...

    def health(self) -> HealthView:
        """What works now."""
        ...

    def clocks(self) -> Sequence[Clock]:
        """What there is of each class of personal data, and what of it is past its time."""
        ...

    def destinations(self) -> Sequence[DestinationView]:
        """Where passages go, and how each place stands now."""
        ...

    def readers(self) -> Sequence[ReaderView]:
        """Every card reader as it is now, in the order of the configuration."""
        ...

    def late_destinations(self) -> Sequence[str]:
        """The ids of those that are behind, known without asking the database."""
        ...

    def sources(self) -> Sequence[SourceView]:
        """The registers that ours is filled from, and how each stands now."""
        ...
