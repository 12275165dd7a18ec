from __future__ import annotations

import numpy as np
import pytest

from models.errors import ModelCorrupt
from models.plate.finder import GREY, CornerFinder
from models.preprocess import Normalisation
from models.session import Session
from tests.models import made

AS_IS = Normalisation("bgr", (0, 0, 0), (1, 1, 1))
ROW = np.array([100, 50, 80, 20, 0.9, 60, 40, 140, 40, 140, 60, 60, 60, 0.2, 0.95], np.float32)
"""A plate of two rows in the middle of (60, 40) to (140, 60) of the canvas."""


class Watched(Session):
    """Remembers the shapes it was given."""

    def run(self, tensor: np.ndarray) -> list[np.ndarray]:  # type: ignore[override,type-arg]
        self.given = tensor
        return super().run(tensor)  # type: ignore[return-value]


@pytest.mark.parametrize("longest", [640, 320])
def test_a_plate_comes_back_in_pixels_of_the_picture(longest: int) -> None:
    finder = CornerFinder(Session(made.plate_finder(ROW), "made"), AS_IS, longest)
    (plate,) = finder.find(np.zeros((720, 1280, 3), np.uint8))
    scale = 1280 / longest
    assert (plate.box.left, plate.box.top, plate.box.right, plate.box.bottom) == pytest.approx(
        (60 * scale, 40 * scale, 140 * scale, 60 * scale)
    )
    assert plate.corners == pytest.approx(ROW[5:13].reshape(4, 2) * scale)
    assert (plate.rows, plate.found) == (2, pytest.approx(0.9 * 0.95))


@pytest.mark.parametrize(
    ("shape", "longest", "canvas"),
    [((720, 1280), 640, (384, 640)), ((1280, 720), 640, (640, 384)), ((720, 1280), 320, (192, 320))],
)
def test_a_network_of_any_size_gets_the_smallest_canvas_filled_with_grey(
    shape: tuple[int, int], longest: int, canvas: tuple[int, int]
) -> None:
    session = Watched(made.plate_finder(), "made")
    assert CornerFinder(session, AS_IS, longest).find(np.zeros((*shape, 3), np.uint8)) == []
    assert session.given.shape == (1, 3, *canvas)
    assert set(np.unique(session.given)) == {0.0, float(GREY)}


def test_a_network_of_one_size_gets_that() -> None:
    weights = made.constant_network({"rows": np.zeros(15, np.float32)}, 32, (640, 640))
    session = Watched(weights, "made")
    CornerFinder(session, AS_IS).find(np.zeros((720, 1280, 3), np.uint8))
    assert session.given.shape == (1, 3, 640, 640)


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (700, 20)])
def test_a_picture_of_any_shape_is_searched(shape: tuple[int, int]) -> None:
    assert CornerFinder(Session(made.plate_finder(), "made"), AS_IS).find(np.zeros((*shape, 3), np.uint8)) == []


def test_rows_of_another_length_are_refused() -> None:
    session = Session(made.constant_network({"rows": np.zeros(13, np.float32)}, 32), "other")
    with pytest.raises(ModelCorrupt) as refused:
        CornerFinder(session, AS_IS).find(np.zeros((64, 64, 3), np.uint8))
    assert refused.value.code == "models.wrong_classes"
