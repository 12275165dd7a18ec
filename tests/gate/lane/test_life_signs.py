"""Signs of life added up: marks of several frames, rims that stay, landmarks of heads and of sheets that turn."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from gate.decision.liveness import Liveness
from gate.lane.life_signs import KEPT, LifeSigns, comes_along, together
from models.sighting import Box, FaceQuality, FaceSighting, Rim

QUALITY = FaceQuality(0.8, 120, 0.8, 0.9, 0.9)
FACE = np.array([[-0.19, -0.12, 0.0], [0.19, -0.12, 0.0], [0, 0.08, 0.16], [-0.14, 0.27, 0.0], [0.14, 0.27, 0.0]])
"""Eyes, nose and mouth in heights of the face: across, down, towards the camera."""
BORDER = Rim(0.02, 0.1, 1.5, 1.9, 0.0)


def _turned(degrees: float, depth: float) -> NDArray[np.float64]:
    angle = np.radians(degrees)
    points = FACE * [1, 1, depth]
    return np.stack([points[:, 0] * np.cos(angle) + points[:, 2] * np.sin(angle), points[:, 1]], 1)


def _sighting(
    shape: NDArray[np.float64] | None = None, live: float | None = None, rim: Rim | None = None
) -> FaceSighting:
    points = 120 * (_turned(0, 1) if shape is None else shape) + 300
    return FaceSighting(Box(250, 240, 350, 360), points.astype(np.float32), 0.9, QUALITY, live=live, rim=rim)


def _weighed(sightings: Iterable[FaceSighting]) -> Liveness:
    signs = LifeSigns()
    for sighting in sightings:
        signs.add(sighting)
    return signs.weigh()


def _swing(most: float, depth: float, seed: int = 1, noise: float = 0.008) -> list[FaceSighting]:
    rng = np.random.default_rng(seed)
    angles = most * np.sin(np.linspace(0, 2 * np.pi, 16))
    return [_sighting(_turned(angle, depth) + rng.normal(0, noise, (5, 2))) for angle in angles]


def test_a_track_without_sightings_says_nothing() -> None:
    assert LifeSigns().weigh() == Liveness()


def test_the_marks_of_several_frames_count_together_and_one_outlier_outvotes_nobody() -> None:
    assert together([]) is None
    assert together([0.7, 0.7, 0.7]) == pytest.approx(0.7)
    assert (together([0.8, 0.8, 0.8, 0.8, 0.0]) or 0) > 0.5
    assert (together([0.2, 0.2, 0.2, 0.2, 1.0]) or 1) < 0.5
    seen = _weighed(_sighting(live=mark) for mark in (0.9, 0.9, 0.8, 0.3))
    assert (seen.frames, seen.agreeing) == (4, 0.75)


def test_a_rim_that_stays_about_the_face_is_believed_even_when_a_frame_misses_it() -> None:
    assert _weighed(_sighting(rim=rim) for rim in (BORDER, None, BORDER, BORDER)).rim
    assert not comes_along([BORDER])
    assert not comes_along([BORDER, BORDER, None, None, None])


def test_a_door_behind_somebody_who_comes_nearer_is_no_rim() -> None:
    seen = [Rim(0.1 * n, 0.0, 2.8 - 0.25 * n, 3.0 - 0.25 * n, 0.0) for n in range(8)]
    assert not comes_along(seen)


@pytest.mark.parametrize("seed", range(5))
def test_a_head_that_turns_shows_depth_and_a_sheet_that_turns_shows_none(seed: int) -> None:
    assert _weighed(_swing(25, depth=1.0, seed=seed)).flat is False
    assert _weighed(_swing(42, depth=0.0, seed=seed)).flat is True


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("depth", [0.0, 1.0], ids=["sheet", "head"])
def test_what_hardly_turns_says_nothing_either_way(depth: float, seed: int) -> None:
    assert _weighed(_swing(3, depth=depth, seed=seed, noise=0.02)).flat is None


def test_few_frames_say_nothing_of_depth() -> None:
    assert _weighed(_swing(40, depth=0.0)[:5]).flat is None


def test_a_face_that_stays_for_hours_is_remembered_for_a_bounded_while() -> None:
    signs = LifeSigns()
    for _ in range(KEPT):
        signs.add(_sighting(live=0.1, rim=BORDER))
    for _ in range(KEPT):
        signs.add(_sighting(live=0.9))
    seen = signs.weigh()
    assert (seen.frames, seen.live, seen.rim) == (2 * KEPT, pytest.approx(0.9), False)
