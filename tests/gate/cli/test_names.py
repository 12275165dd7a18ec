"""A name in any script goes in by a table and comes out of the list and the export as it was entered."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

import gate.cli.enroll

NAMES = (
    "Батбаярын Болормаа",
    "ᠰᠠᠷᠠ\u180eᠠ ᠣ\u180bᠳᠣᠨ",
    "ئابدۇرەھمان مۇھەممەت",
    "علی\u200cرضا",
    "བཀྲ་ཤིས་ཚེ་རིང་",
    "Xi’an O'Brien",
    "阿依古丽•买买提",
    "阿依古丽·买买提",
    "𠮷田㛃",
    "\U00030000\U00031350",
    "葛\U000e0100飾",
)


def _run(config: Path, *words: str) -> str:
    result = CliRunner().invoke(gate.cli.enroll.app, [*words, "--config", str(config)])
    assert result.exit_code == 0, result.output
    return result.output


def _table(path: Path) -> None:
    rows = [("住户", "姓名"), *((f"3-2-{number}", name) for number, name in enumerate(NAMES, 501))]
    if path.suffix == ".xlsx":
        book = Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    else:
        with path.open("w", encoding=path.stem, newline="") as file:
            csv.writer(file).writerows(rows)


@pytest.mark.parametrize("name", ["utf-8-sig.csv", "gb18030.csv", "table.xlsx"])
def test_names_of_every_script_come_out_as_they_went_in(tmp_path: Path, name: str) -> None:
    config = tmp_path / "gate.toml"
    config.write_text('[storage]\nfolder = "var"\n', "utf-8")
    _table(tmp_path / name)
    for _ in range(2):
        _run(config, "import", str(tmp_path / name))
    listed = _run(config, "list")
    assert all(word in listed for one in NAMES for word in one.split())
    for out in ("out.csv", "out.xlsx"):
        _run(config, "export", str(tmp_path / out))
    with (tmp_path / "out.csv").open(encoding="utf-8-sig") as file:
        from_csv = [row["姓名"] for row in csv.DictReader(file)]
    from_xlsx = [row[1] for row in load_workbook(tmp_path / "out.xlsx").active.iter_rows(min_row=2, values_only=True)]
    assert tuple(from_csv) == tuple(from_xlsx) == NAMES
