"""Passages drawn by lot: the same ones at any size."""

from __future__ import annotations

from itertools import islice

import cv2
import numpy as np
import pytest

from gate.bench.passages import Labelled
from models.sighting import Picture
from samples.passages import staging

SIXTEENTH = 15


@pytest.mark.parametrize("number", [0, 1, 4, 5])
def test_a_passage_is_the_same_at_any_height(number: int) -> None:
    usual, small = (staging(6, 1, height=height).passages[number] for height in (720, 360))
    assert (usual.lane, usual.light, usual.scene, usual.opens) == (small.lane, small.light, small.scene, small.opens)
    large, little = _sixteenth(usual), _sixteenth(small)
    assert (large.shape, little.shape) == ((720, 1280, 3), (360, 640, 3))
    halved = cv2.resize(large, (640, 360), interpolation=cv2.INTER_AREA)
    assert np.abs(halved.astype(int) - little).mean() < 5
    assert np.abs(halved.astype(int) - np.roll(little, 20, 1)).mean() > 10


def _sixteenth(passage: Labelled) -> Picture:
    (_, picture), *_ = islice(passage.film(), SIXTEENTH, None)
    return picture
