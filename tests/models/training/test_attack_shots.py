"""Crops to learn liveness from: half of them living, every kind of attack in turn, the same ones at each call."""

from __future__ import annotations

import numpy as np
import pytest

from models.sighting import Box
from models.training.attack_sheets import Attack, Portrait
from models.training.attack_shots import KINDS, SIDE, Material, attack_shot, live_shot, shots


@pytest.fixture(scope="module")
def material() -> Material:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 255, (250, 250, 3)).astype(np.uint8)
    points = np.array([[100, 110], [140, 110], [120, 130], [105, 155], [135, 155]], np.float32)
    places = [rng.integers(0, 255, (300, 400, 3)).astype(np.uint8) for _ in range(2)]
    return Material([Portrait(picture, Box(80, 75, 160, 175), points)] * 2, places)


def test_every_second_crop_is_living_and_the_others_are_each_attack_in_turn(material: Material) -> None:
    crops, labels = shots(material, np.arange(2 * len(KINDS)), seed=1)
    assert crops.shape == (2 * len(KINDS), SIDE, SIDE, 3)
    assert labels.tolist() == [1, 0] * len(KINDS)
    assert set(KINDS) == set(Attack)


def test_a_crop_hangs_on_its_number_alone(material: Material) -> None:
    alone, _ = shots(material, np.array([5]), seed=1)
    among, _ = shots(material, np.array([3, 5, 6]), seed=1)
    other, _ = shots(material, np.array([5]), seed=2)
    assert np.array_equal(alone[0], among[1])
    assert not np.array_equal(alone[0], other[0])


@pytest.mark.parametrize("attack", Attack)
def test_every_attack_and_the_living_give_a_crop_of_that_size(attack: Attack, material: Material) -> None:
    rng = np.random.default_rng(3)
    assert attack_shot(attack, material, rng).shape == live_shot(material, rng).shape == (SIDE, SIDE, 3)
