from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.face.alignment import SIDE, TEMPLATE
from models.face.quality import FULL_HEIGHT_PX, assess, frontality, light, outside, sharpness
from models.sighting import Box, FaceFault, Picture

PICTURE = np.zeros((480, 640, 3), np.uint8)
BOX = Box(200, 100, 300, 240)


def _face(seed: int = 1, mean: float = 128.0) -> Picture:
    """Something with edges at every scale, as lit as asked for: what matters to quality is no more than that."""
    generator = np.random.default_rng(seed)
    face = np.zeros((SIDE, SIDE), np.float32)
    for size in (4, 7, 14, 28, 56):
        coarse = generator.normal(0, 14, (SIDE // size + 1, SIDE // size + 1)).astype(np.float32)
        face += cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    return cv2.cvtColor((face - face.mean() + mean).clip(0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def _nose_moved(x: float = 0, y: float = 0) -> np.ndarray:
    moved = TEMPLATE.copy()
    moved[2] += [x, y]
    return moved


def test_a_good_face_has_no_faults() -> None:
    quality = assess(_face(), TEMPLATE, BOX, PICTURE)
    assert quality.faults == ()
    assert quality.score > 0.8
    assert quality.height_px == 140


@pytest.mark.parametrize(
    ("face", "landmarks", "box", "fault"),
    [
        (_face(), TEMPLATE, Box(10, 10, 40, 45), FaceFault.TOO_SMALL),
        (cv2.GaussianBlur(_face(), (0, 0), 4), TEMPLATE, BOX, FaceFault.BLURRED),
        (_face(), _nose_moved(x=16), BOX, FaceFault.TURNED),
        (_face(), _nose_moved(y=16), BOX, FaceFault.TURNED),
        (_face(mean=35), TEMPLATE, BOX, FaceFault.TOO_DARK),
        (_face(mean=232), TEMPLATE, BOX, FaceFault.TOO_BRIGHT),
        (_face(), TEMPLATE, Box(-40, 100, 60, 240), FaceFault.CUT_OFF),
    ],
)
def test_each_fault_is_named_first(face: Picture, landmarks: np.ndarray, box: Box, fault: FaceFault) -> None:
    quality = assess(face, landmarks, box, PICTURE)
    assert quality.faults[0] is fault
    assert quality.score < assess(_face(), TEMPLATE, BOX, PICTURE).score or fault is FaceFault.CUT_OFF


def test_a_cover_is_a_fault_that_costs_no_mark() -> None:
    bare = _face()
    masked = bare.copy()
    masked[76:108, 20:92] = (200, 150, 90)
    assert FaceFault.COVERED in assess(masked, TEMPLATE, BOX, PICTURE).faults
    assert FaceFault.COVERED not in assess(bare, TEMPLATE, BOX, PICTURE).faults


def test_sharpness_falls_with_every_blur() -> None:
    luma = _face()[:, :, 0]
    marks = [sharpness(luma)] + [sharpness(cv2.GaussianBlur(luma, (0, 0), sigma)) for sigma in (1, 2, 3, 5, 9)]
    assert marks == sorted(marks, reverse=True)
    assert marks[0] > 0.8
    assert marks[-1] < 0.1


def test_noise_does_not_pass_for_detail() -> None:
    blurred = cv2.GaussianBlur(_face()[:, :, 0], (0, 0), 3)
    noisy = (blurred + np.random.default_rng(3).normal(0, 4, blurred.shape)).clip(0, 255).astype(np.uint8)
    assert sharpness(noisy) < 0.5 * sharpness(_face()[:, :, 0])


def test_a_face_of_one_colour_is_not_sharp() -> None:
    assert sharpness(np.full((80, 72), 128, np.uint8)) == 0


@given(st.floats(0.3, 4), st.floats(-3.1, 3.1))
def test_neither_size_nor_roll_makes_a_face_less_frontal(scale: float, angle: float) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert frontality((TEMPLATE @ turn.T).astype(np.float32)) == pytest.approx(frontality(TEMPLATE), abs=1e-2)


@pytest.mark.parametrize(
    "landmarks", [np.zeros((5, 2), np.float32), TEMPLATE[[0, 1, 2, 0, 1]], TEMPLATE[[1, 0, 2, 4, 3]]]
)
def test_landmarks_that_are_no_face_are_not_frontal(landmarks: np.ndarray) -> None:
    assert frontality(landmarks) == 0


@given(st.floats(0, 255))
def test_light_is_a_share(mean: float) -> None:
    assert 0 <= light(mean) <= 1


def test_light_is_whole_in_the_middle_and_gone_at_the_ends() -> None:
    assert [light(mean) for mean in (0, 20, 100, 150, 250, 255)] == [0, 0, 1, 1, 0, 0]


@given(st.floats(-200, 700), st.floats(-200, 500), st.floats(1, 400), st.floats(1, 400), st.integers(0, 255))
def test_a_score_is_a_share_whatever_the_face(x: float, y: float, width: float, height: float, mean: int) -> None:
    box = Box(x, y, x + width, y + height)
    quality = assess(np.full((SIDE, SIDE, 3), mean, np.uint8), TEMPLATE, box, PICTURE)
    assert 0 <= quality.score <= 1
    assert 0 <= outside(box, PICTURE) <= 1 + 1e-9


def test_size_counts_up_to_a_whole_aligned_face() -> None:
    near, nearer = (
        assess(_face(), TEMPLATE, Box(100, 100, 180, 100 + FULL_HEIGHT_PX * times), PICTURE).score for times in (1, 2)
    )
    assert near == nearer
