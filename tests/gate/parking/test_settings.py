"""`[parking]` as it is written, and what is said about what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.config import Config, FaceLimits, load_config
from gate.decision.rules import Rules
from gate.errors import ConfigRefused
from gate.parking.settings import Parking
from gate.rulebook.reading import read_parking
from gate.texts import LANGUAGES, explain

GOOD = """
[parking]
places = 2
[[parking.zone]]
id = "yard"
name = "地面车位"
spaces = 120
enter = ["north-in"]
leave = ["north-out"]
[[parking.zone]]
id = "garage"
name = "车库"
spaces = 40
takes = "residents"
enter = ["north-in"]
leave = ["north-out"]
[[camera]]
id = "c"
url = "usb:0"
[[barrier]]
id = "a"
[[barrier]]
id = "b"
[[barrier]]
id = "d"
kind = "door"
[[lane]]
id = "north-in"
name = "北门入口"
kind = "vehicle"
camera = "c"
barrier = "a"
[[lane]]
id = "north-out"
name = "北门出口"
kind = "vehicle"
direction = "out"
camera = "c"
barrier = "b"
[[lane]]
id = "walk"
name = "人行"
kind = "pedestrian"
camera = "c"
barrier = "d"
"""


def _load(folder: Path, text: str) -> Config:
    (folder / "gate.toml").write_text(text, "utf-8")
    return load_config(folder / "gate.toml")


def test_zones_are_read_in_the_order_they_are_written_in(tmp_path: Path) -> None:
    parking = _load(tmp_path, GOOD).parking
    assert (parking.places, parking.extra_car, parking.free_minutes, parking.forget_after_days) == (2, "ask", 120, 30)
    assert [zone.id for zone in parking.into("north-in")] == ["yard", "garage"]
    assert [zone.id for zone in parking.out_of("north-out")] == ["yard", "garage"]
    assert parking.into("north-out") == ()
    assert [zone.is_for(visitor=True) for zone in parking.zone] == [True, False]
    assert _load(tmp_path, GOOD[GOOD.index("[[camera]]") :]).parking.zone == ()


def test_a_zone_may_name_the_lanes_of_another_box(tmp_path: Path) -> None:
    south = GOOD.replace('enter = ["north-in"]', 'enter = ["north-in", "south-in"]', 1)
    with pytest.raises(ConfigRefused):
        _load(tmp_path, south)
    parking = _load(tmp_path, south.replace("places = 2", 'places = 2\nelsewhere = ["south-in"]')).parking
    assert [zone.id for zone in parking.into("south-in")] == ["yard"]


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ('id = "garage"', 'id = "yard"', "config.zone_twice"),
        ('enter = ["north-in"]', 'enter = ["north-out"]', "config.zone_both_ways"),
        ('enter = ["north-in"]', 'enter = ["north-inn"]', "config.zone_names_no_lane"),
        ('enter = ["north-in"]', 'enter = ["walk"]', "config.zone_lane_on_foot"),
        ('enter = ["north-in"]', "enter = []", "config.too_few"),
        ("spaces = 120", "spaces = 0", "config.too_little"),
        ('takes = "residents"', 'take = "residents"', "config.unknown_key_near"),
        ('takes = "residents"', 'takes = "guests"', "config.not_one_of"),
        ("places = 2", "places = -1", "config.too_little"),
        ("[[parking.zone]]", "[[parking.area]]", "config.unknown_key"),
    ],
)
def test_what_cannot_be_is_refused_with_the_key_and_what_to_do(
    tmp_path: Path, right: str, wrong: str, code: str
) -> None:
    with pytest.raises(ConfigRefused) as refused:
        _load(tmp_path, GOOD.replace(right, wrong, 1))
    (problem, *_) = refused.value.problems
    assert problem.code == code
    assert all(code not in explain(problem, language) for language in LANGUAGES)


def test_rules_without_a_zone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        _load(tmp_path, "[parking]\nplaces = 2\n")
    assert [problem.code for problem in refused.value.problems] == ["config.parking_no_zone"]


def test_parking_may_stand_in_a_file_of_its_own_and_then_nowhere_else(tmp_path: Path) -> None:
    lanes = GOOD[GOOD.index("[[camera]]") :]
    told = _load(tmp_path, '[parking]\nfile = "parking.toml"\n' + lanes).parking
    assert (told.file, told.parking) == (tmp_path / "parking.toml", Parking())
    with pytest.raises(ConfigRefused) as refused:
        _load(tmp_path, '[parking]\nfile = "parking.toml"\nplaces = 2\n' + lanes)
    assert [problem.code for problem in refused.value.problems] == ["config.parking_in_two_places"]


def test_the_same_parking_is_the_same_wherever_it_stands(tmp_path: Path) -> None:
    inline = _load(tmp_path, GOOD)
    file = tmp_path / "parking.toml"
    file.write_text(
        GOOD[: GOOD.index("[[camera]]")].replace("[parking]\n", "").replace("parking.zone", "zone"), "utf-8"
    )
    elsewhere = _load(tmp_path, '[parking]\nfile = "parking.toml"\n' + GOOD[GOOD.index("[[camera]]") :])
    assert read_parking(elsewhere) == read_parking(inline) == inline.parking.parking
    faces = FaceLimits(accept=0.45)
    versions = {Rules.of(one, one.lane[0], faces, parking=read_parking(one)).version for one in (inline, elsewhere)}
    assert len(versions) == 1
