"""The arithmetic of the comparison, with contenders whose answers are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bench.peers import OURS, face_duel, framed, plate_duel
from gate.config import FaceLimits
from gate.errors import GateError
from models.sighting import Embedding, Picture
from tests.gate.bench.toys import FacesByShade, PlatesByShade, plate, silent, write

RULES = FaceLimits(accept=0.45)
BLACK = np.zeros((720, 1280, 3), np.uint8)


class FacesOfPhotos(FacesByShade):
    """One face in a photograph that stands somewhere in a black frame: its brightest grey tells whose."""

    def find(self, picture: Picture) -> object:  # type: ignore[override]
        return super().find(picture)[1:]

    def embed(self, picture: Picture, faces: object) -> object:
        return super().embed(np.full((1, 1, 3), picture.max(), np.uint8), faces)  # type: ignore[arg-type]


def _people(folder: Path, shades: dict[str, tuple[int, ...]]) -> Path:
    for name, own in shades.items():
        for take, shade in enumerate(own):
            write(folder / name / f"{take}.png", shade)
    return folder


def _direction(picture: Picture) -> Embedding:
    angle = float(picture.max()) / 40
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


SHADES = {"张三": (10, 12), "李四": (60, 62), "王五": (110, 112), "赵六": (160,), "孙七": (200,), "周八": (240,)}


def test_faces_go_all_the_way_to_an_identity_on_both_sides(tmp_path: Path) -> None:
    def blind(picture: Picture) -> Embedding | None:
        return None if 55 < picture.max() < 65 else _direction(picture)

    peers = {"good": _direction, "blind": blind}
    duel = face_duel(FacesOfPhotos(), peers, _people(tmp_path, SHADES), [BLACK], RULES, silent, people=4)  # type: ignore[arg-type]
    assert (duel.enrolled, duel.mates, duel.strangers) == (3, 3, 3)
    ours, good, less = (duel.sides[name] for name in (OURS, "good", "blind"))
    assert (ours.ranked_first, ours.with_face) == (good.ranked_first, good.with_face) == (1.0, 1.0)
    assert less.ranked_first == pytest.approx(2 / 3)
    assert less.with_face == pytest.approx(7 / 9)
    assert ours.identified is None
    assert set(duel.ratios) == {"good", "blind"}
    assert duel.ratios["good"].accuracy == 1.0
    assert duel.ratios["blind"].accuracy == pytest.approx(3 / 2)
    assert all(ratio.speed > 0 for ratio in duel.ratios.values())
    assert ours.per_second == pytest.approx(1000 / ours.ms)


def test_a_photograph_that_is_none_stops_nothing(tmp_path: Path) -> None:
    folder = _people(tmp_path, SHADES)
    (folder / "张三" / "1.png").write_text("no picture")
    duel = face_duel(FacesOfPhotos(), {}, folder, [BLACK], RULES, silent)  # type: ignore[arg-type]
    assert duel.mates == 2
    assert duel.ratios == {}


def test_people_with_one_photograph_each_are_refused(tmp_path: Path) -> None:
    folder = _people(tmp_path, {name: own[:1] for name, own in SHADES.items()})
    with pytest.raises(GateError, match=r"bench\.no_pairs"):
        face_duel(FacesOfPhotos(), {}, folder, [BLACK], RULES, silent)  # type: ignore[arg-type]


def test_plates_are_right_wrong_or_not_read(tmp_path: Path) -> None:
    texts = ("辽A12345", "辽A22222", "辽A33333", "辽A44444")
    for shade, text in enumerate(texts, 1):
        write(tmp_path / f"{text}.png", shade)
    (tmp_path / "辽A55555.png").write_text("no picture")
    ours = PlatesByShade({1: [plate(texts[0])], 2: [plate(texts[1])], 3: [plate("辽A99999")], 4: []})
    theirs = {1: texts[0], 2: "", 3: "辽A3", 4: "辽A88888"}
    duel = plate_duel(ours, {"peer": lambda picture: theirs[int(picture[0, 0, 0])]}, tmp_path, silent)
    assert (duel.pictures, duel.excluded) == (4, 0)
    assert (duel.sides[OURS].exact, duel.sides[OURS].accepted_wrong) == (0.5, 0.25)
    assert (duel.sides["peer"].exact, duel.sides["peer"].accepted_wrong) == (0.25, 0.25)
    assert duel.ratios["peer"].accuracy == 2.0


def test_a_peer_that_reads_nothing_gives_no_ratio(tmp_path: Path) -> None:
    write(tmp_path / "辽A12345.png", 1)
    duel = plate_duel(PlatesByShade({1: [plate("辽A12345")]}), {"peer": lambda _: ""}, tmp_path, silent)
    assert duel.ratios["peer"].accuracy is None


def test_a_folder_without_plates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"bench\.no_pictures"):
        plate_duel(PlatesByShade({}), {}, tmp_path, silent)


@given(st.integers(1, 2000), st.integers(1, 2000), st.integers(0, 2**32 - 1))
def test_a_photograph_stands_whole_in_its_frame(wide: int, tall: int, seed: int) -> None:
    photo = np.full((tall, wide, 3), 255, np.uint8)
    frame = framed(photo, BLACK[::4, ::4], np.random.default_rng(seed))
    assert frame.shape == (180, 320, 3)
    rows, columns = np.nonzero(frame[:, :, 0])
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert len(rows) == height * width
    assert abs(height * wide / tall - width) <= 1 + wide / tall
