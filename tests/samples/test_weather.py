"""Weather does to a picture what its name says, and nothing by chance that the generator did not decide."""

from __future__ import annotations

import numpy as np

from models.sighting import Picture
from samples.weather import DAY, DUSK, RAIN, Glow, Sky, Weather

SCENE: Picture = (
    np.kron(np.indices((9, 16)).sum(0) % 2 * 120 + 60, np.ones((20, 20))).astype(np.uint8)[..., None].repeat(3, axis=2)
)
NO_LIGHTS = np.zeros_like(SCENE)


def _seen(weather: Weather, seed: int = 1, glows: tuple[Glow, ...] = ()) -> Picture:
    return Sky(SCENE.shape[1], SCENE.shape[0], np.random.default_rng(seed)).over(SCENE, weather, NO_LIGHTS, glows)


def test_daylight_leaves_the_picture_almost_as_it_is() -> None:
    assert abs(_seen(DAY).astype(float).mean() - SCENE.mean()) < 2


def test_dusk_is_darker_and_bluer() -> None:
    blue, _, red = _seen(DUSK).reshape(-1, 3).mean(0)
    assert 0.6 * SCENE.mean() > blue > red


def test_rain_takes_contrast() -> None:
    assert _seen(RAIN).std() < 0.8 * SCENE.std()


def test_lamps_glare_in_the_dark_and_not_by_day() -> None:
    lamp = (Glow(160, 90, 40, (255, 255, 255)),)
    assert _seen(DUSK, glows=lamp)[90, 160].min() > 200
    assert np.array_equal(_seen(DAY, glows=lamp), _seen(DAY))


def test_a_lamp_at_the_edge_or_outside_does_no_harm() -> None:
    for place in ((-10, 5), (319, 179), (-500, 90), (160, 900)):
        assert _seen(DUSK, glows=(Glow(*place, 40, (255, 255, 255)),)).shape == SCENE.shape


def test_the_same_generator_makes_the_same_weather() -> None:
    assert np.array_equal(_seen(RAIN, 7), _seen(RAIN, 7))
    assert not np.array_equal(_seen(RAIN, 7), _seen(RAIN, 8))


def test_a_weather_turns_into_another_by_shares() -> None:
    assert DAY.towards(RAIN, 0.0) == DAY
    assert DAY.towards(DUSK, 1.0).dark == DUSK.dark
    assert DAY.towards(DUSK, 0.5).dark == 0.5
