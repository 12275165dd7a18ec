from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gate.bench.plates
from gate.bench.plates import colour_of, height_of, is_crop, score_plates
from gate.errors import GateError
from models.holdout import mark
from models.sighting import Box, PlateColour, PlateSighting
from tests.gate.bench.toys import PlatesByShade, plate, silent, write


def test_a_picture_is_about_the_nearest_plate_that_is_sure(tmp_path: Path) -> None:
    seen = {
        1: [plate("辽A11111", 0.7, height=40), plate("辽B99999", 0.9, height=20), plate("辽C99999", 0.3, height=60)],
        2: [plate("辽A22222", 0.4, height=20), plate("辽B99999", 0.3, height=60)],
    }
    for shade in seen:
        write(tmp_path / f"辽A{str(shade) * 5}.png", shade)
    assert score_plates(PlatesByShade(seen), tmp_path, silent).whole.exact == 1.0


def test_only_one_plate_of_each_picture_counts_and_every_picture_counts(tmp_path: Path) -> None:
    names = ["辽A11111", "辽A22222", "辽A33333", "粤OA2160"]
    for shade, name in enumerate(names, 1):
        write(tmp_path / f"{name}.png", shade)
    (tmp_path / "辽A44444.jpg").write_text("no picture")
    seen = {
        1: [plate("辽A11111", 0.8)],
        2: [plate("辽A22222", 0.5), plate("辽B99999", 0.9)],
        3: [],
        4: [plate("粤OA2160", 0.9)],
    }
    score = score_plates(PlatesByShade(seen), tmp_path, silent)
    assert (score.whole.pictures, score.whole.exact, score.whole.found) == (5, 0.4, 0.6)
    assert {(wrong.plate, wrong.read) for wrong in score.wrong} == {
        ("辽A22222", "辽B99999"),
        ("辽A33333", ""),
        ("辽A44444", ""),
    }
    assert score.refused == (("辽A44444.jpg", "picture.not_a_picture"),)
    assert score.whole.characters == pytest.approx((1 + 1 / 7 + 0 + 0 + 1) / 5)
    assert (score.crops, score.excluded, score.notes) == (0, 0, ())


def test_with_the_grammar_only_what_it_accepts_counts_and_the_dangerous_share_is_told(tmp_path: Path) -> None:
    seen = {
        1: [plate("辽A11111")],
        2: [plate("辽A22223")],
        3: [plate("辽A3333")],
        4: [plate("辽A44444", colour=PlateColour.GREEN)],
    }
    for shade in seen:
        write(tmp_path / f"辽A{str(shade) * 5}.png", shade)
    whole = score_plates(PlatesByShade(seen), tmp_path, silent).whole
    assert (whole.exact, whole.accepted, whole.exact_of_accepted, whole.accepted_wrong) == (0.5, 0.5, 0.5, 0.25)


def test_nothing_accepted_gives_no_share_of_what_was(tmp_path: Path) -> None:
    write(tmp_path / "辽A11111.png", 1)
    assert score_plates(PlatesByShade({1: []}), tmp_path, silent).whole.exact_of_accepted is None


def test_a_picture_that_is_nothing_but_a_plate_is_read_without_a_search(tmp_path: Path) -> None:
    write(tmp_path / "皖A11111.png", 1, width=94, height=24)
    write(tmp_path / "皖A22222.png", 2)
    recogniser = PlatesByShade({1: [plate("皖A11111")], 2: [plate("皖A22222")]})
    score = score_plates(recogniser, tmp_path, silent)
    assert (score.crops, recogniser.whole, score.whole.exact) == (1, [1], 1)


@pytest.mark.parametrize(
    ("width", "height", "crop"),
    [(94, 24, True), (158, 79, True), (160, 80, False), (47, 24, False), (144, 24, True), (145, 24, False)],
)
def test_a_crop_is_low_and_two_to_six_times_as_wide(width: int, height: int, crop: bool) -> None:
    assert is_crop(np.zeros((height, width, 3), np.uint8)) is crop


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("辽AD12345", PlateColour.GREEN),
        ("辽A12345D", PlateColour.YELLOW_GREEN),
        ("辽AZ12345", PlateColour.GREEN),
        ("辽A1234警", PlateColour.WHITE),
        ("WJ辽12345", PlateColour.WHITE),
        ("辽A1234学", PlateColour.YELLOW),
        ("粤Z1234港", PlateColour.BLACK),
        ("粤Z1234澳", PlateColour.BLACK),
        ("沪A1234领", PlateColour.BLACK),
        ("使123456", PlateColour.BLACK),
        ("辽A12345", None),
    ],
)
def test_the_form_of_a_plate_tells_its_colour_unless_it_is_a_cars(text: str, colour: PlateColour | None) -> None:
    assert colour_of(text) is colour


def test_pictures_are_grouped_by_the_colour_that_the_name_tells_or_else_by_the_one_read(tmp_path: Path) -> None:
    seen = {
        1: [plate("辽A11111", colour=PlateColour.YELLOW)],
        2: [],
        3: [plate("辽AD12345", colour=PlateColour.BLUE)],
        4: [plate("辽A1234学", colour=PlateColour.YELLOW)],
    }
    for shade, name in enumerate(("辽A11111", "辽A22222", "辽AD12345", "辽A1234学"), 1):
        write(tmp_path / f"{name}.png", shade)
    groups = score_plates(PlatesByShade(seen), tmp_path, silent).by_colour
    assert {(str(group.colour), group.by, group.tally.pictures, group.tally.exact) for group in groups} == {
        ("green", "name", 1, 1),
        ("unknown", "reading", 1, 0),
        ("yellow", "name", 1, 1),
        ("yellow", "reading", 1, 1),
    }


