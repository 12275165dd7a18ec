from collections import Counter

import numpy as np
import pytest

from models.plate.grammar import PROVINCES, RULES, classify, normalise
from models.sighting import PlateColour, PlateKind
from models.training.plate_texts import FORMS, LOOKALIKES, any_plate, sequence

KINDS = {
    "green": PlateKind.NEW_ENERGY_SMALL,
    "green-large": PlateKind.NEW_ENERGY_LARGE,
    "trailer": PlateKind.TRAILER,
    "trailer-two": PlateKind.TRAILER,
    "coach": PlateKind.COACH,
    "police": PlateKind.POLICE,
    "cross-border": PlateKind.CROSS_BORDER,
    "embassy": PlateKind.EMBASSY,
    "consulate": PlateKind.CONSULATE,
    "armed": PlateKind.ARMED_POLICE,
    "military": PlateKind.MILITARY,
    "emergency": PlateKind.EMERGENCY,
    "aviation": PlateKind.CIVIL_AVIATION,
}


@pytest.mark.parametrize(("form", "kind"), KINDS.items())
def test_each_form_is_a_plate_of_its_kind_by_the_grammar(form: str, kind: PlateKind) -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        drawn = FORMS[form][1](rng, form)
        assert classify(drawn.text, drawn.colour) is kind, drawn.text
        assert normalise(drawn.text) == drawn.text


def test_every_kind_of_the_grammar_is_drawn() -> None:
    rng = np.random.default_rng(2)
    kinds = {classify(drawn.text, drawn.colour) for drawn in (any_plate(rng) for _ in range(4000))}
    assert {rule.kind for rule in RULES} <= kinds


def test_provinces_stand_in_balance() -> None:
    rng = np.random.default_rng(3)
    first = Counter(any_plate(rng).text[0] for _ in range(8000))
    counts = [first[province] for province in PROVINCES if province != "粤"]
    assert max(counts) < 2 * min(counts)


def test_lookalikes_are_drawn_more_often_than_the_rest() -> None:
    rng = np.random.default_rng(4)
    counts = Counter("".join(sequence(rng, 5) for _ in range(8000)))
    assert min(counts[sign] for sign in "QGZ") > max(counts[sign] for sign in "MKX")
    assert set(LOOKALIKES) <= set(counts)
    assert not {"I", "O"} & set(counts)


def test_the_same_generator_draws_the_same_plate() -> None:
    one, other = (any_plate(np.random.default_rng(5)) for _ in range(2))
    assert one == other
    assert isinstance(one.colour, PlateColour)
