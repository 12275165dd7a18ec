from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

import enrollment.table_file
from enrollment.errors import EntryRefused
from enrollment.table_file import rows_of

TEXT = "住户,姓名\n3-2-501,𠮷田 㛃\n\n3-2-502,买买提·吐尔逊\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_in_either_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT.encode(encoding))
    assert list(rows_of(tmp_path / "a.csv")) == [
        (1, ("住户", "姓名")),
        (2, ("3-2-501", "𠮷田 㛃")),
        (4, ("3-2-502", "买买提·吐尔逊")),
    ]


def test_an_xlsx_is_read_as_people_see_it(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].append(["住户", 13800001234.0, date(2020, 5, 1), None, " 张三 "])
    book.save(tmp_path / "a.xlsx")
    ((_, row),) = rows_of(tmp_path / "a.xlsx")
    assert row == ("住户", "13800001234", "2020-05-01", "", "张三")


def test_a_sheet_of_endless_empty_rows_ends(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].append(["住户"])
    book.worksheets[0].cell(900_000, 1, "远")
    book.save(tmp_path / "a.xlsx")
    assert list(rows_of(tmp_path / "a.xlsx")) == [(1, ("住户",))]


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("a.txt", b"", "table.kind"),
        ("a.csv", b"\xff\xff\x80", "table.damaged"),
        ("a.csv", b'"' + b"x" * 200_000, "table.damaged"),
        ("a.xlsx", b"PK no zip", "table.damaged"),
        ("a.xlsx", b"", "table.damaged"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, raw: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(EntryRefused) as refused:
        list(rows_of(tmp_path / name))
    assert refused.value.code == code


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrollment.table_file, "MOST_UNPACKED", 1_000_000)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    with pytest.raises(EntryRefused, match=r"table\.large"):
        list(rows_of(tmp_path / "a.xlsx"))


def test_a_file_that_is_not_there_and_one_too_many_rows_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EntryRefused, match=r"table\.unreadable"):
        list(rows_of(tmp_path / "nowhere.csv"))
    monkeypatch.setattr(enrollment.table_file, "MOST_ROWS", 2)
    (tmp_path / "a.csv").write_text("a\n" * 3, "utf-8")
    with pytest.raises(EntryRefused, match=r"table\.long"):
        list(rows_of(tmp_path / "a.csv"))
