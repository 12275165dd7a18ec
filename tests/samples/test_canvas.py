"""Whatever is drawn, colours stay multiplied by their alpha."""

from __future__ import annotations

import numpy as np
import pytest

from samples.canvas import Canvas


def _sheet() -> Canvas:
    canvas = Canvas(1.0, 0.5, 100.0)
    canvas.blob([(0.2, 0.1), (0.2, 0.4), (0.8, 0.4), (0.8, 0.1)], (200, 120, 40))
    return canvas


def test_metres_become_pixels_with_up_at_the_top() -> None:
    canvas = Canvas(1.0, 0.5, 100.0)
    canvas.box(0.0, 0.4, 0.2, 0.5, (255, 255, 255))
    assert canvas.pixels.shape == (50, 100, 4)
    assert canvas.pixels[2, 5, 3] == 255
    assert canvas.pixels[45, 5, 3] == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda canvas: canvas.shine(2.0, 0.2),
        lambda canvas: canvas.curve(0.3),
        lambda canvas: canvas.swell(0.1, 0.4, side=1.0),
        lambda canvas: canvas.grain(np.random.default_rng(1), 20.0),
        lambda canvas: canvas.blur(0.05),
        lambda canvas: canvas.fade(0.5),
        lambda canvas: canvas.add(_sheet()),
    ],
    ids=["shine", "curve", "swell", "grain", "blur", "fade", "add"],
)
def test_no_colour_is_stronger_than_its_alpha(change: object) -> None:
    canvas = _sheet()
    assert callable(change)
    change(canvas)
    assert (canvas.pixels[..., :3] <= canvas.pixels[..., 3:]).all()
    assert canvas.pixels[..., 3].any()


def test_a_sheet_laid_on_top_hides_what_is_below() -> None:
    below, above = _sheet(), Canvas(1.0, 0.5, 100.0)
    above.box(0.4, 0.2, 0.6, 0.3, (1, 2, 3))
    below.add(above)
    assert below.pixels[25, 50].tolist() == [1, 2, 3, 255]
    assert below.pixels[15, 30].tolist() == [200, 120, 40, 255]
