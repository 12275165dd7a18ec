from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bench.identification import PROBES, Cast, Enrolled, cast_of, identify, sizes_of
from gate.bench.verification import Operating
from gate.config import FaceLimits
from models.sighting import Embedding

MODEL = "toy@00000000"
PEOPLE = {f"p{i}": [Path(f"p{i}/{j}") for j in range(1 + i % 6)] for i in range(24)}


def _at(degrees: float) -> Embedding:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


ENROLLED = tuple(
    Enrolled(name, Path(name), tuple(Path(f"{name}{i}") for i in range(probes)))
    for name, probes in (("a", 3), ("b", 1), ("c", 0))
)
FACES = {
    "a": 0,
    "b": 40,
    "c": 120,
    "a0": 5,  # a by 0.996, b by 0.819: found
    "a1": 22,  # b by 0.951, a by 0.927: nearest to another, but too close to call
    "a2": 42,  # b by 0.999, a by 0.743: taken for b
    "b0": 38,  # found
    "s0": 121,  # taken for c
    "s1": 200,  # like nobody
    "s2": 80,  # b and c alike, below the threshold
}
RULES = FaceLimits(accept=0.9, margin=0.1)


def _identified(faces: dict[str, float], wanted: int = 3) -> dict[str, object]:
    cast = Cast(ENROLLED, tuple(Path(name) for name in ("s0", "s1", "s2", "s3")))
    known: dict[Path, Embedding | None] = {Path(name): _at(degrees) for name, degrees in faces.items()}
    found = identify(cast, known | {Path("s3"): None}, MODEL, RULES, wanted)
    return {name: getattr(found, name) for name in found.__slots__}


def test_a_gallery_is_searched_as_reckoned_by_hand() -> None:
    assert _identified(FACES) == {
        "wanted": 3,
        "people": 3,
        "mates": 4,
        "strangers": 4,
        "accept": 0.9,
        "margin": 0.1,
        "ranked_first": 0.5,
        "identified": 0.5,
        "mistaken": 0.25,
        "false_positive": 0.25,
        "at_fpir": None,
    }


def test_a_smaller_gallery_has_less_to_confuse() -> None:
    found = _identified(FACES, wanted=1)
    assert (found["people"], found["mates"]) == (1, 3)
    assert (found["ranked_first"], found["identified"], found["mistaken"]) == (1, 2 / 3, 0)
    assert found["false_positive"] == 0


def test_who_shows_no_face_to_enrol_is_left_out_and_a_probe_without_one_is_not_found() -> None:
    cast = Cast(ENROLLED[:2], ())
    known = {Path("a"): None, Path("a0"): _at(0), Path("b"): _at(40), Path("b0"): None}
    found = identify(cast, known, MODEL, RULES, 100)
    assert (found.people, found.mates, found.identified, found.ranked_first, found.mistaken) == (1, 1, 0, 0, 0)
    assert (found.strangers, found.false_positive) == (0, None)


def test_an_empty_gallery_finds_nobody() -> None:
    found = identify(Cast((), (Path("s"),)), {Path("s"): _at(3)}, MODEL, RULES, 100)
    assert (found.people, found.mates, found.identified, found.false_positive) == (0, 0, None, 0)


def test_packs_are_compared_where_one_stranger_in_a_hundred_may_pass() -> None:
    cast = Cast((Enrolled("a", Path("a"), (Path("a0"), Path("a1"))),), tuple(Path(f"s{i}") for i in range(100)))
    strangers = {Path(f"s{i}"): _at(90 - i * 0.5) for i in range(100)}
    found = identify(cast, {Path("a"): _at(0), Path("a0"): _at(40), Path("a1"): _at(41.5)} | strangers, MODEL, RULES, 1)
    # The nearest strangers are 40.5 and 41 degrees off; the first may pass, and the second sets the threshold.
    assert found.at_fpir == Operating(0.5, pytest.approx(np.cos(np.radians(41)), abs=1e-6))


def test_the_cast_parts_strangers_from_enrolled_people() -> None:
    cast = cast_of(PEOPLE, random.Random(1))
    outside = {file.parent.name for file in cast.strangers}
    inside = [person.name for person in cast.enrolled]
    assert len(outside) == 6
    assert set(inside) | outside == set(PEOPLE)
    assert not set(inside) & outside
    assert len(inside) == 18


def test_people_of_one_picture_are_strangers_first_and_enrolled_last() -> None:
    cast = cast_of(PEOPLE, random.Random(1))
    single = {name for name, files in PEOPLE.items() if len(files) == 1}
    assert single <= {file.parent.name for file in cast.strangers}
    lonely = cast_of({name: files[:1] for name, files in PEOPLE.items()} | {"z": PEOPLE["p5"]}, random.Random(1))
    assert lonely.enrolled[0].name == "z"


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 6), max_size=30), st.integers(0, 99))
def test_no_picture_is_both_enrolled_and_searched_for(people: dict[str, int], seed: int) -> None:
    files = {name: [Path(name) / str(take) for take in range(count)] for name, count in people.items()}
    cast = cast_of(files, random.Random(seed))
    assert cast == cast_of(files, random.Random(seed))
    enrolled = [person.photo for person in cast.enrolled]
    probes = [file for person in cast.enrolled for file in person.probes]
    assert len({*enrolled, *probes, *cast.strangers}) == len(enrolled) + len(probes) + len(cast.strangers)
    assert all(len(person.probes) <= PROBES for person in cast.enrolled)
    assert all({file.parent.name for file in (p.photo, *p.probes)} == {p.name} for p in cast.enrolled)


@pytest.mark.parametrize(
    ("available", "sizes"),
    [(10_000, [100, 1000, 5000]), (5000, [100, 1000, 5000]), (3000, [100, 1000, 5000]), (600, [100, 1000]), (7, [100])],
)
def test_galleries_grow_until_one_takes_everybody(available: int, sizes: list[int]) -> None:
    assert sizes_of(available) == sizes
