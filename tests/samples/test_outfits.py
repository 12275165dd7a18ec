"""Masks and umbrellas on drawn people."""

from __future__ import annotations

import numpy as np
import pytest

from samples.compound import PEOPLE
from samples.outfits import MASK, masked, under_umbrella
from samples.people import Figure, draw_figure


@pytest.fixture(scope="module")
def figure() -> Figure:
    return draw_figure(PEOPLE[0].looks, np.random.default_rng(1))


def test_a_mask_covers_the_mouth_and_leaves_the_eyes(figure: Figure) -> None:
    head = masked(figure).head
    x, y = (round(at) for at in head.centre)
    assert tuple(head.sprite[round(y + 0.24 * head.face_px), x, :3]) == MASK
    eyes = slice(0, round(y - 0.12 * head.face_px))
    assert (head.sprite[eyes] == figure.head.sprite[eyes]).all()


def test_an_umbrella_is_wider_than_the_head_and_ends_above_the_eyes(figure: Figure) -> None:
    head = under_umbrella(figure, (120, 60, 40)).head
    assert head.sprite.shape[1] > 3 * figure.head.sprite.shape[1]
    assert head.face_px == figure.head.face_px
    x, y = (round(at) for at in head.centre)
    assert tuple(head.sprite[round(y - 0.5 * head.face_px), x, :3]) == (120, 60, 40)
    assert tuple(head.sprite[y, x, :3]) != (120, 60, 40)
    assert (head.sprite[..., :3] <= head.sprite[..., 3:]).all()


def test_the_person_behind_stays_as_drawn(figure: Figure) -> None:
    before = figure.head.sprite.copy()
    masked(figure)
    under_umbrella(figure, (1, 2, 3))
    assert (figure.head.sprite == before).all()
