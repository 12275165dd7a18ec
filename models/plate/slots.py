"""Reading a rectified plate slot by slot, as the project's own reader does.

Each place of the text has an output of its own, so two equal neighbours are never taken for one character, and each
character has a confidence that owes nothing to the others.
"""

from __future__ import annotations

from models.plate.grammar import PROVINCES
from models.plate.strip import StripReader
from models.session import Tensor
from models.sighting import PlateColour

SLOTS = 8
"""The longest plates have eight characters: new energy, and emergency vehicles with `应急`."""

SYMBOLS = f"#{PROVINCES}学警港澳挂使领民航应急0123456789ABCDEFGHJKLMNOPQRSTUVWXYZ"
"""What the network's classes mean, in its own order; the first is no character. O stands only as an issuing letter."""

NOTHING = 0

COLOURS = (
    PlateColour.BLACK,
    PlateColour.BLUE,
    PlateColour.GREEN,
    PlateColour.WHITE,
    PlateColour.YELLOW,
    PlateColour.YELLOW_GREEN,
)
"""The classes of the colour output, in the network's order."""


class SlotReader(StripReader):
    """Reads one or two rows in eight slots."""

    width = 160
    symbols = SYMBOLS
    colours = COLOURS
    steps = SLOTS

    def _decode(self, chances: Tensor) -> tuple[str, tuple[float, ...]]:
        return decode(chances)


def decode(chances: Tensor) -> tuple[str, tuple[float, ...]]:
    """The likeliest symbol of each slot (slots x symbols chances), up to the first slot that holds nothing.

    The confidence of a character is the chance of its symbol in its slot.
    """
    text: list[str] = []
    confidences: list[float] = []
    for slot, symbol in zip(chances, chances.argmax(axis=1), strict=True):
        if symbol == NOTHING:
            break
        text.append(SYMBOLS[symbol])
        confidences.append(min(1.0, float(slot[symbol])))
    return "".join(text), tuple(confidences)
