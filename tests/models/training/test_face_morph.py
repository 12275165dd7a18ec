from __future__ import annotations

import numpy as np
import pytest

from models.face.alignment import SIDE, TEMPLATE, align
from models.training.face_morph import blend, crop, half_mask, matched, mix, parts_mask, wobble
from tests.models.training.drawn import MARKS, dot_at, face


def test_a_crop_brings_every_landmark_near_its_place_mirrored_or_not() -> None:
    mirrored = []
    for seed in range(12):
        cut = crop(face(), MARKS[None], np.random.default_rng(seed))
        assert cut.shape == (SIDE, SIDE, 3)
        assert cut.dtype == np.uint8
        nose = dot_at(cut, 2)
        assert np.abs(nose - TEMPLATE[2]).max() < 14
        mirrored.append(bool(dot_at(cut, 0)[0] > dot_at(cut, 1)[0]))
    assert 0 < sum(mirrored) < 12


def test_the_same_generator_gives_the_same_crop_and_mixture() -> None:
    one, other = align(face(120), MARKS), align(face(220), MARKS)
    first = [mix(one, crop(face(), MARKS[None], g), g) for g in (np.random.default_rng(5), np.random.default_rng(5))]
    assert np.array_equal(first[0], first[1])
    assert not np.array_equal(mix(one, other, np.random.default_rng(1)), mix(one, other, np.random.default_rng(2)))


@pytest.mark.parametrize("seed", range(8))
def test_a_mixture_lies_between_its_two_faces(seed: int) -> None:
    one, other = np.full((SIDE, SIDE, 3), 60, np.uint8), np.full((SIDE, SIDE, 3), 200, np.uint8)
    mixed = mix(one, other, np.random.default_rng(seed))
    assert mixed.shape == one.shape
    assert mixed.dtype == np.uint8
    assert mixed.min() >= 59
    assert mixed.max() <= 201


def test_masks_are_soft_and_hold_some_of_both_faces() -> None:
    for seed in range(10):
        generator = np.random.default_rng(seed)
        for mask in (half_mask(generator), parts_mask(generator)):
            assert mask.shape == (SIDE, SIDE)
            assert mask.dtype == np.float32
            assert 0 <= mask.min() < 0.2
            assert 0.8 < mask.max() <= 1.001


def test_a_mask_of_ones_shows_the_other_face_only() -> None:
    one, other = align(face(120), MARKS), align(face(220), MARKS)
    assert np.array_equal(blend(one, other, np.ones((SIDE, SIDE), np.float32)), other)
    assert np.array_equal(blend(one, other, np.zeros((SIDE, SIDE), np.float32)), one)


def test_a_matched_face_takes_on_the_others_light() -> None:
    dark, light = align(face(120), MARKS) // 3, align(face(220), MARKS)
    assert abs(float(matched(dark, light).mean()) - float(light.mean())) < 12


def test_a_wobble_keeps_the_middle_in_the_middle() -> None:
    middle = np.array([(SIDE - 1) / 2, (SIDE - 1) / 2, 1])
    moved = np.stack([wobble(np.random.default_rng(seed)) @ middle for seed in range(50)])
    assert np.abs(moved[:, :2] - middle[:2]).max() < 6
    assert np.allclose(wobble(np.random.default_rng(0), 0.0), np.eye(3))
