"""A folder in which tables are left: taken once they are whole, and never lost."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from enrollment.sources import News
from enrollment.told import ToldKind
from gate.community.registers.drop import Drop
from gate.community.registers.settings import DropSource
from gate.errors import GateError

FORM = "编号,住户,姓名,电话,身份,车牌,车牌颜色\n"
ROWS = "7,3-2-501,张三,13800000000,业主,辽A12345,蓝\n,3-2-502,李四,,,,\n"
NOW_S = 1_900_000_000.0


def _open(folder: Path, **block: object) -> Drop:
    part = DropSource.model_validate({"id": "drop", "kind": "drop", "folder": folder, "settle_s": 5, **block})
    return Drop(part, ZoneInfo("Asia/Shanghai"), lambda: NOW_S)


def _write(file: Path, text: str, age_s: float = 60.0) -> Path:
    file.write_text(text, "utf-8")
    os.utime(file, (NOW_S - age_s, NOW_S - age_s))
    return file


def _twice(drop: Drop) -> News | None:
    """A file is whole once two looks have seen the same."""
    assert drop.ask({}) is None
    return drop.ask({})


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def test_a_whole_table_is_read_and_then_moved_away(tmp_path: Path) -> None:
    _write(tmp_path / "register.csv", FORM + ROWS)
    drop = _open(tmp_path)
    news = _twice(drop)
    assert news is not None
    assert [(one.kind, one.ref, one.values.get("name") or one.values["plate"]) for one in news.told] == [
        (ToldKind.PERSON, "7", "张三"),
        (ToldKind.VEHICLE, "辽A12345", "辽A12345"),
        (ToldKind.PERSON, "3-2-502 李四", "李四"),
    ]
    assert dict(news.told[1].values) == {"plate": "辽A12345", "household": "3-2-501", "colour": "blue"}
    assert set(news.whole) == {ToldKind.PERSON, ToldKind.VEHICLE}
    assert (tmp_path / "register.csv").exists()
    drop.kept()
    assert [name.endswith("-register.csv") for name in _names(tmp_path / "done")] == [True]
    assert _twice(drop) is None


def test_a_file_that_is_being_written_is_left_until_it_stays_as_it_is(tmp_path: Path) -> None:
    file = _write(tmp_path / "register.csv", FORM + ROWS[:30], age_s=1)
    drop = _open(tmp_path)
    assert _twice(drop) is None
    _write(file, FORM + ROWS, age_s=6)
    assert drop.ask({}) is None
    news = drop.ask({})
    assert news is not None
    assert len(news.told) == 3


@pytest.mark.parametrize("name", [".register.csv", "~$register.xlsx", "register.csv.part", "notes.txt"])
def test_what_is_no_table_is_left_alone(tmp_path: Path, name: str) -> None:
    _write(tmp_path / name, FORM + ROWS)
    assert _twice(_open(tmp_path)) is None
    assert _names(tmp_path) == [name]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("register.xlsx", "PK half a workbook", "damaged"),
        ("register.csv", "一,二,三\n1,2,3\n", "heading"),
        ("register.csv", "", "heading"),
    ],
)
def test_what_cannot_be_read_is_put_aside_with_the_reason_in_both_languages(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    _write(tmp_path / name, text)
    assert _twice(_open(tmp_path)) is None
    moved, reason = _names(tmp_path / "rejected")
    assert (moved.endswith(name), reason) == (True, f"{moved}.txt")
    told = (tmp_path / "rejected" / reason).read_text("utf-8").splitlines()
    assert len(told) == 2, said


def test_a_list_of_plates_is_told_by_its_name(tmp_path: Path) -> None:
    _write(tmp_path / "黑名单 三月.csv", "车牌,原因,截止\n辽B12345,欠费,2026-12-31\nA12,,\n")
    news = _twice(_open(tmp_path))
    assert news is not None
    assert (news.told[0].kind, news.told[0].values["reason"], news.whole) == (
        ToldKind.BLOCKED,
        "欠费",
        (ToldKind.BLOCKED,),
    )
    assert [(one.ref, one.row, one.fault.code) for one in news.wrong] == [(None, 3, "register.not_a_plate")]


def test_a_workbook_is_read_too_and_one_that_only_adds_ends_nobody(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["住户", "姓名"], ("3-2-501", "张三")):
        book.worksheets[0].append(row)
    book.save(tmp_path / "a.xlsx")
    os.utime(tmp_path / "a.xlsx", (NOW_S - 60, NOW_S - 60))
    news = _twice(_open(tmp_path, whole=False))
    assert news is not None
    assert ([one.values["name"] for one in news.told], news.whole) == (["张三"], ())


def test_a_folder_that_is_not_there_is_a_clear_fault(tmp_path: Path) -> None:
    with pytest.raises(GateError) as fault:
        _open(tmp_path / "gone").ask({})
    assert fault.value.code == "community.folder_unreadable"
