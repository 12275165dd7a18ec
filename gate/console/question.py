"""A question to the guard: a passage that the gate would not decide alone, a stranger at the door, a ring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gate.barrier.code import Code
from gate.console.watch import PassageView
from gate.decision.decision import Reason, Verdict

RANG = "rang"
"""The reason of a question that somebody's ring put."""

KEPT_SHUT = "kept_shut"
"""The reason of a question about somebody who was to be let in, and whose barrier did not open."""

MOST_SNAPSHOTS = 3
"""So many pictures of whoever nobody knows are shown side by side: two strangers at once look like one question."""


class Ending(StrEnum):
    """How a question ended; each has its words under `question_over.<code>`."""

    OPENED = "opened"
    REFUSED = "refused"
    LATE = "late"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Question:
    """What waits for a decision. `id` is that of the passage, or of the ring.

    Times are aware UTC: `last_at` is when the same one was seen last, `until` when nobody is taken to wait any more.
    `reason` is a `Reason`, `RANG` or `KEPT_SHUT`; `label` a name or a plate, None for nobody known; `snapshots` are
    ids, the newest first.
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
    snapshots: tuple[str, ...] = ()
    rang: bool = False

    def is_like(self, other: Question) -> bool:
        """Whether both are about the same one for the same reason, as far as the gate can tell."""
        return (self.lane_id, self.reason, self.label) == (other.lane_id, other.reason, other.label)

    def names(self, lane_id: str, label: str | None) -> bool:
        """Whether this is about who or what is known by that label, in that lane."""
        return label is not None and (self.lane_id, self.label) == (lane_id, label)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a question ended, and the username of who ended it where that is known."""

    how: Ending
    who: str = ""


def asks(verdict: Verdict | str, reason: Reason | str, kept_shut: str | None = None) -> bool:
    """Whether somebody has to look: the gate asks, or keeps shut for a stranger, who may have come to see somebody.

    So does a barrier that did not open for somebody it should have; the second door of a pair only waits for the first.
    """
    if verdict == Verdict.OPEN:
        return kept_shut not in {None, Code.INTERLOCKED}
    return verdict == Verdict.ASK or (verdict == Verdict.REFUSE and reason == Reason.STRANGER)


def question_of(passage: PassageView, waits_until: datetime) -> Question:
    """The question that a passage puts."""
    return Question(
        id=passage.id,
        lane_id=passage.lane_id,
        lane_name=passage.lane_name,
        at=passage.at,
        last_at=passage.at,
        until=waits_until,
        reason=KEPT_SHUT if passage.kept_shut else str(passage.reason),
        label=passage.subject_label,
        score=passage.score,
        snapshots=(passage.snapshot,) if passage.snapshot else (),
    )
