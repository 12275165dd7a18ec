"""Plates to draw: every kind of the grammar, provinces and lookalikes in balance. All numbers are drawn by lot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from models.plate.grammar import MOST_LETTERS, NEW_ENERGY, PROVINCES
from models.sighting import PlateColour

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"

LOOKALIKES = "0DQ8B2Z5S17TG6C"
"""What readers mix up: drawn so often that each meets its like many times."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plate to draw: its text, its colour and how many rows it has; `form` names its layout and paint."""

    text: str
    colour: PlateColour
    rows: int
    form: str


def any_plate(rng: np.random.Generator) -> Drawn:
    """A plate of a kind drawn by the weights of `FORMS`."""
    form = str(rng.choice(_NAMES, p=_WEIGHTS))
    return FORMS[form][1](rng, form)


def sequence(rng: np.random.Generator, length: int) -> str:
    """Digits and at most `MOST_LETTERS` letters, lookalikes and plain ones, in any places."""
    signs = ""
    for _ in range(length):
        lot = rng.random()
        full = sum(sign in LETTERS for sign in signs) >= MOST_LETTERS
        pool = DIGITS if full else LOOKALIKES if lot < 0.25 else DIGITS if lot < 0.7 else LETTERS
        signs += pool[rng.integers(len(pool))]
    return "".join(signs[place] for place in rng.permutation(length))


def region(rng: np.random.Generator) -> str:
    """A province and its issuing letter; O lives on in a few."""
    letters = LETTERS + "O"
    return PROVINCES[rng.integers(len(PROVINCES))] + letters[rng.integers(len(letters))]


def _digits(rng: np.random.Generator, length: int) -> str:
    return "".join(DIGITS[i] for i in rng.integers(10, size=length))


def _letter(rng: np.random.Generator, letters: str = LETTERS) -> str:
    return letters[rng.integers(len(letters))]


def _car(colour: PlateColour, rows: int = 1, last: str = "") -> Callable[[np.random.Generator, str], Drawn]:
    def draw(rng: np.random.Generator, form: str) -> Drawn:
        return Drawn(region(rng) + sequence(rng, 5 - len(last)) + last, colour, rows, form)

    return draw


def _green(rng: np.random.Generator, form: str) -> Drawn:
    kind = "DF"[rng.integers(2)] if rng.random() < 0.5 else _letter(rng, NEW_ENERGY)
    second = _letter(rng) if rng.random() < 0.3 else _digits(rng, 1)
    return Drawn(region(rng) + kind + second + _digits(rng, 4), PlateColour.GREEN, 1, form)


def _green_large(rng: np.random.Generator, form: str) -> Drawn:
    return Drawn(region(rng) + _digits(rng, 5) + _letter(rng, NEW_ENERGY), PlateColour.YELLOW_GREEN, 1, form)


def _cross_border(rng: np.random.Generator, form: str) -> Drawn:
    return Drawn("粤Z" + sequence(rng, 4) + "港澳"[rng.integers(2)], PlateColour.BLACK, 1, form)


def _embassy(rng: np.random.Generator, form: str) -> Drawn:
    number = _digits(rng, 6)
    return Drawn("使" + number if rng.random() < 0.6 else number + "使", PlateColour.BLACK, 1, form)


def _consulate(rng: np.random.Generator, form: str) -> Drawn:
    return Drawn(region(rng) + sequence(rng, 4) + "领", PlateColour.BLACK, 1, form)


def _armed(rng: np.random.Generator, form: str) -> Drawn:
    where = "警" if rng.random() < 0.15 else PROVINCES[rng.integers(len(PROVINCES))]
    where = "" if rng.random() < 0.15 else where
    last = _letter(rng, "XBTDSHJ") if rng.random() < 0.3 else _digits(rng, 1)
    return Drawn("WJ" + where + _digits(rng, 4) + last, PlateColour.WHITE, 1, form)


def _military(rng: np.random.Generator, form: str) -> Drawn:
    return Drawn(_letter(rng) + _letter(rng) + _digits(rng, 5), PlateColour.WHITE, 1, form)


def _emergency(rng: np.random.Generator, form: str) -> Drawn:
    province = PROVINCES[rng.integers(len(PROVINCES))]
    return Drawn(province + "XS"[rng.integers(2)] + sequence(rng, 4) + "应急", PlateColour.WHITE, 1, form)


def _aviation(rng: np.random.Generator, form: str) -> Drawn:
    return Drawn("民航" + _letter(rng) + sequence(rng, 4), PlateColour.GREEN, 1, form)


FORMS: Mapping[str, tuple[float, Callable[[np.random.Generator, str], Drawn]]] = {
    "blue": (0.36, _car(PlateColour.BLUE)),
    "green": (0.14, _green),
    "green-large": (0.04, _green_large),
    "yellow": (0.07, _car(PlateColour.YELLOW)),
    "yellow-two": (0.10, _car(PlateColour.YELLOW, rows=2)),
    "trailer-two": (0.02, _car(PlateColour.YELLOW, rows=2, last="挂")),
    "trailer": (0.01, _car(PlateColour.YELLOW, last="挂")),
    "coach": (0.04, _car(PlateColour.YELLOW, last="学")),
    "police": (0.04, _car(PlateColour.WHITE, last="警")),
    "blue-two": (0.01, _car(PlateColour.BLUE, rows=2)),
    "cross-border": (0.03, _cross_border),
    "black": (0.02, _car(PlateColour.BLACK)),
    "embassy": (0.02, _embassy),
    "consulate": (0.02, _consulate),
    "armed": (0.02, _armed),
    "military": (0.02, _military),
    "emergency": (0.03, _emergency),
    "aviation": (0.01, _aviation),
}
"""How often each form is drawn, and by what."""

_NAMES = list(FORMS)
_WEIGHTS = np.array([weight for weight, _ in FORMS.values()]) / sum(weight for weight, _ in FORMS.values())
