"""What taking over a source would do, as frozen values: steps, and what a person has to look at first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from enrollment.told import Told, ToldKind, Values, Wrong


class Do(StrEnum):
    """What a step does. `LINK` changes nothing but what is known of the source."""

    ADD = "add"
    CHANGE = "change"
    END = "end"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the source as it is kept: `told` None where it is told no more, `emptied` where it was erased here.

    `unreadable` is told, in a way that cannot be read: it neither changes nor ends.

    `said` has the digest of each field as taken over last, `subject` is the id here, None before it was taken over.
    """

    kind: ToldKind
    mark: str
    told: Told | None
    subject: str | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    ended_at: datetime | None = None
    emptied: bool = False
    unreadable: bool = False

    @property
    def is_told(self) -> bool:
        """Whether the source has it."""
        return self.told is not None or self.emptied or self.unreadable


@dataclass(frozen=True, slots=True)
class Here:
    """A living resident, vehicle or listed plate of ours: its `values` in the form of `Told.values`.

    `open` says whether the right goes on: a person's stay in the household, a vehicle's term. What is `told_elsewhere`
    by another source does not end with this one.
    """

    id: str
    kind: ToldKind
    values: Values
    version: int = 1
    open: bool = True
    told_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The register as it stands: everybody and everything by id, and the codes of the households there are."""

    here: Mapping[str, Here]
    rooms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """A field, what stands here and what will; None for nothing."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One act. `values` are the whole values that will stand here, `said` the digests to remember.

    `releases` is the mark of an earlier entry of the source whose subject goes over to this one.
    """

    do: Do
    kind: ToldKind
    mark: str
    ref: str
    subject: str | None
    version: int | None
    values: Values
    said: Mapping[str, str]
    changes: tuple[Change, ...] = ()
    releases: str | None = None

    @property
    def label(self) -> str:
        """The name or plate."""
        return self.values.get("name") or self.values.get("plate", "")


@dataclass(frozen=True, slots=True)
class Conflict:
    """What waits for a person: `code` is a sentence under `source.conflict.*`, with `facts`."""

    code: str
    kind: ToldKind
    ref: str
    label: str
    household: str
    facts: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a person has decided of conflicts, by the ids of the source: whose word counts, and who lives where."""

    take: Collection[str] = ()
    keep: Collection[str] = ()
    place: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would be done, in order. `held` says that the endings wait for a person, who names `code`."""

    source: str
    steps: tuple[Step, ...]
    conflicts: tuple[Conflict, ...]
    wrong: tuple[Wrong, ...]
    unchanged: int
    held: bool
    code: str

    def of(self, do: Do) -> tuple[Step, ...]:
        """The steps of one sort."""
        return tuple(step for step in self.steps if step.do is do)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do; what waits for a person may be there all the same."""
        return not self.steps


@dataclass(frozen=True, slots=True)
class Limits:
    """When endings wait: more of a kind than this share of what the source brought in (a few never do).

    `new_rooms` allows households that are not here yet.
    """

    ended_share: float = 0.05
    new_rooms: bool = True
