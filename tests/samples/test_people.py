"""A figure is drawn for every phase of the stride, in its own light."""

from __future__ import annotations

import numpy as np

from samples.compound import PEOPLE
from samples.people import PHASES, Light, draw_figure, relit


def test_a_figure_has_a_body_for_every_phase_and_they_differ() -> None:
    figure = draw_figure(PEOPLE[0].looks, np.random.default_rng(2))
    assert len(figure.bodies) == PHASES
    assert not np.array_equal(figure.bodies[0], figure.bodies[PHASES // 4])
    assert figure.collar.shape == figure.bodies[0].shape


def test_light_from_one_side_brightens_that_side() -> None:
    sprite = np.full((10, 40, 4), (100, 100, 100, 255), np.uint8)
    shone = relit(sprite, Light(side=1.0)).astype(int)
    assert shone[5, 39, 1] > 100 > shone[5, 0, 1]


def test_warm_light_is_redder_than_cold_light() -> None:
    sprite = np.full((4, 4, 4), (100, 100, 100, 255), np.uint8)
    warm, cold = relit(sprite, Light(warmth=1.0))[0, 0], relit(sprite, Light(warmth=-1.0))[0, 0]
    assert warm[2] > cold[2]
    assert warm[0] < cold[0]


def test_light_never_outshines_the_alpha() -> None:
    sprite = np.full((4, 4, 4), (90, 90, 90, 100), np.uint8)
    assert (relit(sprite, Light(gain=3.0))[..., :3] <= 100).all()
