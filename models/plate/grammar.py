"""The grammar of Chinese number plates: which texts can be a plate, and of what kind.

Sources: GA 36-2018 for the forms and their colours. A sequence is digits and capital letters without I and O, at most
two of them letters whatever kind of plate it stands on, which also turns away most of what a reader makes of railings
(`甘HHHHHW`, `甘HHHH挂`). Repeated digits as in `川111111` have no issuing letter and fall out too, while `川A11111` is
a plate like any other: only thresholds and votes can tell that one from a misreading. The letter O lives on as an
issuing letter (`粤O`). Forms that a plate cut short would also have (an armed police plate of four digits), the plates
of Hong Kong and Macau themselves and provincial ones are left out on purpose: what is not sure is the guard's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from models.sighting import PlateColour, PlateKind

PROVINCES = "京津沪渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
"""The 31 short names of the provinces, autonomous regions and municipalities."""

LETTERS = "A-HJ-NP-Z"
"""Letters of a sequence: neither I nor O, which would pass for digits."""

NEW_ENERGY = "DABCEFGHJK"
"""What marks new energy: D A B C E are driven by the battery alone, F G H J K by an engine too."""

MOST_LETTERS = 2
"""So many letters stand in a sequence at most (GA 36-2018)."""

_REGION = f"[{PROVINCES}][A-HJ-Z]"
_SIGN = f"[0-9{LETTERS}]"
_SEPARATORS = re.compile(r"[\s·•・‧∙⋅●.\-_,:/'|]+")
_C = PlateColour


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of plate: its form, its colours, and where its sequence begins and ends for the count of letters."""

    kind: PlateKind
    form: re.Pattern[str]
    colours: frozenset[PlateColour]
    sequence: slice

    def fits(self, text: str) -> bool:
        """Whether the text has this form, whatever the colour."""
        if not self.form.fullmatch(text):
            return False
        return sum(sign.isalpha() for sign in text[self.sequence]) <= MOST_LETTERS


def _rule(kind: PlateKind, form: str, *colours: PlateColour, sequence: slice = slice(2, 6)) -> Rule:
    return Rule(kind, re.compile(form), frozenset(colours), sequence)


RULES = (
    _rule(PlateKind.CROSS_BORDER, rf"粤Z{_SIGN}{{4}}[港澳]", _C.BLACK),
    _rule(PlateKind.CAR, rf"{_REGION}{_SIGN}{{5}}", _C.BLUE, _C.YELLOW, _C.BLACK, _C.WHITE, sequence=slice(2, 7)),
    _rule(PlateKind.NEW_ENERGY_SMALL, rf"{_REGION}[{NEW_ENERGY}]{_SIGN}[0-9]{{4}}", _C.GREEN, sequence=slice(2, 8)),
    # Not every reader knows yellow-green: to the others such a plate is green or yellow.
    _rule(
        PlateKind.NEW_ENERGY_LARGE,
        rf"{_REGION}[0-9]{{5}}[{NEW_ENERGY}]",
        *(_C.YELLOW_GREEN, _C.GREEN, _C.YELLOW),
        sequence=slice(2, 8),
    ),
    _rule(PlateKind.TRAILER, rf"{_REGION}{_SIGN}{{4}}挂", _C.YELLOW),
    _rule(PlateKind.COACH, rf"{_REGION}{_SIGN}{{4}}学", _C.YELLOW),
    _rule(PlateKind.POLICE, rf"{_REGION}{_SIGN}{{4}}警", _C.WHITE),
    _rule(PlateKind.ARMED_POLICE, rf"WJ[{PROVINCES}警]?[0-9]{{4}}{_SIGN}", _C.WHITE),
    _rule(PlateKind.MILITARY, rf"[{LETTERS}]{{2}}[0-9]{{5}}", _C.WHITE),
    _rule(PlateKind.EMBASSY, r"使[0-9]{6}|[0-9]{6}使", _C.BLACK),
    _rule(PlateKind.CONSULATE, rf"{_REGION}{_SIGN}{{4}}领", _C.BLACK),
    _rule(PlateKind.EMERGENCY, rf"[{PROVINCES}][XS]{_SIGN}{{4}}应急", _C.WHITE),
    _rule(PlateKind.CIVIL_AVIATION, rf"民航[{LETTERS}]{_SIGN}{{4}}", _C.GREEN, sequence=slice(3, 7)),
)
"""The table of kinds. Tractors, low-speed vehicles and paper plates follow provincial forms and belong to the guard."""


def normalise(text: str) -> str:
    """The text as it is stored and compared: half-width capitals without separators.

    O and I become 0 and 1 where only a sequence can stand, and a 0 in the place of the issuing letter becomes O.
    Normalising twice changes nothing more.
    """
    # One sign at a time, for a separator that goes must not let its neighbours melt into another sign.
    folded = _SEPARATORS.sub("", "".join(unicodedata.normalize("NFKC", sign).upper() for sign in text))
    head, tail = folded[:2], folded[2:]
    if len(head) == 2 and head[0] in PROVINCES and head[1] == "0":
        head = head[0] + "O"
    return head + tail.replace("O", "0").replace("I", "1")


def classify(text: str, colour: PlateColour) -> PlateKind | None:
    """The kind of a normalised plate text of that colour, None where no rule fits.

    The length must agree with the colour: seven characters on green are a new-energy plate that lost one. With an
    unknown colour the form alone decides.
    """
    for rule in RULES:
        if (colour is PlateColour.UNKNOWN or colour in rule.colours) and rule.fits(text):
            return rule.kind
    return None
