"""A notice to a household, as both sides may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeKind(StrEnum):
    """What a household is asked."""

    MOVE_CAR = "move_car"
    CALL = "call"


class Answer(StrEnum):
    """What a household answers; that a car is moved is said after, or in place of, that somebody comes."""

    COMING = "coming"
    MOVED = "moved"
    LET_IN = "let_in"
    UNKNOWN = "unknown"


ANSWERS: Mapping[NoticeKind, tuple[Answer, ...]] = {
    NoticeKind.MOVE_CAR: (Answer.COMING,),
    NoticeKind.CALL: (Answer.LET_IN, Answer.UNKNOWN),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as both sides may see it: who sent it and who answered is in the record alone.

    `over_at` is when it ends by itself or was closed. `plate` is None once its vehicle was erased or its pass
    was forgotten.
    """

    id: str
    kind: NoticeKind
    household_id: str
    household: str
    sent_at: datetime
    over_at: datetime
    lane: str | None = None
    vehicle_id: str | None = None
    pass_id: str | None = None
    plate: str | None = None
    place: str | None = None
    answer: Answer | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None

    def open(self, at: datetime) -> bool:
        """Whether it still asks for something: an answer, or for a car whose owner comes to be moved."""
        return at < self.over_at and (self.answer is None or self.kind is NoticeKind.MOVE_CAR)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What may be answered now; nothing once it was answered."""
        return () if self.answer else ANSWERS[self.kind]
