"""The signs of our own reader: slot by slot, so that equal neighbours never melt into one."""

from __future__ import annotations

from models.session import Tensor
from models.sighting import PlateColour

SLOTS = 8
"""So many characters a plate has at most."""

SYMBOLS = (
    "#京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新学警港澳挂使领民航应急"
    "0123456789ABCDEFGHJKLMNOPQRSTUVWXYZ"
)
"""What the classes of a slot mean; the first is nothing. There is no letter I; O stands for an issuing letter."""

COLOURS = (
    PlateColour.BLACK,
    PlateColour.BLUE,
    PlateColour.GREEN,
    PlateColour.WHITE,
    PlateColour.YELLOW,
    PlateColour.YELLOW_GREEN,
)
"""The classes of the colour output, in the network's order."""


def decode(chances: Tensor) -> tuple[str, tuple[float, ...]]:
    """The likeliest sign of each slot up to the first that holds nothing, and how likely it is."""
    text: list[str] = []
    confidences: list[float] = []
    for slot in chances:
        best = int(slot.argmax())
        if best == 0:
            break
        text.append(SYMBOLS[best])
        confidences.append(min(1.0, float(slot[best])))
    return "".join(text), tuple(confidences)
