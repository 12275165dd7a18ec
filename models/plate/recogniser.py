"""The whole way from a picture to plates that are read and checked against the grammar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.plate.grammar import classify, normalise
from models.plate.rectify import rectify
from models.roles import FoundPlate, PlateFinder, PlateReader
from models.sighting import Box, Picture, PlateColour, PlateKind, PlateSighting
from models.surroundings import cut

MIN_HEIGHT_PX = 6.0
"""A plate lower than this has fewer pixels per character than a character has strokes: it is not read."""

TWO_ROWS_BELOW = 2.6
"""A plate of two rows is 2 times as wide as high (GA 36-2018: 440 x 220 mm), one of one row 3.1 times or more; between
them stands what the angle of the camera makes of either."""


SURROUNDINGS = 2.2
"""The closer look takes in a square of so many times the plate's longer side."""

SAME = 0.3
"""Overlap from which the plate of the closer look is the one that was meant."""


class PlatePipeline:
    """A finder, the rectifying and a reader in a row; safe to call from several threads at once.

    A plate is small in a picture that was scaled down to be searched, and its corners decide how well it is read:
    `closer`, where there is one, looks for them again in the picture's own pixels around each plate, and has the last
    word on whether there is one.
    """

    def __init__(self, finder: PlateFinder, reader: PlateReader, closer: PlateFinder | None = None) -> None:
        self._finder = finder
        self._reader = reader
        self._closer = closer

    def see(self, picture: Picture) -> Sequence[PlateSighting]:
        """Every plate in the picture, read, largest first; one too small to read is left out."""
        found = [plate for plate in self._finder.find(picture) if plate.box.height >= MIN_HEIGHT_PX]
        near = [self._look_closer(picture, plate) for plate in found]
        seen = [self._read(picture, plate) for plate in near if plate]
        return sorted(_once_each(seen), key=lambda plate: plate.box.width * plate.box.height, reverse=True)

    def read(self, picture: Picture) -> PlateSighting:
        """The picture as one plate from edge to edge, read without looking for it; `found` is 1.

        It goes through the same rectifying as a plate that was found, so that the reader has the border that it knows:
        on 491 crops of 94 x 24 pixels a border of repeated edges reads as well as none (91.9 % exact both ways).
        """
        height, width = picture.shape[:2]
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        plate = FoundPlate(Box(0, 0, width, height), corners, 1, 1.0)
        sighting = self._read(picture, plate)
        if width >= TWO_ROWS_BELOW * height:
            return sighting
        stacked = self._read(picture, replace(plate, rows=2))
        return max(sighting, stacked, key=lambda one: (one.kind is not None, one.sure))

    def _look_closer(self, picture: Picture, plate: FoundPlate) -> FoundPlate | None:
        """The plate as the closer look sees it; None where it sees none there: patterns pass for plates from afar."""
        if self._closer is None:
            return plate
        part, left, top = cut(picture, plate.box, SURROUNDINGS)
        again = [(seen.box.moved(left, top), seen) for seen in self._closer.find(part)]
        same = [(box.overlap(plate.box), box, seen) for box, seen in again if box.overlap(plate.box) >= SAME]
        if not same:
            return None
        _, box, best = max(same, key=lambda one: one[0])
        return replace(best, box=box, corners=best.corners + np.array([left, top], np.float32))

    def _read(self, picture: Picture, plate: FoundPlate) -> PlateSighting:
        reading = self._reader.read(rectify(picture, plate.corners), plate.rows)
        text = normalise(reading.text)
        kind = classify(text, reading.colour)
        colour = PlateColour.YELLOW_GREEN if kind is PlateKind.NEW_ENERGY_LARGE else reading.colour
        return PlateSighting(
            box=plate.box,
            corners=plate.corners,
            rows=plate.rows,
            found=plate.found,
            text=text,
            confidences=reading.confidences,
            colour=colour,
            kind=kind,
        )


def _once_each(seen: Sequence[PlateSighting]) -> list[PlateSighting]:
    """Of sightings that a closer look has brought onto one plate, the surest."""
    kept: list[PlateSighting] = []
    for plate in sorted(seen, key=lambda plate: plate.sure, reverse=True):
        if all(plate.box.overlap(other.box) < SAME for other in kept):
            kept.append(plate)
    return kept
