"""Which character is read as which: texts aligned by the fewest edits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NOTHING = ""
"""Stands where one of the texts has no character."""

Pairing = tuple[str, str]
"""A character that stands on the plate and the one read in its place."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """A character read as another, or as nothing, so many times."""

    plate: str
    read: str
    times: int


def align(plate: str, read: str) -> list[Pairing]:
    """Each character of the plate beside the one read in its place, in order, with the fewest unequal pairs.

    A character left out stands beside "", one put in has "" beside it (Levenshtein). Of several such alignments the
    one with most characters facing each other, from the end, is taken.
    """
    costs = [list(range(len(read) + 1))]
    for i, left in enumerate(plate, 1):
        row = [i]
        for j, right in enumerate(read, 1):
            row.append(min(costs[i - 1][j] + 1, row[j - 1] + 1, costs[i - 1][j - 1] + (left != right)))
        costs.append(row)
    pairs = []
    i, j = len(plate), len(read)
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + (plate[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((plate[i], read[j]))
        elif i and costs[i][j] == costs[i - 1][j] + 1:
            i -= 1
            pairs.append((plate[i], NOTHING))
        else:
            j -= 1
            pairs.append((NOTHING, read[j]))
    return pairs[::-1]


def edits(plate: str, read: str) -> int:
    """How many characters must be put in, taken out or changed to make one text the other (Levenshtein)."""
    return sum(one != other for one, other in align(plate, read))


def table(readings: Iterable[tuple[str, str]]) -> Mapping[str, Mapping[str, int]]:
    """How often each character of the plates was read as which, itself among them, over (plate, read) texts."""
    counts: dict[str, Counter[str]] = {}
    for plate, read in readings:
        for one, other in align(plate, read):
            counts.setdefault(one, Counter())[other] += 1
    return {one: dict(sorted(counts[one].items())) for one in sorted(counts)}


def most_frequent(counts: Mapping[str, Mapping[str, int]], most: int) -> list[Confusion]:
    """The misreadings of a table, the most frequent first, `most` of them at most."""
    wrong = [
        Confusion(one, other, times)
        for one, others in counts.items()
        for other, times in others.items()
        if one != other
    ]
    return sorted(wrong, key=lambda confusion: (-confusion.times, confusion.plate, confusion.read))[:most]
