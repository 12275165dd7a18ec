from __future__ import annotations

import numpy as np
import pytest

from models.training.face_scenes import Faces, Print, Scene, closer, compose, covered, gathered, noise, seen_by_camera
from tests.models.training.drawn import BOX, MARKS, dot_at, face

SIDE = 320


def _print(sure: float = 0.9) -> Print:
    box = np.array([[BOX.left, BOX.top, BOX.right, BOX.bottom]], np.float32)
    return Print(face(), Faces(box, MARKS[None], np.array([sure], np.float32)))


def _large(seed: int, prints: int = 1) -> Scene:
    """A scene whose faces are large enough to have dots that can be found."""
    background = np.full((400, 500, 3), 90, np.uint8)
    return compose(SIDE, background, [_print()] * prints, np.random.default_rng(seed), largest=SIDE * 0.9)


def test_landmarks_follow_the_picture_scaled_turned_and_mirrored() -> None:
    looked = 0
    for seed in range(60):
        scene = _large(seed)
        if not len(scene.faces.boxes) or scene.faces.boxes[0, 3] - scene.faces.boxes[0, 1] < 80:
            continue
        inside = ((scene.faces.landmarks[0] > 8) & (scene.faces.landmarks[0] < SIDE - 8)).all()
        if not inside:
            continue
        looked += 1
        points = scene.faces.landmarks[0]
        assert points[0, 0] < points[1, 0]  # left and right are the viewer's, mirrored or not
        mirrored = dot_at(scene.picture, 0)[0] > dot_at(scene.picture, 1)[0]
        order = [1, 0, 2, 4, 3] if mirrored else [0, 1, 2, 3, 4]
        dots = np.stack([dot_at(scene.picture, i) for i in order])
        assert np.abs(dots - points).max() < 2.5
    assert looked > 8


def test_the_closer_look_shows_one_face_large_with_its_landmarks() -> None:
    for seed in range(12):
        scene = closer(SIDE, _print(), np.random.default_rng(seed))
        assert scene.picture.shape == (SIDE, SIDE, 3)
        if not len(scene.faces.boxes):
            continue
        assert 0.25 * SIDE < scene.faces.boxes[0, 3] - scene.faces.boxes[0, 1] < 0.95 * SIDE
        nose = dot_at(scene.picture, 2)
        assert np.abs(nose - scene.faces.landmarks[0, 2]).max() < 3


def test_the_same_generator_composes_the_same_scene() -> None:
    first, again, other = _large(3, prints=4), _large(3, prints=4), _large(4, prints=4)
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.faces.boxes, again.faces.boxes)
    assert not np.array_equal(first.picture, other.picture)


def test_faces_do_not_hide_each_other() -> None:
    for seed in range(20):
        boxes = _large(seed, prints=7).faces.boxes
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                inner = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
                share = inner.clip(0).prod() / min((one[2:] - one[:2]).prod(), (other[2:] - other[:2]).prod())
                assert share < 0.35


def test_a_face_the_teacher_doubts_is_neither_asked_for_nor_forbidden() -> None:
    background = np.full((400, 500, 3), 90, np.uint8)
    scenes = [compose(SIDE, background, [_print(0.4)], np.random.default_rng(seed), 200.0) for seed in range(6)]
    assert not any(len(scene.faces.boxes) for scene in scenes)
    assert any(len(scene.doubtful.boxes) for scene in scenes)


def test_a_scene_without_photographs_is_its_background() -> None:
    background = noise(200, np.random.default_rng(1))
    scene = compose(SIDE, background, [], np.random.default_rng(2), 100.0)
    assert scene.picture.shape == (SIDE, SIDE, 3)
    assert scene.faces.boxes.shape == (0, 4)
    assert scene.faces.landmarks.shape == (0, 5, 2)


@pytest.mark.parametrize("seed", range(12))
def test_camera_and_cover_keep_the_kind_and_the_place_of_everything(seed: int) -> None:
    scene = _large(seed, prints=3)
    before = scene.picture.copy()
    spoilt = seen_by_camera(scene.picture, np.random.default_rng(seed))
    assert spoilt.shape == scene.picture.shape
    assert spoilt.dtype == np.uint8
    assert np.array_equal(spoilt, seen_by_camera(scene.picture, np.random.default_rng(seed)))
    hidden = covered(scene, np.random.default_rng(seed))
    assert hidden.faces is scene.faces
    assert np.array_equal(scene.picture, before)


def test_no_faces_gathered_are_no_faces() -> None:
    assert gathered([]).sure.shape == (0,)
