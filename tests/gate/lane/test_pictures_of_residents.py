"""A picture of a resident and the resident in person, through the whole lane with the models of the program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gate.bench.passages import PEDESTRIAN, KnownPerson, Labelled, Shots, Staging
from gate.bench.stage import Stage
from gate.config import Config, parse_config
from models.sighting import Picture
from models.training.attack_sheets import Attack
from samples.attacks import RATE, anybody, attack_film, carry, living_film, portrait
from samples.compound import COURTYARD, PEOPLE
from samples.heads import enrolment_photo
from samples.people import draw_figure
from samples.scenery import path

RESIDENT, OTHER = PEOPLE[0], PEOPLE[3]
UNGUARDED = parse_config({"faces": {"liveness": {"on": False}}}, Path("gate.toml"))


def _in_person() -> Iterator[Picture]:
    rng = np.random.default_rng(11)
    return living_film(path(rng), draw_figure(RESIDENT.looks, rng), COURTYARD, rng)


def _shown(attack: Attack) -> Iterator[Picture]:
    rng = np.random.default_rng(12)
    shown, holder = (portrait(person.looks.likeness) for person in (RESIDENT, OTHER))
    return attack_film(path(rng), carry(attack, shown, holder, anybody(rng), rng), COURTYARD, rng)


def _decided(folder: Path, film: Callable[[], Iterable[Picture]], config: Config) -> list[tuple[str, str]]:
    """Verdict and reason of whatever the lane decided about the enrolled resident."""

    def timed() -> Shots:
        return ((number / RATE, picture) for number, picture in enumerate(film()))

    photo = partial(enrolment_photo, RESIDENT.looks.likeness)
    passage = Labelled("one", PEDESTRIAN, "day", "one", (RESIDENT.name,), 0, (), timed)
    staging = Staging((KnownPerson(RESIDENT.name, RESIDENT.household, photo),), (), (passage,))
    with Stage(folder, staging, config) as stage:
        played = stage.play(passage)
    return [(one.passage.verdict, one.passage.reason) for one in played.outcomes if one.decision.subject]


@pytest.mark.starter
def test_a_living_resident_is_let_in(tmp_path: Path) -> None:
    assert _decided(tmp_path, _in_person, Config()) == [("open", "known_resident")]


@pytest.mark.starter
@pytest.mark.parametrize("attack", [Attack.PRINT, Attack.TABLET])
def test_a_picture_of_a_resident_is_asked_about(attack: Attack, tmp_path: Path) -> None:
    assert _decided(tmp_path, partial(_shown, attack), Config()) == [("ask", "liveness_doubt")]


@pytest.mark.starter
def test_without_the_check_the_same_picture_opens(tmp_path: Path) -> None:
    assert _decided(tmp_path, partial(_shown, Attack.PRINT), UNGUARDED) == [("open", "known_resident")]
