"""The empty scenes are drawn whole, and nobody recognises anything in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.open import open_face_recogniser, open_plate_recogniser
from models.store import Store
from samples.scenery import Backdrop, path, road


@pytest.fixture(scope="module")
def scenes() -> dict[str, Backdrop]:
    return {draw.__name__: draw(np.random.default_rng(4)) for draw in (road, path)}


@pytest.mark.parametrize("name", ["road", "path"])
def test_every_pixel_is_painted(name: str, scenes: dict[str, Backdrop]) -> None:
    assert scenes[name].picture.shape == (720, 1280, 3)
    assert scenes[name].picture.any(2).mean() > 0.999


def test_the_wall_that_hides_what_comes_is_the_wall_in_the_picture(scenes: dict[str, Backdrop]) -> None:
    backdrop = scenes["road"]
    left_half = np.arange(1280) < 640
    wall = (backdrop.front[..., 3] == 255) & left_half
    assert wall.sum() > 50_000
    assert np.abs(backdrop.front[wall][:, :3].astype(int) - backdrop.picture[wall]).max() <= 1


@pytest.mark.parametrize("name", ["road", "path"])
def test_an_empty_scene_shows_neither_face_nor_plate(
    name: str, scenes: dict[str, Backdrop], mirror: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path, environment={"GATE_MODELS_MIRROR": str(mirror)})
    assert not open_face_recogniser("yunet-s", "mobilefacenet", store).find(scenes[name].picture)
    assert not open_plate_recogniser("plate-detect", "plate-rec-color", store).see(scenes[name].picture)
