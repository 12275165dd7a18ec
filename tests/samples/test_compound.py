"""The sample compound's script holds together, and its films are drawn once and always the same."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import av
import pytest

from gate.decision.decision import Reason, Verdict
from models.plate.grammar import classify
from samples.compound import (
    PEDESTRIAN_LANE,
    RATE,
    SAMPLE,
    STAMP,
    VEHICLES,
    Approach,
    Films,
    Script,
    Visit,
    draw_films,
    expected_of,
)
from samples.compound import PEOPLE as SAMPLE_PEOPLE
from samples.traffic import Turn
from samples.weather import DAY

SHORT = Script(
    visits=(Visit(SAMPLE_PEOPLE[0], 0.0, 1, 0.0),),
    approaches=(Approach(VEHICLES[0], -1.5),),
    turns=(Turn(0.0, DAY),),
    pedestrian_s=0.4,
    vehicle_s=0.6,
)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Films]:
    folder = tmp_path_factory.mktemp("short")
    return folder, draw_films(folder, 1, SHORT)


def _digests(films: Films) -> list[str]:
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in films.files]


def test_the_script_shows_every_outcome_that_the_demo_promises() -> None:
    outcomes = {(passage.verdict, passage.reason) for passage in expected_of(SAMPLE)}
    assert outcomes == {
        (Verdict.OPEN, Reason.KNOWN_RESIDENT),
        (Verdict.REFUSE, Reason.STRANGER),
        (Verdict.OPEN, Reason.KNOWN_VEHICLE),
        (Verdict.REFUSE, Reason.BLOCKED),
        (Verdict.ASK, Reason.UNKNOWN_VEHICLE),
    }


def test_every_passage_is_over_before_its_film_ends() -> None:
    for passage in expected_of(SAMPLE):
        length_s = SAMPLE.pedestrian_s if passage.lane == PEDESTRIAN_LANE else SAMPLE.vehicle_s
        assert 0 < passage.start_s < passage.end_s < length_s


def test_two_people_come_side_by_side_and_the_others_one_by_one() -> None:
    starts = sorted(visit.start_s for visit in SAMPLE.visits)
    together = [later - sooner < 1 for sooner, later in pairwise(starts)]
    assert together.count(True) == 1
    *_, first, second = SAMPLE.visits
    assert abs(first.line_m - second.line_m) > 0.8
    assert {first.person.enrolled, second.person.enrolled} == {True, False}


def test_every_plate_of_the_compound_follows_the_grammar() -> None:
    assert all(classify(vehicle.plate, vehicle.colour) is not None for vehicle in VEHICLES)
    assert len({vehicle.plate for vehicle in VEHICLES}) == len(VEHICLES)


def test_films_have_the_frames_of_their_length_and_photos_are_there(short: tuple[Path, Films]) -> None:
    folder, films = short
    for path, length_s in ((films.pedestrian, SHORT.pedestrian_s), (films.vehicle, SHORT.vehicle_s)):
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
        assert len(frames) == round(length_s * RATE)
        assert all(frame.shape == (720, 1280, 3) for frame in frames)
    assert list(films.photos) == ["张三"]
    assert {file.name for file in folder.iterdir()} == {STAMP, *(file.name for file in films.files)}


def test_what_is_drawn_already_is_not_drawn_again(short: tuple[Path, Films]) -> None:
    folder, films = short
    shares: list[float] = []
    assert draw_films(folder, 1, SHORT, progress=shares.append) == films
    assert not shares


def test_a_seed_always_draws_the_same_films_and_another_seed_others(short: tuple[Path, Films], tmp_path: Path) -> None:
    _, films = short
    shares: list[float] = []
    again = draw_films(tmp_path, 1, SHORT, progress=shares.append)
    assert _digests(again) == _digests(films)
    assert shares[-1] == 1.0
    other = draw_films(tmp_path, 2, SHORT)
    assert all(a != b for a, b in zip(_digests(other)[:2], _digests(films)[:2], strict=True))


def test_a_spoilt_stamp_or_a_lost_photo_draws_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Path] = []

    def write(path: Path, frames: object, rate: int) -> int:
        drawn.append(path)
        path.write_bytes(b"film")
        return 1

    monkeypatch.setattr("samples.compound.write_film", write)
    films = draw_films(tmp_path, 1, SHORT)
    for spoil in (
        lambda: (tmp_path / STAMP).write_text("{", "utf-8"),
        lambda: (tmp_path / STAMP).write_text("[]", "utf-8"),
        films.photos["张三"].unlink,
    ):
        drawn.clear()
        spoil()
        draw_films(tmp_path, 1, SHORT)
        assert len(drawn) == 2
