from __future__ import annotations

import numpy as np
import pytest

from gate.bench.rapidocr_peer import plate_among


def _box(height: float) -> np.ndarray:
    return np.array([[0, 0], [90, 0], [90, height], [0, height]], np.float32)


@pytest.mark.parametrize(
    ("lines", "heights", "plate"),
    [
        ((), (), ""),
        (("地下入口", "2013-11-01 18:26:05", "川A·095Q5"), (40, 20, 30), "川A095Q5"),
        (("川 A 0 9 5 Q 5",), (30,), "川A095Q5"),
        (("津GTL921", "津E·28437"), (20, 30), "津E28437"),
        (("津GTL921", "津E·28437"), (30, 20), "津GTL921"),
        (("A095Q5", "川A095Q", "TAXI"), (30, 30, 30), ""),
        (("浙GROL16",), (30,), "浙GR0L16"),
    ],
    ids=["nothing", "among signs", "spaces", "the nearer one", "whichever that is", "cut short", "no letter O"],
)
def test_the_nearest_line_that_can_be_a_plate_is_its_answer(
    lines: tuple[str, ...], heights: tuple[float, ...], plate: str
) -> None:
    assert plate_among(lines, [_box(height) for height in heights]) == plate
