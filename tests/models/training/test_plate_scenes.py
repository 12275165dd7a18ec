from pathlib import Path

import cv2
import numpy as np
import pytest

from models.training.plate_photos import photos
from models.training.plate_scenes import SIDE, Scenes
from tests.models.training.conftest import Drawing


@pytest.fixture(scope="module")
def scenes(drawing: Drawing, tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    ground = Path(tmp_path_factory.mktemp("grounds")) / "ground.png"
    ground.write_bytes(cv2.imencode(".png", np.full((260, 300, 3), 128, np.uint8))[1].tobytes())
    return Scenes(photos(drawing.folder, drawing.corners, held_out=False), [ground])


def test_a_scene_is_what_the_finder_learns_on(scenes: Scenes) -> None:
    for seed in range(60):
        scene = scenes.make(np.random.default_rng(seed))
        assert scene.picture.shape == (SIDE, SIDE, 3)
        assert scene.picture.dtype == np.uint8
        assert scene.corners.shape == (len(scene.rows), 4, 2)
        assert len(scene.whole) == len(scene.rows)
        inside = scene.corners[scene.whole]
        assert ((inside >= -3) & (inside < SIDE + 3)).all(), "only plates that are whole are asked for"


def test_corners_run_clockwise_from_the_top_left(scenes: Scenes) -> None:
    for seed in range(60):
        for quad in scenes.make(np.random.default_rng(seed)).corners:
            x, y = quad.T
            area = float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
            assert area > 0
            assert quad[0, 0] < quad[1, 0]


def test_some_scenes_have_no_plate_and_some_have_several(scenes: Scenes) -> None:
    counts = [len(scenes.make(np.random.default_rng(seed)).rows) for seed in range(120)]
    assert 0 in counts
    assert max(counts) > 1


def test_the_same_generator_makes_the_same_scene(scenes: Scenes) -> None:
    one, other = (scenes.make(np.random.default_rng(11)) for _ in range(2))
    assert np.array_equal(one.picture, other.picture)
    assert np.array_equal(one.corners, other.corners)
