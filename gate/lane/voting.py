"""The vote of a vehicle's readings: one election per character, never an average that hides one bad character."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from enrollment.plate_match import Votes
from models.plate.grammar import classify
from models.sighting import PlateColour, PlateKind, PlateSighting

CLEAR_HEIGHT_PX = 22.0
"""A row this high on the picture counts fully; a smaller one less, since that is where the reader fails first."""

TRUST = 5
"""A reading counts with its weakest character to this power, much as measurements count with the inverse of their
variance: p (1 - p) falls 13-fold from 0.5 to 0.98, and from 0.8 to 0.95 3-fold. With the square, what was blurred from
afar held up the plates that came clear by a second and more: of 77 cars at 25 pictures a second the last was let in
after 2.4 s, and after 1.0 s with this; no wrong one either way."""

CLEAR = 0.5
"""A reading whose weakest character is surer than this says what it says and not what it might."""


@dataclass(frozen=True, slots=True)
class Elected:
    """Who won at each position and who came next, the colour, and the kind of the winning text."""

    votes: tuple[Votes, ...]
    colour: PlateColour
    kind: PlateKind | None
    clear: Mapping[str, int]
    """How often each text was read with every character at least half sure."""

    @property
    def text(self) -> str:
        """The winners."""
        return "".join(vote.first for vote in self.votes)

    @property
    def confidences(self) -> tuple[float, ...]:
        """The winner's share of the votes at each position, 0 to 1."""
        return tuple(vote.share for vote in self.votes)


class PlateVote:
    """Readings of one vehicle's plate.

    A reading votes at each position with its confidence in that character, weighted by its weakest character (`TRUST`)
    and by the plate's height: what was blurred from afar is soon outvoted by what is clear from near, and how many
    clear readings said the same is counted apart, so that one of them is never enough. Readings of another length count
    against every position, so that a plate cut short cannot win.
    """

    def __init__(self) -> None:
        self._weights: dict[int, float] = defaultdict(float)
        self._votes: dict[int, list[dict[str, float]]] = {}
        self._colours: dict[PlateColour, float] = defaultdict(float)
        self._clear: Counter[str] = Counter()
        self.readings = 0

    def add(self, sighting: PlateSighting) -> None:
        """Count one reading; a sighting without characters counts nothing."""
        length = len(sighting.text)
        if length == 0:
            return
        self.readings += 1
        height = sighting.box.height / sighting.rows
        weakest = min(sighting.confidences)
        weight = weakest**TRUST * min(1.0, height / CLEAR_HEIGHT_PX)
        self._clear[sighting.text] += weakest >= CLEAR
        self._weights[length] += weight
        self._colours[sighting.colour] += weight
        positions = self._votes.setdefault(length, [defaultdict(float) for _ in range(length)])
        for votes, character, confidence in zip(positions, sighting.text, sighting.confidences, strict=True):
            votes[character] += weight * confidence

    def elect(self) -> Elected:
        """The winner so far; empty and of unknown colour before the first reading."""
        total = sum(self._weights.values())
        if total <= 0:
            return Elected((), PlateColour.UNKNOWN, None, {})
        length = max(self._weights, key=lambda n: (self._weights[n], n))
        votes = tuple(_counted(cast, total) for cast in self._votes[length])
        colour = max(self._colours, key=lambda c: (self._colours[c], c))
        return Elected(votes, colour, classify("".join(vote.first for vote in votes), colour), dict(self._clear))


def _counted(cast: Mapping[str, float], total: float) -> Votes:
    """The two characters with most of a position's votes, as shares of all that was cast for the plate."""
    best = sorted(cast, key=lambda character: (cast[character], character), reverse=True)[:2]
    shares = [min(1.0, cast[character] / total) for character in best]
    return Votes(best[0], shares[0]) if len(best) == 1 else Votes(best[0], shares[0], best[1], shares[1])
