"""Reading a rectified plate: characters with a confidence each, and the colour."""

from __future__ import annotations

import cv2
import numpy as np

from models.errors import ModelCorrupt
from models.plate.rectify import side_by_side
from models.preprocess import Normalisation
from models.roles import PlateReading
from models.session import Session, Tensor
from models.sighting import Picture, PlateColour

WIDTH, HEIGHT = 168, 48

SYMBOLS = (
    "#京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新学警港澳挂使领民航危"
    "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ险品"
)
"""What the network's classes mean, in its own order; the first is CTC's blank. There is no letter O and no I."""

BLANK = 0

COLOURS = (PlateColour.BLACK, PlateColour.BLUE, PlateColour.GREEN, PlateColour.WHITE, PlateColour.YELLOW)
"""The classes of the colour output, in the network's order."""


class ColourReader:
    """Reads one or two rows with the 21-step CTC network that also tells the colour."""

    def __init__(self, session: Session, normalisation: Normalisation) -> None:
        if len(session.outputs) != 2:
            raise ModelCorrupt("models.wrong_outputs", name=session.name, outputs=len(session.outputs))
        self._session = session
        self._normalisation = normalisation

    def read(self, plate: Picture, rows: int) -> PlateReading:
        """The reading of a rectified plate picture of one or two rows; a plate without characters reads as ""."""
        line = side_by_side(plate) if rows == 2 else plate
        how = cv2.INTER_AREA if line.shape[1] > 2 * WIDTH else cv2.INTER_LINEAR
        sized = np.asarray(cv2.resize(line, (WIDTH, HEIGHT), interpolation=how), dtype=np.uint8)
        characters, colours = self._session.run(self._normalisation.tensor(sized))
        text, confidences = decode(softmax(characters[0]))
        return PlateReading(text, confidences, COLOURS[int(colours[0].argmax())])


def decode(chances: Tensor) -> tuple[str, tuple[float, ...]]:
    """The best path through steps x symbols chances (CTC: repeats join, blanks part them).

    The confidence of a character is the highest chance among the neighbouring steps that voted for it.
    """
    text: list[str] = []
    confidences: list[float] = []
    before = BLANK
    for step, symbol in zip(chances, chances.argmax(axis=1), strict=True):
        chance = min(1.0, float(step[symbol]))
        if symbol == before and symbol != BLANK:
            confidences[-1] = max(confidences[-1], chance)
        elif symbol != BLANK:
            text.append(SYMBOLS[symbol])
            confidences.append(chance)
        before = int(symbol)
    return "".join(text), tuple(confidences)


def softmax(scores: Tensor) -> Tensor:
    """Scores as chances that sum to 1 along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float32)
