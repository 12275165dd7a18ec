from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from gate.community.destination import Away
from gate.community.files import COLUMNS, Files
from gate.community.settings import FilesPart
from tests.gate.community.conftest import Hands
from tests.gate.community.test_hc import CAR, PERSON


def _open(folder: Path, hands: Hands, form: str = "csv") -> Files:
    block = {"id": "drop", "kind": "files", "folder": folder, "form": form, "every_s": 600}
    return Files(FilesPart.model_validate(block), lambda: hands.now_s)


def test_a_csv_has_a_row_for_each_event_and_no_cell_is_a_formula(tmp_path: Path, hands: Hands) -> None:
    _open(tmp_path, hands).send([CAR, replace(PERSON, seq=9, name="=HYPERLINK(1)", picture=b"jpeg")])
    (file,) = tmp_path.iterdir()
    assert file.name == "menwei-1-9.csv"
    with file.open(encoding="utf-8-sig", newline="") as opened:
        first, second = csv.DictReader(opened)
    assert tuple(first) == COLUMNS
    assert (first["plate"], first["at"]) == ("辽A12345", "2025-03-01T08:00:00+00:00")
    assert second["name"] == "'=HYPERLINK(1)"


def test_an_xlsx_says_the_same(tmp_path: Path, hands: Hands) -> None:
    _open(tmp_path, hands, "xlsx").send([CAR])
    (file,) = tmp_path.iterdir()
    rows = list(load_workbook(file).active.values)
    assert rows[0] == COLUMNS
    assert "辽A12345" in rows[1]


def test_files_come_on_their_schedule(tmp_path: Path, hands: Hands) -> None:
    files = _open(tmp_path, hands)
    assert files.rest_s() == 0
    files.send([CAR])
    assert files.rest_s() == 600
    hands.now_s += 600
    assert files.rest_s() == 0


def test_a_folder_that_is_not_there_is_waited_for_and_nothing_half_is_left(tmp_path: Path, hands: Hands) -> None:
    with pytest.raises(Away) as away:
        _open(tmp_path / "stick", hands).send([CAR])
    assert away.value.code == "community.folder"
    assert not list(tmp_path.iterdir())
