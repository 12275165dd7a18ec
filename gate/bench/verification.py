"""How well scores tell pairs of the same person from pairs of two: accuracy over folds, and true accepts at a rate."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Truths = NDArray[np.bool_]

BINS = 20_001
"""Cells that cosines from -1 to 1 are counted in, each 1e-4 wide."""

FEW = 10
"""With fewer false pairs than this above it, a threshold is a matter of chance and no rate is given for it."""

BLOCK = 1024
"""Rows that are compared with all others at a time: 1,024 x 20,000 scores take 80 MB."""

FOLDS = 10
"""As LFW's protocol has it: the threshold comes from nine parts and is tried on the tenth."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures, and whether they show one person."""

    first: Path
    second: Path
    same: bool


@dataclass(frozen=True, slots=True)
class Operating:
    """The share of true pairs (0 to 1) above the threshold that lets at most a given share of false ones pass."""

    tar: float
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How many pairs of one person and of two fall in each cell of the cosines from -1 to 1 (`BINS` int64 counts)."""

    same: NDArray[np.int64]
    different: NDArray[np.int64]

    @property
    def pairs(self) -> tuple[int, int]:
        """Pairs of one person, and of two."""
        return int(self.same.sum()), int(self.different.sum())

    @property
    def scores(self) -> Scores:
        """The middle of each cell."""
        return np.linspace(-1, 1, BINS)

    @property
    def passing(self) -> tuple[Scores, Scores]:
        """The share of pairs of one person, and of two, that score in each cell or above it."""
        true, false = (counts[::-1].cumsum()[::-1] / max(1, counts.sum()) for counts in (self.same, self.different))
        return true, false

    def at(self, far: float) -> Operating | None:
        """True accepts at the lowest threshold that lets at most a share `far` of the false pairs pass.

        None where the pairs cannot tell: none of one person, a share that is less than `FEW` of the false ones, or more
        false ones than that in the highest cell.
        """
        same, different = self.pairs
        if not same or far * different < FEW:
            return None
        true, false = self.passing
        below = np.flatnonzero(false <= far)
        if not len(below):
            return None
        cell = int(below[0])
        return Operating(float(true[cell]), float(self.scores[cell]))


def spread_of(embeddings: NDArray[np.float32], owners: NDArray[np.intp]) -> Spread:
    """Every pair of n embeddings (n x d, unit length or all zero where there is no face), by whose they are (n).

    A pair of which one has no face scores -1.
    """
    faceless = np.flatnonzero(np.abs(embeddings).max(axis=1) == 0)
    counts = np.zeros((2, BINS), np.int64)
    for start in range(0, len(embeddings), BLOCK):
        block = slice(start, start + BLOCK)
        scores = embeddings[block] @ embeddings.T
        scores[:, faceless] = -1
        scores[np.isin(np.arange(start, start + len(scores)), faceless)] = -1
        cells = ((scores.clip(-1, 1) + 1) * ((BINS - 1) / 2)).round().astype(np.int32)
        later = np.arange(len(embeddings)) > np.arange(start, start + len(cells))[:, None]
        same = owners[block, None] == owners
        for which, chosen in enumerate((later & same, later & ~same)):
            counts[which] += np.bincount(cells[chosen], minlength=BINS)
    return Spread(*counts)


def draw_pairs(people: Mapping[str, Sequence[Path]], count: int, generator: random.Random) -> list[Pair]:
    """`count` different pairs, same and different persons in turn, every person equally likely.

    People with one picture stand only in pairs of two persons. Fewer pairs come where there are not so many. Raises
    ValueError without a person of two pictures, or with fewer than two people.
    """
    names = sorted(people)
    several = [name for name in names if len(people[name]) > 1]
    if not several or len(names) < 2:
        raise ValueError("pairs need two people, one of them with two pictures")
    pairs: dict[frozenset[Path], Pair] = {}
    for _ in range(20 * count):
        if len(pairs) == count:
            break
        same = len(pairs) % 2 == 0
        if same:
            first, second = generator.sample(sorted(people[generator.choice(several)]), 2)
        else:
            one, other = generator.sample(names, 2)
            first, second = generator.choice(sorted(people[one])), generator.choice(sorted(people[other]))
        pairs.setdefault(frozenset((first, second)), Pair(first, second, same))
    return list(pairs.values())


def fold_accuracy(scores: Scores, truths: Truths) -> tuple[float, float]:
    """Mean and deviation over ten folds of the share of pairs told rightly, each fold with the others' threshold."""
    order = np.arange(len(scores))
    parts = [part for part in (order[order // 2 % FOLDS == fold] for fold in range(FOLDS)) if len(part)]
    shares = []
    for part in parts:
        others = np.setdiff1d(order, part) if len(parts) > 1 else part
        threshold = best_threshold(scores[others], truths[others])
        shares.append(float(((scores[part] >= threshold) == truths[part]).mean()))
    return float(np.mean(shares)), float(np.std(shares))


def best_threshold(scores: Scores, truths: Truths) -> float:
    """The score from which on pairs are best taken for the same person, halfway between two neighbouring scores."""
    order = np.argsort(scores)
    ranked, same = scores[order], truths[order]
    # With the cut before place i, the false pairs below it and the true pairs from it on are told rightly.
    right = np.concatenate([[0], np.cumsum(~same)]) + np.concatenate([[0], np.cumsum(same[::-1])])[::-1]
    parted = np.concatenate([[True], ranked[1:] > ranked[:-1], [True]])
    edges = np.concatenate([[ranked[0] - 1], (ranked[1:] + ranked[:-1]) / 2, [ranked[-1] + 1]])
    return float(edges[int(np.where(parted, right, -1).argmax())])


def operating_point(scores: Scores, truths: Truths, far: float) -> Operating:
    """The share of true pairs that score above all but a share of `far` of the false ones.

    The threshold comes from the very pairs that it is tried on, so the figure is a little kind.
    """
    false = np.sort(scores[~truths])[::-1]
    threshold = float(false[min(len(false) - 1, int(far * len(false)))])
    return Operating(float((scores[truths] > threshold).mean()), threshold)
