from __future__ import annotations

import numpy as np
import pytest

from models.preprocess import Normalisation


def test_channels_stand_in_the_order_of_the_network() -> None:
    blue = np.zeros((2, 3, 3), np.uint8)
    blue[:, :, 0] = 255
    bgr = Normalisation("bgr", (0, 0, 0), (255, 255, 255)).tensor(blue)
    rgb = Normalisation("rgb", (0, 0, 0), (255, 255, 255)).tensor(blue)
    assert bgr.shape == rgb.shape == (1, 3, 2, 3)
    assert bgr.dtype == np.float32
    assert (bgr[0, 0] == 1).all()
    assert (rgb[0, 2] == 1).all()


def test_mean_and_deviation_count_per_channel_of_the_network() -> None:
    grey = np.full((1, 1, 3), 100, np.uint8)
    tensor = Normalisation("rgb", (100, 90, 80), (1, 2, 4)).tensor(grey)
    assert tensor.ravel().tolist() == [0, 5, 5]


def test_a_deviation_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        Normalisation("bgr", (0, 0, 0), (1, 0, 1))
