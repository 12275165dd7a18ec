"""How well the faces of a compound are told apart: its own gallery compared with itself."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from enrollment.gallery import Gallery
from gate.bench.verification import BINS, FEW, Spread
from gate.face_rules import FaceLimits

BLOCK = 1024
"""Templates that are compared with all others at a time."""
ENOUGH_PAIRS = 1000
"""Pairs of strangers from which on the gallery says something about strangers: 45 people of different households."""
ENOUGH_OF_ONE = 20
"""Pairs of two photos of one person from which on their rate of refusals means something."""
MANY_PHOTOS = 3
"""With so many photos each, one more makes two people hardly less alike."""


class Advice(StrEnum):
    """What to do about two people who are too alike; the sentence is under `calibrate.advice_<code>`."""

    TWICE = "twice"
    PHOTOS = "photos"
    CREDENTIAL = "credential"


@dataclass(frozen=True, slots=True)
class Alike:
    """Two people by their ids, the highest cosine of any two of their photos, and what to do about it."""

    one: str
    other: str
    score: float
    one_household: bool
    advice: Advice


@dataclass(frozen=True, slots=True)
class LaneReach:
    """How many templates a lane is searched for, and the cosine that a face needs there."""

    lane: str
    templates: int
    needed: float


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What the gallery says about itself.

    `needed` is the cosine in force at the lane with the most templates, `recommended` the one to put into force: the
    same, or higher where the compound's own strangers reach more than the embedder's. `highest` are the two most alike
    people who are searched on one lane, `alike` those from `needed` less the margin on, the most alike first and at
    most as many as asked for; `alike_count` counts all of them. `spread` has the pairs of one person's photos, and of
    two households'. `false_accepts` is the share of strangers who would be taken for somebody at `recommended`, None
    where there are too few pairs to tell; `false_rejects` that of a person's own photos that stay below it.
    """

    people: int
    templates: int
    lanes: tuple[LaneReach, ...]
    needed: float
    recommended: float
    highest: Alike | None
    alike: tuple[Alike, ...]
    alike_count: int
    spread: Spread
    false_accepts: float | None
    false_rejects: float | None


@dataclass(frozen=True, slots=True)
class Tail:
    """The line of the logarithm of the share of strangers' pairs: `cosine` is reached by the share `rate`."""

    cosine: float
    rate: float
    per_decade: float

    def at(self, rate: float) -> float:
        """The cosine that a share `rate` reaches."""
        return self.cosine + self.per_decade * math.log10(self.rate / rate)

    def reached(self, cosine: float) -> float:
        """The share of pairs that reaches `cosine`."""
        return min(1.0, self.rate * 10 ** ((self.cosine - cosine) / self.per_decade))


def calibrate(
    gallery: Gallery, limits: FaceLimits, similar: float, lanes: Sequence[str], most: int = 20
) -> Calibration:
    """Compare everybody with everybody; `lanes` are searched, `similar` is the cosine that is one person.

    10,000 templates are 50 million pairs: 4 s of one core and 0.5 GB.
    """
    reaches = tuple(
        LaneReach(lane, searched, limits.needed(searched))
        for lane in lanes
        for searched in [gallery.by_lane.get(lane, gallery.everywhere).templates]
    )
    searched = max((reach.templates for reach in reaches), default=gallery.everywhere.templates)
    needed = limits.needed(searched)
    spread, found, count = _compare(gallery, needed - limits.margin, most, _present(gallery, lanes))
    pairs = [_alike(gallery, pair, similar) for pair in found]
    tail = tail_of(spread)
    recommended = needed
    if tail is not None:
        own = tail.at(limits.false_positives / max(1, searched))
        recommended = min(1.0, max(needed, math.ceil(own * 100) / 100))
    return Calibration(
        people=len(gallery.subjects),
        templates=gallery.everywhere.templates,
        lanes=reaches,
        needed=needed,
        recommended=recommended,
        highest=pairs[0] if pairs else None,
        alike=tuple(pair for pair in pairs if pair.score >= needed - limits.margin),
        alike_count=count,
        spread=spread,
        false_accepts=None if tail is None else min(1.0, tail.reached(recommended) * searched),
        false_rejects=_false_rejects(spread, recommended),
    )


