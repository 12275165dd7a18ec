from __future__ import annotations

import io
import threading
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, expect
from starlette.requests import ClientDisconnect

from enrollment.roster_form import RosterForm
from enrollment.table_file import rows_of
from gate.console.enrolment.intake_desk import FileKind, IntakeDesk, Stage
from gate.console.errors import RequestRefused
from gate.texts import LANGUAGES
from tests.gate.console.conftest import Booth
from tests.gate.console.enrolment.conftest import Table, jpeg
from tests.gate.console.test_accessibility import DESK, looked_over, opened, sign_in

ROLL = """住户,姓名,人脸同意书签署日期,车牌
3-2-501,张三,2025-01-01,辽A12345
3-2-502,李四,,
3-2-503,王五,昨天,
"""


def photos(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, jpeg())
    return file.getvalue()


def hand_in(table: Table, kind: str, name: str, body: bytes) -> Any:
    named = {"X-File-Name": quote(name)}
    return table.client.post(f"/enrolment/import/{kind}", content=body, headers=table.token | named)


def act(table: Table, what: str) -> Any:
    return table.client.post(f"/enrolment/import/{what}", headers=table.token)


def ended(table: Table) -> dict[str, Any]:
    while (state := table.client.get("/enrolment/import/state").json()).get("running"):
        time.sleep(0.01)
    return dict(state)


def desk(booth: Booth) -> IntakeDesk:
    assert booth.desk.office is not None
    assert booth.desk.office.intake is not None
    return booth.desk.office.intake


def test_a_compound_is_tried_first_and_entered_then_and_the_rest_is_handed_back(table: Table) -> None:
    assert hand_in(table, "table", "名册.csv", ROLL.encode("gb18030")).json()["files"] == ["名册.csv"]
    assert hand_in(table, "photos", "照片.zip", photos("3-2-501 张三.jpg", "3-2-502 李四.jpg")).status_code == 200
    assert act(table, "check").json()["running"]
    tried = ended(table)
    assert tried["stage"] == "checked"
    assert [(one["row"], one["column"]) for one in tried["problems"]] == [
        (3, "照片文件名"),
        (4, "人脸同意书签署日期"),
    ]
    assert table.booth.accounts.register.residents() == ()
    act(table, "enter")
    done = ended(table)
    assert done["stage"] == "entered"
    assert "住户 2 人" in done["summary"]
    assert "人脸 1 张" in done["summary"]
    assert {one.name: one.templates for one in table.booth.accounts.register.residents()} == {"张三": 1, "李四": 0}
    file = table.client.get("/enrolment/import/rejected.xlsx")
    rows = list(load_workbook(io.BytesIO(file.content)).worksheets[0].values)
    assert [row[1] for row in rows] == ["姓名", "李四", "王五"]
    assert rows[1][-1]


def test_who_entered_it_is_on_record_for_each_person(table: Table) -> None:
    hand_in(table, "table", "a.csv", ROLL.encode())
    act(table, "enter")
    ended(table)
    added = [one for one in table.booth.accounts.acts if one.kind == "resident.added"]
    assert len(added) == 2
    assert {one.actor for one in added} == {"id-enroller"}


def test_the_files_are_deleted_when_they_are_no_longer_wanted(table: Table) -> None:
    hand_in(table, "table", "a.csv", ROLL.encode())
    folder = table.booth.accounts.folder / "intake"
    assert list(folder.iterdir())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert act(table, "forget").json() == {"stage": "none"}
    assert not folder.exists()


def test_another_run_of_the_program_finds_nothing_of_the_one_before(table: Table, tmp_path: Path) -> None:
    (tmp_path / "intake").mkdir()
    (tmp_path / "intake" / "table.csv").write_text("x", "utf-8")
    IntakeDesk(tmp_path / "intake", table.booth.accounts.register, lambda: RosterForm({}))
    assert not (tmp_path / "intake").exists()


def test_what_lies_here_too_long_goes(table: Table, tmp_path: Path) -> None:
    due: list[Any] = []
    register = table.booth.accounts.register
    kept = IntakeDesk(tmp_path / "in", register, lambda: RosterForm({}), None, lambda _delay_s, goes: due.append(goes))
    with kept.receive("a", FileKind.TABLE, "a.csv") as file:
        file.write(b"x")
    due[0]()
    assert kept.of("a") is None
    assert not (tmp_path / "in").exists()


def test_an_upload_that_breaks_off_leaves_no_half_file(table: Table, booth: Booth) -> None:
    upload = desk(booth).receive("id-enroller", FileKind.TABLE, "a.csv")
    upload.__enter__().write(b"half")
    assert not upload.__exit__(ClientDisconnect, ClientDisconnect(), None)
    folder = booth.accounts.folder / "intake"
    assert list(folder.iterdir()) == []
    assert act(table, "check").status_code == 409


