from pathlib import Path

import pytest

from models.holdout import MARK_DIGITS, mark, seen
from models.training.split import HELD_OUT, is_held_out, write_marks


def test_a_mark_names_nobody_and_is_the_same_everywhere() -> None:
    assert mark("苏A12345") == mark("苏A12345")
    assert len(mark("张三")) == MARK_DIGITS
    assert mark("e\u0301") == mark("\u00e9"), "one name in two spellings of Unicode is one name"


@pytest.mark.parametrize("kind", ["people", "plates"])
def test_about_the_promised_share_is_held_out(kind: str) -> None:
    names = [f"苏A{number:05d}" for number in range(6000)]
    share = sum(is_held_out(name, kind) for name in names) / len(names)  # type: ignore[arg-type]
    assert abs(share - 1 / HELD_OUT[kind]) < 0.03  # type: ignore[index]


def test_marks_are_written_once_each_in_order(tmp_path: Path) -> None:
    write_marks(["李四", "张三", "李四"], tmp_path / "marks.txt")
    lines = (tmp_path / "marks.txt").read_text().splitlines()
    assert lines == sorted({mark("张三"), mark("李四")})


@pytest.mark.parametrize("kind", ["people", "plates"])
def test_nothing_that_was_learned_from_is_on_the_side_that_measures(kind: str) -> None:
    marks = seen(kind)  # type: ignore[arg-type]
    assert len(marks) > 100
    assert all(int(one, 16) % HELD_OUT[kind] for one in marks)  # type: ignore[index]
