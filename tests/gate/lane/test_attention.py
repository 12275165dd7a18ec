"""A still scene costs nothing, and nothing that moves is overlooked."""

from __future__ import annotations

import numpy as np
import pytest

from gate.camera.frame import Luma
from gate.camera.region import Region
from gate.lane.attention import IDLE_S, LINGER_S, Attention

RNG = np.random.default_rng(7)
SCENE = RNG.integers(60, 180, (90, 160)).repeat(8, 0).repeat(8, 1).astype(np.uint8)


def _noisy(picture: Luma, sigma: float = 6) -> Luma:
    return np.clip(picture + RNG.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def _with_face(x: int, height: int = 60) -> Luma:
    picture = SCENE.copy()
    picture[300 : 300 + height, x : x + height * 3 // 4] = 150
    return picture


def _settled() -> tuple[Attention, float]:
    attention, at_s = Attention(), 0.0
    while at_s <= LINGER_S + 0.1:
        attention.worth(_noisy(SCENE), at_s, waiting=False)
        at_s += 0.1
    return attention, at_s


def test_the_first_frame_is_looked_at() -> None:
    assert Attention().worth(SCENE, 0.0, waiting=False)


def test_a_still_scene_with_sensor_noise_is_looked_at_only_now_and_then() -> None:
    attention, at_s = _settled()
    looks = sum(attention.worth(_noisy(SCENE), at_s + n * 0.1, waiting=False) for n in range(100))
    assert looks == pytest.approx(10 * 1.0 / IDLE_S, abs=1)


@pytest.mark.parametrize("height", [48, 60, 120])
def test_a_walking_face_is_looked_at_as_soon_as_it_moves_and_in_every_second_frame(height: int) -> None:
    attention, at_s = _settled()
    walk = [_noisy(_with_face(200 + 8 * n, height)) for n in range(20)]
    looked = [attention.worth(frame, at_s + n * 0.04, waiting=False) for n, frame in enumerate(walk)]
    assert looked == [True, False] * 10


def test_who_is_undecided_is_looked_at_in_every_frame() -> None:
    attention, at_s = _settled()
    walk = [_noisy(_with_face(200 + 8 * n)) for n in range(20)]
    assert all(attention.worth(frame, at_s + n * 0.04, waiting=True) for n, frame in enumerate(walk))


def test_who_stands_still_is_looked_at_until_decided() -> None:
    attention, at_s = _settled()
    attention.worth(_with_face(200), at_s, waiting=False)
    later_s = at_s + LINGER_S + 0.2
    assert all(attention.worth(_with_face(200), later_s + n * 0.05, waiting=True) for n in range(20))
    assert not all(attention.worth(_with_face(200), later_s + 2 + n * 0.05, waiting=False) for n in range(10))


def test_what_moves_outside_the_region_wakes_nobody() -> None:
    street = Region(((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))
    attention, everywhere = Attention(street), Attention()
    for number in range(40):
        attention.worth(_noisy(SCENE), number * 0.1, waiting=False)
        everywhere.worth(_noisy(SCENE), number * 0.1, waiting=False)
    walk = [(_noisy(_with_face(100 + 8 * n)), 4.0 + n * 0.05) for n in range(20)]
    assert sum(attention.worth(frame, at_s, waiting=False) for frame, at_s in walk) <= 1
    assert sum(everywhere.worth(frame, at_s, waiting=False) for frame, at_s in walk) == 10
