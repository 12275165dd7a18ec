from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pydantic import ValidationError

from gate.community.destination import Away
from gate.community.files import COLUMNS, Files
from gate.community.settings import FilesPart
from tests.gate.community.conftest import Hands
from tests.gate.community.test_hc import CAR, PERSON


def _open(folder: Path, hands: Hands, form: str = "csv", **more: object) -> Files:
    block = {"id": "drop", "kind": "files", "folder": folder, "form": form, "every_s": 600, **more}
    return Files(FilesPart.model_validate(block), lambda: hands.now_s)


def test_a_csv_has_a_row_for_each_event_and_no_cell_is_a_formula(tmp_path: Path, hands: Hands) -> None:
    _open(tmp_path, hands).send([CAR, replace(PERSON, seq=9, name="=HYPERLINK(1)")])
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


def test_a_crop_lies_beside_the_row_that_names_it(tmp_path: Path, hands: Hands) -> None:
    _open(tmp_path, hands, pictures=True).send([CAR, replace(PERSON, seq=9, picture=b"jpeg")])
    assert {file.name for file in tmp_path.iterdir()} == {"menwei-1-9.csv", "menwei-9.jpg"}
    assert (tmp_path / "menwei-9.jpg").read_bytes() == b"jpeg"
    with (tmp_path / "menwei-1-9.csv").open(encoding="utf-8-sig", newline="") as opened:
        assert [row["picture"] for row in csv.DictReader(opened)] == ["", "menwei-9.jpg"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"folder": "drop", "url": "sftp://192.0.2.1/drop"},
        {"url": "sftp://192.0.2.1/drop", "username": "gate", "password_file": "p"},
        {"url": "sftp://192.0.2.1/drop", "username": "gate", "host_key": f"SHA256:{'a' * 43}"},
        {"url": "ftp://192.0.2.1/drop"},
        {"url": "sftp://gate:secret@192.0.2.1/drop"},
    ],
)
def test_it_takes_one_place_and_for_a_server_all_that_is_needed_to_trust_it(more: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        FilesPart.model_validate({"id": "drop", "kind": "files", **more})
