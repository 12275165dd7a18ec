"""Masks and umbrellas on drawn people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from samples.compound import PEOPLE, Person
from samples.outfits import MASK, MASK_FOLD, masked, under_umbrella
from samples.people import Figure, draw_figure


@pytest.fixture(scope="module")
def figure() -> Figure:
    return draw_figure(PEOPLE[0].looks, np.random.default_rng(1))


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_a_mask_covers_nose_and_mouth_and_leaves_the_eyes_however_the_head_is_turned(person: Person) -> None:
    bare = draw_figure(person.looks, np.random.default_rng(1))
    head = masked(bare).head
    assert head.marks is not None
    for x, y in head.marks[:2].round().astype(int):
        eye = slice(y - 4, y + 5), slice(x - 6, x + 7)
        assert (head.sprite[eye] == bare.head.sprite[eye]).all()
    for x, y in head.marks[2:].round().astype(int):
        *colour, alpha = head.sprite[y, x].tolist()
        assert alpha < 255 or all(MASK_FOLD[at] <= colour[at] <= MASK[at] for at in range(3))


def test_a_mask_does_not_stand_out_beyond_the_head(figure: Figure) -> None:
    assert (masked(figure).head.sprite[..., 3] == figure.head.sprite[..., 3]).all()


def test_a_head_without_landmarks_gets_no_mask(figure: Figure) -> None:
    with pytest.raises(ValueError, match="landmarks"):
        masked(replace(figure, head=replace(figure.head, marks=None)))


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
