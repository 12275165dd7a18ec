from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from insightface.utils.face_align import arcface_dst, norm_crop

from models.face.alignment import SIDE, TEMPLATE, align, similarity


@given(st.floats(0.2, 5), st.floats(-math.pi, math.pi), st.floats(-300, 300), st.floats(-300, 300))
def test_a_similarity_is_found_again(scale: float, angle: float, x: float, y: float) -> None:
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    moved = (TEMPLATE @ turn.T + [x, y]).astype(np.float32)
    found = similarity(TEMPLATE, moved)
    assert np.allclose(found[:, :2], turn, atol=1e-3)
    assert np.allclose(TEMPLATE @ found[:, :2].T + found[:, 2], moved, atol=0.01)


@given(st.integers(0, 2**32 - 1))
def test_a_face_is_never_mirrored(seed: int) -> None:
    points = np.random.default_rng(seed).uniform(0, 100, (5, 2)).astype(np.float32)
    assert np.linalg.det(similarity(points, TEMPLATE)[:, :2]) > 0


def test_points_on_one_spot_are_refused() -> None:
    with pytest.raises(ValueError, match="one spot"):
        similarity(np.full((5, 2), 7, np.float32), TEMPLATE)


def test_the_template_and_the_aligned_face_are_insightfaces() -> None:
    assert np.allclose(TEMPLATE, arcface_dst, atol=1e-3)
    generator = np.random.default_rng(4)
    picture = generator.integers(0, 255, (300, 400, 3), np.uint8)
    landmarks = (TEMPLATE * 1.7 + [90, 40] + generator.normal(0, 3, (5, 2))).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # insightface calls a way of skimage that will go
        theirs = norm_crop(picture, landmarks)
    ours = align(picture, landmarks)
    assert ours.shape == (SIDE, SIDE, 3)
    assert np.abs(ours.astype(int) - theirs).mean() < 0.5


def test_what_lies_outside_the_picture_is_black() -> None:
    white = np.full((60, 60, 3), 255, np.uint8)
    assert (align(white, TEMPLATE)[61:] == 0).all()
