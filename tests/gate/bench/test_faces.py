from __future__ import annotations

from pathlib import Path

import pytest

import gate.bench.faces
from gate.bench.faces import FaceTask, score_faces
from gate.config import FaceLimits
from gate.errors import GateError
from models.holdout import mark
from tests.gate.bench.toys import FacesByShade, silent, write

RULES = FaceLimits(accept=0.45)


def _three(folder: Path) -> None:
    for person, shade in (("张三", 10), ("李四", 60), ("王五", 110)):
        for take in range(6):
            write(folder / person / f"{take}.png", shade + take)


def test_the_face_in_the_middle_stands_for_the_picture(tmp_path: Path) -> None:
    _three(tmp_path)
    score = score_faces(FacesByShade(), tmp_path, silent, FaceTask(RULES, pairs=40))
    assert (score.pairs, score.people, score.accuracy) == (40, 3, 1.0)
    assert score.operating[1e-3].tar == 1
    assert score.same_mean > 0.9 > score.different_mean
    assert score.without_face == score.refused == score.notes == ()


def test_every_pair_is_counted_and_every_person_searched_for(tmp_path: Path) -> None:
    _three(tmp_path)
    score = score_faces(FacesByShade(), tmp_path, silent, FaceTask(FaceLimits(accept=0.9), pairs=300))
    assert score.pictures == 18
    assert score.spread.pairs == (3 * 15, 3 * 36)
    (tried,) = score.identification
    assert (tried.wanted, tried.people, tried.identified, tried.accept) == (100, 3, 1, 0.9)


def test_few_looks_only_at_the_people_of_the_pairs(tmp_path: Path) -> None:
    _three(tmp_path)
    seen: list[int] = []
    score = score_faces(FacesByShade(), tmp_path, lambda _done, whole: seen.append(whole), FaceTask(RULES, 2, few=True))
    assert score.pairs == 2
    assert seen[-1] <= 4


def test_a_picture_without_a_face_or_that_is_none_makes_its_pairs_wrong(tmp_path: Path) -> None:
    for person, shade in (("张三", 10), ("李四", 60)):
        for take in range(4):
            write(tmp_path / person / f"{take}.png", shade + take)
    write(tmp_path / "张三" / "black.png", 0)
    (tmp_path / "李四" / "text.png").write_text("no picture")
    score = score_faces(FacesByShade(), tmp_path, silent, FaceTask(RULES, pairs=30))
    assert score.without_face == ("black.png",)
    assert score.refused == (("text.png", "picture.not_a_picture"),)
    assert score.accuracy < 1
    assert score.operating[1e-2].tar < 1


def test_one_picture_under_two_people_counts_for_neither_and_twice_under_one_once(tmp_path: Path) -> None:
    _three(tmp_path)
    write(tmp_path / "张三" / "again.png", 10)
    write(tmp_path / "李四" / "wrong.png", 77)
    write(tmp_path / "王五" / "wrong.png", 77)
    # The same pixels in other bytes are only found once they are decoded.
    for person in ("张三", "李四"):
        write(tmp_path / person / "tail.png", 88)
    tail = tmp_path / "李四" / "tail.png"
    tail.write_bytes(tail.read_bytes() + b"tail")
    score = score_faces(FacesByShade(), tmp_path, silent, FaceTask(RULES, pairs=1000))
    assert (score.pictures, score.accuracy) == (18, 1)
    assert sorted((note.file, note.code.removeprefix("bench.row_")) for note in score.notes) == [
        ("张三/again.png", "twice"),
        ("张三/tail.png", "contradiction"),
        ("李四/tail.png", "contradiction"),
        ("李四/wrong.png", "contradiction"),
        ("王五/wrong.png", "contradiction"),
    ]


def test_people_who_were_learned_from_are_left_out_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _three(tmp_path)
    monkeypatch.setattr(gate.bench.faces, "seen", lambda kind: {"people": {mark("张三")}}[kind])
    score = score_faces(FacesByShade(), tmp_path, silent, FaceTask(RULES, pairs=40, excluding=True))
    assert (score.people, score.excluded) == (2, 1)
    assert score_faces(FacesByShade(), tmp_path, silent, FaceTask(RULES, pairs=40)).people == 3
    monkeypatch.setattr(gate.bench.faces, "seen", lambda _kind: {mark("张三"), mark("李四")})
    with pytest.raises(GateError) as refused:
        score_faces(FacesByShade(), tmp_path, silent, FaceTask(RULES, pairs=40, excluding=True))
    assert (refused.value.code, refused.value.facts["count"]) == ("bench.too_few_unseen", 2)


@pytest.mark.parametrize("people", [0, 1])
def test_too_few_people_give_no_pairs(people: int, tmp_path: Path) -> None:
    for person in range(people):
        write(tmp_path / f"{person}" / "1.png", 10)
        write(tmp_path / f"{person}" / "2.png", 11)
    with pytest.raises(GateError) as refused:
        score_faces(FacesByShade(), tmp_path, silent, FaceTask(RULES, pairs=30))
    assert refused.value.code == "bench.no_pairs"


def test_a_folder_whose_pictures_all_contradict_each_other_is_said(tmp_path: Path) -> None:
    for person in ("张三", "李四"):
        for take in range(3):
            write(tmp_path / person / f"{take}.png", 10 + take)
    with pytest.raises(GateError) as refused:
        score_faces(FacesByShade(), tmp_path, silent, FaceTask(RULES, pairs=30))
    assert refused.value.code == "bench.no_pairs"
