from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ModelCorrupt
from models.plate.reader import BLANK, SYMBOLS, ColourReader, decode
from models.preprocess import Normalisation
from models.session import Session, Tensor
from tests.models import made

CHARACTERS = SYMBOLS[1:]


def _path(steps: list[tuple[str, float]]) -> Tensor:
    """Chances in which each step votes for one symbol ("#" is the blank) with the given chance."""
    rows = np.zeros((len(steps), len(SYMBOLS)), np.float32)
    for row, (symbol, chance) in zip(rows, steps, strict=True):
        row[:] = (1 - chance) / (len(SYMBOLS) - 1)
        row[SYMBOLS.index(symbol)] = chance
    return rows


def test_the_alphabet_is_the_networks() -> None:
    assert len(SYMBOLS) == 78
    assert len(set(SYMBOLS)) == 78
    assert "O" not in SYMBOLS
    assert "I" not in SYMBOLS


def test_neighbours_join_and_the_surest_step_gives_the_confidence() -> None:
    text, sure = decode(_path([("辽", 0.6), ("辽", 0.9), ("#", 0.8), ("A", 0.5), ("A", 0.4)]))
    assert text == "辽A"
    assert sure == pytest.approx((0.9, 0.5))


def test_a_blank_parts_two_equal_characters() -> None:
    assert decode(_path([("8", 0.9), ("#", 0.9), ("8", 0.7)]))[0] == "88"
    assert decode(_path([("8", 0.9), ("8", 0.9), ("8", 0.7)]))[0] == "8"


def test_nothing_but_blanks_reads_as_nothing() -> None:
    assert decode(_path([("#", 0.9)] * 21)) == ("", ())


@given(st.lists(st.tuples(st.sampled_from(CHARACTERS), st.floats(0.3, 1)), max_size=10))
def test_a_text_with_a_blank_after_each_character_is_read_back(written: list[tuple[str, float]]) -> None:
    steps = [step for sign in written for step in (sign, (SYMBOLS[BLANK], 0.9))]
    text, sure = decode(_path(steps) if steps else np.zeros((0, len(SYMBOLS)), np.float32).reshape(0, 78))
    assert text == "".join(sign for sign, _ in written)
    assert sure == pytest.approx([chance for _, chance in written])


def test_a_network_that_tells_no_colour_is_refused(mean_network: bytes) -> None:
    with pytest.raises(ModelCorrupt) as refused:
        ColourReader(Session(mean_network, "means"), Normalisation("bgr", (0, 0, 0), (1, 1, 1)))
    assert refused.value.code == "models.wrong_outputs"


def test_a_network_with_another_alphabet_is_refused() -> None:
    outputs = {"steps": np.zeros((21, 77), np.float32), "colours": np.zeros(5, np.float32)}
    session = Session(made.constant_network(outputs, None, (48, 168)), "other")
    with pytest.raises(ModelCorrupt) as refused:
        ColourReader(session, Normalisation("bgr", (0, 0, 0), (1, 1, 1)))
    assert refused.value.code == "models.wrong_classes"
    assert refused.value.facts == {"name": "other", "given": (21, 77, 5), "wanted": (21, 78, 5)}
