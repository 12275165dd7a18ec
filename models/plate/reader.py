"""Reading a rectified plate with the CTC network that also tells the colour."""

from __future__ import annotations

from models.plate.strip import StripReader
from models.session import Tensor
from models.sighting import PlateColour

SYMBOLS = (
    "#京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新学警港澳挂使领民航危"
    "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ险品"
)
"""What the network's classes mean, in its own order; the first is CTC's blank. There is no letter O and no I."""

BLANK = 0

COLOURS = (PlateColour.BLACK, PlateColour.BLUE, PlateColour.GREEN, PlateColour.WHITE, PlateColour.YELLOW)
"""The classes of the colour output, in the network's order."""


class ColourReader(StripReader):
    """Reads one or two rows in 21 steps of CTC."""

    width = 168
    symbols = SYMBOLS
    colours = COLOURS
    steps = 21

    def _decode(self, chances: Tensor) -> tuple[str, tuple[float, ...]]:
        return decode(chances)


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