def test_pictures_are_grouped_by_the_height_of_the_plate(tmp_path: Path) -> None:
    heights = {1: 10.0, 2: 16.0, 3: 23.9, 4: 200.0}
    seen = {shade: [plate(f"辽A{str(shade) * 5}", height=height)] for shade, height in heights.items()}
    for shade in range(1, 6):
        write(tmp_path / f"辽A{str(shade) * 5}.png", shade)
    groups = score_plates(PlatesByShade(seen | {5: []}), tmp_path, silent).by_height
    assert [(group.from_px, group.below_px, group.tally.pictures) for group in groups] == [
        (None, None, 1),
        (0, 16, 1),
        (16, 24, 2),
        (80, None, 1),
    ]


def test_a_turned_plates_height_is_its_own_and_not_its_boxs() -> None:
    corners = np.array([[0, 40], [80, 0], [88, 16], [8, 56]], np.float32)
    seen = PlateSighting(Box(0, 0, 88, 56), corners, 1, 0.9, "", (), PlateColour.BLUE, None)
    assert height_of(seen) == pytest.approx(320**0.5)


def test_confusions_come_from_readings_of_the_same_plate_alone(tmp_path: Path) -> None:
    write(tmp_path / "辽A11111.png", 1)
    write(tmp_path / "辽A22222.png", 2)
    seen = {1: [plate("辽A11117")], 2: [plate("沪B98765")]}
    confusions = score_plates(PlatesByShade(seen), tmp_path, silent).confusions
    assert confusions == {"1": {"1": 4, "7": 1}, "A": {"A": 1}, "辽": {"辽": 1}}


def test_a_limit_draws_the_same_pictures_with_the_same_seed(tmp_path: Path) -> None:
    for digit in range(9):
        write(tmp_path / f"辽A1234{digit}.png", digit + 1)
    recogniser = PlatesByShade({shade: [] for shade in range(1, 10)})
    steps: list[tuple[int, int]] = []
    one = score_plates(recogniser, tmp_path, lambda done, whole: steps.append((done, whole)), limit=4, seed=7)
    two = score_plates(recogniser, tmp_path, silent, limit=4, seed=7)
    assert one.whole.pictures == 4
    assert steps[-1] == (4, 4)
    assert [wrong.file for wrong in one.wrong] == [wrong.file for wrong in two.wrong]


def test_plates_that_were_learned_from_are_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate.bench.plates, "seen", lambda kind: {"plates": {mark("辽A11111"), mark("辽A33333")}}[kind])
    for shade in (1, 2, 3):
        write(tmp_path / f"{shade}.png", shade)
    rows = "file,plate,corrected_plate\n1.png,辽A11111,\n2.png,辽A22222,\n3.png,辽A33333,辽A33338\n"
    (tmp_path / "labels.csv").write_text(rows, "utf-8")
    recogniser = PlatesByShade({shade: [] for shade in (1, 2, 3)})
    score = score_plates(recogniser, tmp_path, silent, excluding=True)
    assert ([wrong.plate for wrong in score.wrong], score.excluded) == (["辽A22222"], 2)
    assert score_plates(recogniser, tmp_path, silent).whole.pictures == 3
    (tmp_path / "2.png").unlink()
    with pytest.raises(GateError) as refused:
        score_plates(recogniser, tmp_path, silent, excluding=True)
    assert (refused.value.code, refused.value.facts["count"]) == ("bench.all_seen", 2)


def test_the_same_pixels_in_two_files_count_once_and_under_two_plates_not_at_all(tmp_path: Path) -> None:
    write(tmp_path / "辽A11111.png", 1)
    write(tmp_path / "辽A11111.bmp", 1)
    write(tmp_path / "辽A22222.png", 2)
    write(tmp_path / "辽A33333.png", 2)
    write(tmp_path / "辽A44444.png", 4)
    write(tmp_path / "辽A55555.png", 4).write_bytes((tmp_path / "辽A44444.png").read_bytes() + b"tail")
    score = score_plates(PlatesByShade({1: [plate("辽A11111")], 4: []}), tmp_path, silent)
    assert (score.whole.pictures, score.whole.exact) == (1, 1)
    assert sorted(note.code.removeprefix("bench.row_") for note in score.notes) == [*["contradiction"] * 4, "twice"]


@pytest.mark.parametrize(("files", "code"), [([], "bench.no_pictures"), (["IMG_1.png", "2.png"], "bench.no_plates")])
def test_a_folder_that_gives_nothing_to_measure_is_said(files: list[str], code: str, tmp_path: Path) -> None:
    for name in files:
        write(tmp_path / name, 1)
    with pytest.raises(GateError) as refused:
        score_plates(PlatesByShade({}), tmp_path, silent)
    assert refused.value.code == code


def test_a_folder_of_contradictions_alone_is_said(tmp_path: Path) -> None:
    for name in ("辽A11111", "辽A22222"):
        write(tmp_path / f"{name}.png", 1)
    with pytest.raises(GateError) as refused:
        score_plates(PlatesByShade({1: []}), tmp_path, silent)
    assert refused.value.code == "bench.no_plates"
