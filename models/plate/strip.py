"""What all plate readers share: a rectified plate as one strip of fixed size, and the check of what comes out."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from models.errors import ModelCorrupt
from models.plate.rectify import side_by_side
from models.preprocess import Normalisation
from models.roles import PlateReading
from models.session import Session, Tensor
from models.sighting import Picture, PlateColour

HEIGHT = 48
"""Pixels down of every strip."""

GREY = 127
"""A strip of this grey tries a network out before any plate is read."""


class StripReader:
    """Reads one or two rows with a network that gives the characters first and the colour second.

    A kind of network says how wide its strip is, what its classes mean and how its characters are decoded.

    Raises:
        ModelCorrupt: `models.wrong_outputs` where the network has not two outputs, `models.wrong_shape` where it does
            not take such a strip, `models.wrong_classes` where it knows other symbols or colours than this program.
    """

    width: ClassVar[int]
    """Pixels across of the strip."""
    symbols: ClassVar[str]
    """What the classes of a character mean; the first is no character."""
    colours: ClassVar[tuple[PlateColour, ...]]
    """What the classes of the colour mean."""
    steps: ClassVar[int]
    """How many places the network gives chances for."""

    def __init__(self, session: Session, normalisation: Normalisation) -> None:
        if len(session.outputs) != 2:
            raise ModelCorrupt("models.wrong_outputs", name=session.name, outputs=len(session.outputs))
        self._session = session
        self._normalisation = normalisation
        characters, colours = self._run(np.full((HEIGHT, self.width, 3), GREY, np.uint8))
        given = (*characters.shape, *colours.shape)
        wanted = (self.steps, len(self.symbols), len(self.colours))
        if given != wanted:
            raise ModelCorrupt("models.wrong_classes", name=session.name, given=given, wanted=wanted)

    def read(self, plate: Picture, rows: int) -> PlateReading:
        """The reading of a rectified plate picture of one or two rows; a plate without characters reads as ""."""
        line = side_by_side(plate) if rows == 2 else plate
        how = cv2.INTER_AREA if line.shape[1] > 2 * self.width else cv2.INTER_LINEAR
        sized = np.asarray(cv2.resize(line, (self.width, HEIGHT), interpolation=how), dtype=np.uint8)
        characters, colours = self._run(sized)
        text, confidences = self._decode(softmax(characters))
        return PlateReading(text, confidences, self.colours[int(colours.argmax())])

    def _run(self, strip: Picture) -> tuple[Tensor, Tensor]:
        characters, colours = self._session.run(self._normalisation.tensor(strip))
        return characters[0], colours[0]

    def _decode(self, chances: Tensor) -> tuple[str, tuple[float, ...]]:
        """The text of steps x symbols chances, and a confidence (0 to 1) for each of its characters."""
        raise NotImplementedError


def softmax(scores: Tensor) -> Tensor:
    """Scores as chances that sum to 1 along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float32)
