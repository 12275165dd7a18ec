"""Drawn attacks: sheets with their face where it is said to be, and films of sheets that the signs of life tell."""

from __future__ import annotations

import numpy as np
import pytest

from models.training.attack_sheets import FACE_PX, Attack, draw_sheet
from samples.attacks import living_film, portrait, presentations, sample_people, turned
from samples.compound import PEOPLE
from samples.heads import Head
from samples.people import draw_figure
from samples.scenery import path
from samples.weather import DAY

SHOWN, HOLDER = portrait(PEOPLE[0].looks.likeness), portrait(PEOPLE[1].looks.likeness)


@pytest.mark.parametrize("attack", Attack)
def test_a_sheet_holds_its_face_and_its_colours_stay_under_their_alpha(attack: Attack) -> None:
    sheet = draw_sheet(attack, SHOWN, HOLDER, np.random.default_rng(1))
    x, y = sheet.centre
    height, width = sheet.sprite.shape[:2]
    assert sheet.face_px == FACE_PX
    assert FACE_PX * 0.4 < x < width - FACE_PX * 0.4
    assert FACE_PX * 0.5 < y < height - FACE_PX * 0.5
    assert sheet.sprite[int(y), int(x), 3] == 255
    assert (sheet.sprite[..., :3] <= sheet.sprite[..., 3:]).all()


def test_the_same_seed_draws_the_same_sheet() -> None:
    one, other = (draw_sheet(Attack.TABLET, SHOWN, HOLDER, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(one.sprite, other.sprite)


def test_only_a_deep_head_moves_its_nose_against_its_edges() -> None:
    sprite = np.zeros((300, 300, 4), np.uint8)
    sprite[140:160, 145:155] = 255
    head = Head(sprite, (150.0, 150.0), 150.0)

    def nose(of: Head) -> float:
        return float(np.nonzero(of.sprite[..., 3])[1].mean())

    assert nose(turned(head, 20, deep=False)) == pytest.approx(150, abs=1)
    assert abs(nose(turned(head, 20, deep=True)) - 150) > 4


def test_every_round_shows_one_living_person_and_every_attack() -> None:
    shown = presentations(sample_people(), rounds=2, seed=1)
    assert [one.kind for one in shown] == ["living", *Attack] * 2


def test_a_film_is_the_same_at_each_call() -> None:
    shown = presentations(sample_people(), rounds=1, seed=1)[1]
    first, again = (next(iter(shown.film())) for _ in range(2))
    assert first[0] == again[0] == 0.0
    assert np.array_equal(first[1], again[1])


def test_somebody_in_person_comes_up_to_the_wicket() -> None:
    rng = np.random.default_rng(2)
    figure = draw_figure(PEOPLE[0].looks, rng)
    frames = list(living_film(path(rng), figure, DAY, rng))
    assert len(frames) > 40
    assert not np.array_equal(frames[10], frames[20])