def tail_of(spread: Spread) -> Tail | None:
    """The line through the lowest share of strangers' pairs that is no chance, and ten times that; None for too few."""
    _, different = spread.pairs
    if different < ENOUGH_PAIRS:
        return None
    _, passing = spread.passing
    low = FEW / different
    cosines = [float(spread.scores[np.flatnonzero(passing <= rate)[0]]) for rate in (low, 10 * low)]
    step = cosines[0] - cosines[1]
    return Tail(cosines[0], low, step) if step > 0 else None


def _false_rejects(spread: Spread, threshold: float) -> float | None:
    same, _ = spread.pairs
    if same < ENOUGH_OF_ONE:
        return None
    return float(spread.same[spread.scores < threshold].sum()) / same


Pair = tuple[float, int, int]


def _present(gallery: Gallery, lanes: Sequence[str]) -> NDArray[np.float32]:
    """Who (rows) is searched on which lane (columns), 1 or 0; without lanes everybody is on one."""
    present = np.ones((len(gallery.subjects), max(1, len(lanes))), np.float32)
    for column, lane in enumerate(lanes):
        reach = gallery.by_lane.get(lane, gallery.everywhere)
        if reach.rows is not None:
            present[:, column] = 0
            present[reach.owners, column] = 1
    return present


def _compare(gallery: Gallery, alike: float, most: int, present: NDArray[np.float32]) -> tuple[Spread, list[Pair], int]:
    """The spread of all pairs, the `most` most alike two people (at least the first) and how many reach `alike`.

    Two people who meet on no lane (`present`) are never taken for one another and are no such pair.
    """
    counts = np.zeros((2, BINS), np.int64)
    households = {subject.household: number for number, subject in enumerate(gallery.subjects)}
    home = np.array([households[subject.household] for subject in gallery.subjects], np.intp)
    matrix, starts = gallery.by_person()
    owners = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(matrix)))
    best: list[Pair] = []
    found = 0
    for first, last in _blocks(starts, len(matrix)):
        rows = slice(*np.searchsorted(owners, [first, last]))
        scores = (matrix[rows] @ matrix.T).clip(-1.0, 1.0)
        later = np.arange(len(owners)) > np.arange(rows.start, rows.stop)[:, None]
        same = owners[rows, None] == owners
        strangers = home[owners[rows], None] != home[owners]
        cells = ((scores + 1) * ((BINS - 1) / 2)).round().astype(np.int32)
        for which, chosen in enumerate((later & same, later & strangers)):
            counts[which] += np.bincount(cells[chosen], minlength=BINS)
        people = _by_person(scores, starts, starts[first:last] - rows.start)
        people[np.arange(len(gallery.subjects)) <= np.arange(first, last)[:, None]] = -2.0
        people[present[first:last] @ present.T == 0] = -2.0
        found += int((people >= alike).sum())
        floor = np.partition(people, people.size - min(most, people.size), axis=None)[
            people.size - min(most, people.size)
        ]
        one, other = np.nonzero((people >= floor) & (people > -2.0))
        near = zip(people[one, other].tolist(), (one + first).tolist(), other.tolist(), strict=True)
        best = heapq.nlargest(most, [*best, *near])
    return Spread(*counts), best, found


def _by_person(scores: NDArray[np.float32], starts: NDArray[np.intp], mine: NDArray[np.intp]) -> NDArray[np.float32]:
    across = np.maximum.reduceat(scores, starts, axis=1)
    return np.asarray(np.maximum.reduceat(across, mine, axis=0), np.float32)


def _blocks(starts: NDArray[np.intp], count: int) -> Iterator[tuple[int, int]]:
    """First and last (exclusive) subject of blocks of about `BLOCK` templates."""
    ends = np.append(starts[1:], count)
    first = 0
    while first < len(starts):
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + BLOCK, side="right")))
        yield first, last
        first = last


def _alike(gallery: Gallery, pair: Pair, similar: float) -> Alike:
    score, *two = pair
    one, other = (gallery.subjects[index] for index in two)
    photos = np.bincount(gallery.everywhere.owners, minlength=len(gallery.subjects))[two].min()
    advice = Advice.PHOTOS if photos < MANY_PHOTOS else Advice.CREDENTIAL
    if score >= similar:
        advice = Advice.TWICE
    return Alike(one.id, other.id, score, one.household == other.household, advice)
