"""The whole way from a picture to plates that are read and checked against the grammar."""

from __future__ import annotations

from collections.abc import Sequence

from models.plate.grammar import classify, normalise
from models.plate.rectify import rectify
from models.roles import FoundPlate, PlateFinder, PlateReader
from models.sighting import Picture, PlateColour, PlateKind, PlateSighting

MIN_HEIGHT_PX = 6.0
"""A plate lower than this has fewer pixels per character than a character has strokes: it is not read."""


class PlatePipeline:
    """A finder, the rectifying and a reader in a row; safe to call from several threads at once."""

    def __init__(self, finder: PlateFinder, reader: PlateReader) -> None:
        self._finder = finder
        self._reader = reader

    def see(self, picture: Picture) -> Sequence[PlateSighting]:
        """Every plate in the picture, read, largest first; one too small to read is left out."""
        found = [plate for plate in self._finder.find(picture) if plate.box.height >= MIN_HEIGHT_PX]
        found.sort(key=lambda plate: plate.box.width * plate.box.height, reverse=True)
        return [self._read(picture, plate) for plate in found]

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
