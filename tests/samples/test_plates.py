"""Plates have the standard's proportions and colours, and the same generator draws the same plate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from samples.plates import Cell, Plate, Style, draw_plate, layout_of, plate_alpha

TEXTS = {
    Style.BLUE: "辽A12345",
    Style.GREEN: "苏AD12345",
    Style.YELLOW: "苏B35179",
    Style.YELLOW_TWO_ROWS: "苏A30718",
    Style.POLICE: "苏A1234警",
}


def _draw(style: Style, seed: int = 0, wear: float = 0.4, px_per_mm: float = 1.0) -> np.ndarray:
    return draw_plate(Plate(TEXTS[style], style), np.random.default_rng(seed), wear=wear, px_per_mm=px_per_mm)


@pytest.mark.parametrize(
    ("style", "width_mm", "height_mm"),
    [
        (Style.BLUE, 440, 140),
        (Style.GREEN, 480, 140),
        (Style.YELLOW, 440, 140),
        (Style.YELLOW_TWO_ROWS, 440, 220),
        (Style.POLICE, 440, 140),
    ],
)
@pytest.mark.parametrize("px_per_mm", [0.5, 1.0, 2.0])
def test_a_plate_has_the_proportions_of_its_kind(style: Style, width_mm: int, height_mm: int, px_per_mm: float) -> None:
    plate = _draw(style, px_per_mm=px_per_mm)
    assert plate.shape == (height_mm * px_per_mm, width_mm * px_per_mm, 3)
    assert plate.dtype == np.uint8
    assert plate_alpha(style, px_per_mm=px_per_mm).shape == plate.shape[:2]


@pytest.mark.parametrize(
    ("style", "strongest"), [(Style.BLUE, 0), (Style.GREEN, 1), (Style.YELLOW, 2), (Style.YELLOW_TWO_ROWS, 2)]
)
def test_the_ground_has_the_colour_of_its_kind(style: Style, strongest: int) -> None:
    plate = _draw(style, wear=0.0)
    lower_edge = plate[-14:-9, 20:60].reshape(-1, 3).mean(0)
    assert int(np.argmax(lower_edge)) == strongest
    assert lower_edge.max() - lower_edge.min() > 80


def test_a_green_plate_is_paler_at_the_top() -> None:
    plate = _draw(Style.GREEN, wear=0.0).astype(int)
    assert np.ptp(plate[10, 240]) < np.ptp(plate[-10, 240])


@pytest.mark.parametrize("style", Style)
def test_characters_stand_out_from_the_ground(style: Style) -> None:
    layout, plate = layout_of(style), _draw(style, wear=0.0).astype(int)
    for cell in layout.cells:
        inside = plate[int(cell.top) : int(cell.top + cell.height), int(cell.left) : int(cell.left + cell.width)]
        assert np.ptp(inside.max(2)) > 60


@pytest.mark.parametrize("style", Style)
def test_cells_lie_on_the_plate_and_do_not_touch(style: Style) -> None:
    layout = layout_of(style)
    for cell in layout.cells:
        assert cell.left > 0
        assert cell.left + cell.width < layout.width
        assert cell.top > 0
        assert cell.top + cell.height < layout.height
    assert all(_apart(first, second) for first, second in pairwise(layout.cells))


def _apart(first: Cell, second: Cell) -> bool:
    return first.left + first.width < second.left or first.top + first.height < second.top


@pytest.mark.parametrize("style", [Style.BLUE, Style.GREEN, Style.YELLOW])
def test_the_gap_is_after_the_second_character(style: Style) -> None:
    cells = layout_of(style).cells
    gaps = [after.left - before.left - before.width for before, after in pairwise(cells)]
    assert gaps.index(max(gaps)) == 1


def test_the_same_generator_draws_the_same_plate_and_another_wears_it_otherwise() -> None:
    assert np.array_equal(_draw(Style.BLUE, seed=3), _draw(Style.BLUE, seed=3))
    assert not np.array_equal(_draw(Style.BLUE, seed=3), _draw(Style.BLUE, seed=4))


@pytest.mark.parametrize("text", ["辽A1234", "辽AD12345", ""])
def test_a_text_that_does_not_fill_the_cells_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        Plate(text, Style.BLUE)


def test_the_corners_are_round() -> None:
    alpha = plate_alpha(Style.BLUE)
    assert alpha[0, 0] == 0
    assert alpha[70, 220] == 255
