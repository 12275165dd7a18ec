from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ModelCorrupt
from models.plate.grammar import PROVINCES, RULES, classify
from models.plate.slots import COLOURS, NOTHING, SLOTS, SYMBOLS, SlotReader, decode
from models.preprocess import Normalisation
from models.session import Session, Tensor
from models.sighting import PlateColour, PlateKind
from tests.models import made

PLATE = np.full((40, 130, 3), 90, np.uint8)
AS_IS = Normalisation("bgr", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5))


def _slots(written: list[tuple[str, float]]) -> Tensor:
    """Chances in which each slot votes for one symbol with the given chance; the rest hold nothing."""
    rows = np.zeros((SLOTS, len(SYMBOLS)), np.float32)
    rows[:, NOTHING] = 1.0
    for row, (symbol, chance) in zip(rows, written, strict=False):
        row[:] = (1 - chance) / (len(SYMBOLS) - 1)
        row[SYMBOLS.index(symbol)] = chance
    return rows


def test_the_alphabet_has_each_symbol_once_and_an_issuing_o() -> None:
    assert len(SYMBOLS) == len(set(SYMBOLS)) == 78
    assert SYMBOLS.startswith(f"#{PROVINCES}学警港澳挂使领民航应急0")
    assert "O" in SYMBOLS
    assert "I" not in SYMBOLS
    assert set(COLOURS) == set(PlateColour) - {PlateColour.UNKNOWN}


def test_every_kind_of_plate_fits_into_the_slots() -> None:
    longest = ["辽AD12345", "辽A12345D", "辽X1234应急", "WJ辽12345", "民航A1234", "使123456"]
    assert all(len(text) <= SLOTS and set(text) <= set(SYMBOLS) for text in longest)
    assert {classify(text, PlateColour.UNKNOWN) for text in longest} <= {rule.kind for rule in RULES}


@given(st.lists(st.tuples(st.sampled_from(SYMBOLS[1:]), st.floats(0.3, 1)), max_size=SLOTS))
def test_what_stands_in_the_slots_is_read_back_repeats_too(written: list[tuple[str, float]]) -> None:
    text, sure = decode(_slots(written))
    assert text == "".join(symbol for symbol, _ in written)
    assert sure == pytest.approx([chance for _, chance in written])


def test_the_text_ends_at_the_first_slot_with_nothing() -> None:
    assert decode(_slots([("辽", 0.9), ("#", 0.9), ("A", 0.9)])) == ("辽", (pytest.approx(0.9),))


def test_a_reader_gives_text_confidences_and_colour() -> None:
    weights = made.plate_reader("粤O88888", PlateColour.YELLOW_GREEN)
    reading = SlotReader(Session(weights, "made"), AS_IS).read(PLATE, 1)
    assert (reading.text, reading.colour) == ("粤O88888", PlateColour.YELLOW_GREEN)
    assert min(reading.confidences) > 0.99
    assert len(reading.confidences) == 7


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("shape", [(1, 1), (40, 130), (140, 440), (220, 640)])
def test_a_plate_of_any_size_and_one_or_two_rows_is_read(rows: int, shape: tuple[int, int]) -> None:
    reader = SlotReader(Session(made.plate_reader("苏A1234挂", PlateColour.YELLOW), "made"), AS_IS)
    reading = reader.read(np.zeros((*shape, 3), np.uint8), rows)
    assert classify(reading.text, reading.colour) is PlateKind.TRAILER


def test_a_plate_without_characters_reads_as_nothing() -> None:
    reading = SlotReader(Session(made.plate_reader(), "made"), AS_IS).read(PLATE, 1)
    assert (reading.text, reading.confidences) == ("", ())


@pytest.mark.parametrize(("slots", "symbols", "colours"), [(7, 78, 6), (8, 77, 6), (8, 78, 5)])
def test_a_network_of_another_alphabet_is_refused(slots: int, symbols: int, colours: int) -> None:
    outputs = {"text": np.zeros((slots, symbols), np.float32), "colours": np.zeros(colours, np.float32)}
    with pytest.raises(ModelCorrupt) as refused:
        SlotReader(Session(made.constant_network(outputs, None, (48, 160)), "other"), AS_IS)
    assert refused.value.code == "models.wrong_classes"