def test_a_file_that_comes_while_the_import_runs_changes_nothing_under_it(
    table: Table, booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(table, "table", "a.csv", ROLL.encode())
    upload = desk(booth).receive("id-enroller", FileKind.TABLE, "b.csv")
    upload.__enter__().write("住户,姓名\n1-1-1,赵六\n".encode())
    go_on = threading.Event()
    monkeypatch.setattr("gate.console.enrolment.intake_desk.rows_of", lambda path: go_on.wait() and rows_of(path))
    act(table, "enter")
    with pytest.raises(RequestRefused):
        upload.__exit__(None, None, None)
    go_on.set()
    assert ended(table)["stage"] == "entered"
    assert {one.name for one in booth.accounts.register.residents()} == {"张三", "李四"}
    assert [path.name for path in (booth.accounts.folder / "intake").iterdir()] == ["table.csv"]


def test_a_file_for_an_import_that_was_given_up_meanwhile_is_not_kept(table: Table, booth: Booth) -> None:
    upload = desk(booth).receive("id-enroller", FileKind.TABLE, "b.csv")
    upload.__enter__().write(b"x")
    act(table, "forget")
    with pytest.raises(RequestRefused):
        upload.__exit__(None, None, None)
    assert not (booth.accounts.folder / "intake").exists()


def test_one_import_at_a_time_and_each_sees_only_their_own(table: Table, admins: Table) -> None:
    hand_in(table, "table", "a.csv", ROLL.encode())
    assert admins.client.get("/enrolment/import/state").json() == {"stage": "none"}
    refused = hand_in(admins, "table", "b.csv", ROLL.encode())
    assert (refused.status_code, refused.json()["code"]) == (409, "console.intake.busy")
    act(table, "forget")
    assert hand_in(admins, "table", "b.csv", ROLL.encode()).status_code == 200


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        ("table", "a.exe", "table.kind"),
        ("table", "", "table.kind"),
        ("photos", "a.rar", "console.intake.not_zip"),
        ("photos", "../../a.csv", "console.intake.not_zip"),
    ],
)
def test_a_file_of_another_kind_is_refused(table: Table, kind: str, name: str, code: str) -> None:
    answer = hand_in(table, kind, name, b"x")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("table_bytes", "pack", "said"),
    [
        (b"PK\x03\x04rubbish", None, "表格"),
        (ROLL.encode(), b"no zip", "压缩包"),
        (b"a,b\n1,2\n", None, "表头"),
    ],
)
def test_a_broken_file_is_told_of_and_the_next_one_works(
    table: Table, table_bytes: bytes, pack: bytes | None, said: str
) -> None:
    hand_in(table, "table", "a.xlsx" if table_bytes.startswith(b"PK") else "a.csv", table_bytes)
    if pack is not None:
        hand_in(table, "photos", "p.zip", pack)
    act(table, "check")
    state = ended(table)
    assert state["stage"] == "failed"
    assert said in state["fault"]
    act(table, "forget")
    hand_in(table, "table", "b.csv", ROLL.encode())
    act(table, "check")
    assert ended(table)["stage"] == "checked"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_slip_of_ours_is_told_and_ends_nothing(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(table, "table", "a.csv", ROLL.encode())
    monkeypatch.setattr("gate.console.enrolment.intake_desk.Roster", lambda *_: 1 / 0)
    act(table, "check")
    state = ended(table)
    assert state["stage"] == Stage.FAILED
    assert "日志" in state["fault"]


def test_the_form_and_the_register_come_as_files_and_the_export_is_on_record(table: Table, admins: Table) -> None:
    form = load_workbook(io.BytesIO(table.client.get("/enrolment/import/form.xlsx").content))
    assert form.worksheets[0]["A1"].value == "住户"
    table.begun("3-2-501", "=HYPERLINK(1)")
    out = admins.post("/enrolment/export")
    cells = [cell for row in load_workbook(io.BytesIO(out.content)).worksheets[0].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value} == {"s"}
    assert ("id-admin", "register_export") in admins.booth.watch.looked
    assert table.post("/enrolment/export").status_code == 403


def test_a_compound_is_taken_in_by_a_browser(booth: Booth, chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROLL, "utf-8")
    (tmp_path / "p.zip").write_bytes(photos("3-2-501 张三.jpg", "谁.jpg"))
    context = chromium.new_context(base_url=booth.url, viewport=DESK, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, "admin")
    assert not opened(page, "/enrolment/import")
    page.locator("#table").set_input_files(tmp_path / "a.csv")
    page.locator("#photos").set_input_files(tmp_path / "p.zip")
    page.locator("#check").click()
    expect(page.locator("#enter")).to_be_visible()
    for language in LANGUAGES:
        page.goto(f"/enrolment/import?lang={language}")
        expect(page.locator("#problem-rows tr")).to_have_count(1)
        expect(page.locator("#unused")).to_contain_text("谁.jpg")
        assert not looked_over(page)
    page.locator("#enter").click()
    expect(page.locator("#enter")).to_be_hidden()
    expect(page.locator("#summary")).to_contain_text("1")
    page.locator("#forget").click()
    expect(page.locator("#outcome")).to_be_hidden()
    context.close()
    assert {one.name for one in booth.accounts.register.residents()} == {"张三", "李四"}
