"""The folder of labelled passages: what it takes, and what it says of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.bench.passages import KnownPerson, KnownVehicle, Labelled, Staging, play, read_folder
from gate.errors import GateError
from models.sighting import Picture, PlateColour
from samples.passages import write_staging

LISTS = {
    "passages.csv": "film,lane,light,scene,there,strangers,opens\na.mp4,vehicle,day,vehicle,辽A12345,0,辽A12345\n",
    "people.csv": "name,household,photo\n张三,3-2-501,zhang.png\n",
    "vehicles.csv": "plate,colour,household,blocked\n辽A12345,blue,3-2-501,\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in LISTS.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "a.mp4").write_bytes(b"")
    return tmp_path


def test_a_folder_says_who_is_enrolled_and_what_should_come_of_each_film(folder: Path) -> None:
    staged = read_folder(folder)
    assert [person.name for person in staged.people] == ["张三"]
    assert staged.vehicles == (KnownVehicle("辽A12345", PlateColour.BLUE, "3-2-501"),)
    (passage,) = staged.passages
    assert (passage.lane, passage.light) == ("vehicle", "day")
    assert passage.there == passage.opens == ("辽A12345",)


@pytest.mark.parametrize(
    ("name", "was", "becomes", "code"),
    [
        ("passages.csv", "lane,", "way,", "bench_gate.columns"),
        ("passages.csv", ",vehicle,day", ",boat,day", "bench_gate.row"),
        ("passages.csv", ",0,", ",some,", "bench_gate.row"),
        ("passages.csv", "辽A12345,0", "辽A99999,0", "bench_gate.row"),
        ("passages.csv", ",0,辽A12345", ",0,辽A12346", "bench_gate.row"),
        ("passages.csv", "a.mp4", "b.mp4", "bench_gate.no_film"),
    ],
)
def test_a_wrong_list_is_named_with_its_row(folder: Path, name: str, was: str, becomes: str, code: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert was in text
    (folder / name).write_text(text.replace(was, becomes), "utf-8")
    with pytest.raises(GateError) as caught:
        read_folder(folder)
    assert caught.value.code == code


@pytest.mark.parametrize("name", LISTS)
def test_a_missing_list_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(GateError) as caught:
        read_folder(folder)
    assert caught.value.code == "bench_gate.no_list"
    assert name in str(caught.value.facts["list"])


def test_a_film_that_is_none_is_named(folder: Path) -> None:
    with pytest.raises(GateError) as caught:
        list(play(folder / "a.mp4"))
    assert caught.value.code == "bench_gate.film_broken"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    def film() -> Iterator[tuple[float, Picture]]:
        for number in range(5):
            yield number / 10, np.full((64, 96, 3), 40 * number, np.uint8)

    portrait = np.full((20, 20, 3), 7, np.uint8)
    staged = Staging(
        (KnownPerson("张三", "3-2-501", lambda: portrait),),
        (KnownVehicle("辽A12345", PlateColour.BLUE, "3-2-501", blocked=True),),
        [Labelled("0000", "pedestrian", "night", "resident", ("张三",), 1, ("张三",), film)],
    )
    write_staging(staged, tmp_path)
    read = read_folder(tmp_path)
    assert read.vehicles == staged.vehicles
    assert (read.people[0].photo() == cv2.imread(str(tmp_path / "person-0.png"))).all()
    (passage,) = read.passages
    assert (passage.light, passage.there, passage.strangers) == ("night", ("张三",), 1)
    shots = list(passage.film())
    assert [round(at_s, 3) for at_s, _ in shots] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert abs(float(shots[3][1].mean()) - 120) < 6
