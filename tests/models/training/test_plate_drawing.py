from itertools import pairwise

import numpy as np
import pytest

from models.training.plate_drawing import PAINTS, draw, layout_of
from models.training.plate_texts import FORMS
from models.training.plate_views import HEIGHT, WIDTH, fitted, surroundings, view
from models.training.plate_wear import lit, seen_from_afar, soiled


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_be_drawn_and_seen(form: str) -> None:
    rng = np.random.default_rng(1)
    drawn = FORMS[form][1](rng, form)
    layout = layout_of(drawn)
    assert len(layout.cells) == len(drawn.text)
    plate = draw(drawn, rng, scale=0.5)
    assert plate.dtype == np.uint8
    assert plate.shape == (round(layout.height * 0.5), round(layout.width * 0.5), 3)
    seen = view(soiled(plate, rng), drawn.rows, rng, surroundings(rng))
    assert seen.shape == (HEIGHT, WIDTH, 3)
    assert seen.dtype == np.uint8


def test_cells_stand_apart_and_on_the_plate() -> None:
    for form, (_, make) in FORMS.items():
        layout = layout_of(make(np.random.default_rng(2), form))
        for left, top, width, height in layout.cells:
            assert 0 <= left < left + width <= layout.width
            assert 0 <= top < top + height <= layout.height
        row = [cell for cell in layout.cells if cell[1] == layout.cells[-1][1]]
        assert all(one[0] + one[2] < other[0] for one, other in pairwise(row))


def test_a_form_without_paint_would_not_be_drawn() -> None:
    assert set(PAINTS) == set(FORMS)


def test_the_same_generator_gives_the_same_picture() -> None:
    def made() -> np.ndarray:
        rng = np.random.default_rng(3)
        drawn = FORMS["blue"][1](rng, "blue")
        return view(draw(drawn, rng), 1, rng, surroundings(rng))

    assert np.array_equal(made(), made())


def test_light_keeps_the_shape_and_distance_gives_the_height_asked_for() -> None:
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 255, (66, 220, 3), np.uint8)
    assert lit(picture, rng).shape == picture.shape
    for height in (11, 24, 60):
        small = seen_from_afar(picture, rng, height)
        assert small.shape[0] == height
        assert small.dtype == np.uint8


def test_two_rows_are_set_side_by_side() -> None:
    plate = np.zeros((110, 220, 3), np.uint8)
    plate[:45] = 255
    line = fitted(plate, 2)
    assert line.shape == (HEIGHT, WIDTH, 3)
    assert line[:, : WIDTH // 2 - 4].mean() > 200 > line[HEIGHT // 4 :, WIDTH // 2 + 4 :].mean()
