"""The vote of a vehicle's readings: one election per character, never an average that hides one bad character."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from models.plate.grammar import classify
from models.sighting import PlateColour, PlateKind, PlateSighting

CLEAR_HEIGHT_PX = 22.0
"""A row this high on the picture counts fully; a smaller one less, since that is where the reader fails first."""


@dataclass(frozen=True, slots=True)
class Elected:
    """The winning text with the winner's share of the votes at each position (0 to 1), colour and kind."""

    text: str
    confidences: tuple[float, ...]
    colour: PlateColour
    kind: PlateKind | None


class PlateVote:
    """Readings of one vehicle's plate.

    A reading votes at each position with its confidence in that character, weighted by its weakest character and by
    the plate's height. Readings of another length count against every position, so that a plate cut short cannot win.
    """

    def __init__(self) -> None:
        self._weights: dict[int, float] = defaultdict(float)
        self._votes: dict[int, list[dict[str, float]]] = {}
        self._colours: dict[PlateColour, float] = defaultdict(float)
        self.readings = 0

    def add(self, sighting: PlateSighting) -> None:
        """Count one reading; a sighting without characters counts nothing."""
        length = len(sighting.text)
        if length == 0:
            return
        self.readings += 1
        height = sighting.box.height / sighting.rows
        weight = min(sighting.confidences) * min(1.0, height / CLEAR_HEIGHT_PX)
        self._weights[length] += weight
        self._colours[sighting.colour] += weight
        positions = self._votes.setdefault(length, [defaultdict(float) for _ in range(length)])
        for votes, character, confidence in zip(positions, sighting.text, sighting.confidences, strict=True):
            votes[character] += weight * confidence

    def elect(self) -> Elected:
        """The winner so far; empty and of unknown colour before the first reading."""
        total = sum(self._weights.values())
        if total <= 0:
            return Elected("", (), PlateColour.UNKNOWN, None)
        length = max(self._weights, key=lambda n: (self._weights[n], n))
        text, shares = "", []
        for votes in self._votes[length]:
            winner = max(votes, key=lambda character: (votes[character], character))
            text += winner
            shares.append(min(1.0, votes[winner] / total))
        colour = max(self._colours, key=lambda c: (self._colours[c], c))
        return Elected(text, tuple(shares), colour, classify(text, colour))
