"""The auditor's pages over HTTP: what is found, what is asked first, and what is recorded."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import openpyxl
import pytest
from sqlalchemy import select

from enrollment.accounts import Role
from enrollment.database import reading, writing
from gate.console.access import RULES
from gate.ledger.ledger import append
from gate.ledger.tables import LedgerRow, RemarkRow
from gate.ledger.verify import verify
from tests.gate.console.audit.conftest import NOON, Office

PROGRAM = Path(__file__).parents[4] / "samples" / "verify_export.py"
WHY = {"purpose": "incident", "words": "北门剐蹭"}


def _body(office: Office, kind: str) -> dict[str, object]:
    with reading(office.engine) as session:
        newest = select(LedgerRow.body).where(LedgerRow.kind == kind).order_by(LedgerRow.seq.desc()).limit(1)
        return dict(json.loads(session.scalars(newest).one()))


@pytest.mark.parametrize("role", Role)
def test_only_auditors_and_administrators_come_in(office: Office, role: Role) -> None:
    client = office.booth.signed_in(role)
    for method, path in RULES:
        if path.startswith("/audit"):
            address = path.replace("{token}", "x").replace("{passage_id}", "p1").replace("{search_id}", "x")
            answer = client.request(method, address, headers={"X-CSRF-Token": office.booth.token(client)})
            assert (answer.status_code != 403) == (role in {Role.AUDITOR, Role.ADMIN}), (method, path)


def test_without_a_record_behind_it_the_console_has_no_such_pages(booth: Office) -> None:
    client = booth.signed_in("auditor")  # type: ignore[attr-defined]
    assert client.get("/audit").status_code == 404


def test_a_search_pages_through_everything_once_and_newest_first(office: Office, auditor: httpx.Client) -> None:
    import re

    answer = office.post(auditor, "/audit/search")
    seen: list[str] = []
    address: str | None = answer.headers["location"]
    while address:
        html = auditor.get(address).text
        seen += re.findall(r"/audit/passages/(p\d+)", html)
        further = re.search(r'rel="next" href="([^"]+)"', html)
        address = further[1] if further else None
    assert seen == [f"p{number}" for number in range(119, -1, -1)]


@pytest.mark.parametrize(
    ("form", "count", "shown"),
    [
        ({"lane": "men"}, 40, "张三"),
        ({"verdict": "ask"}, 40, "苏Z7"),
        ({"reason": "known_vehicle"}, 40, "苏Z10B88"),
        ({"since": "2026-11-20T11:40", "until": "2026-11-20T11:50"}, 10, "张三"),
        ({"since": "2026-11-20", "until": "2026-11-20", "verdict": "open"}, 80, "张三"),
        ({"operator": "guard"}, 0, "没有符合条件的记录"),
        ({"operator": "id-guard"}, 7, "苏Z71198"),
        ({"operator": "id-guard", "since": "2026-11-20T11:55"}, 2, "/audit/rows?operator=id-guard"),
        ({"operator": "id-guard", "lane": "men"}, 0, "没有符合条件的记录"),
        ({"until": "2026-11-19"}, 0, "没有符合条件的记录"),
        ({"person": "张", **WHY}, 40, "3-2-501"),
        ({"person": "%", **WHY}, 0, "没有符合条件的记录"),
        ({"household": "3号楼2单元501室", **WHY}, 80, "苏Z10B88"),
        ({"plate": "苏Z10B88", **WHY}, 40, "苏Z10B88"),
        ({"plate": "苏ZIO888", **WHY}, 40, "苏Z10B88"),
        ({"plate": "苏Z1OB*", **WHY}, 40, "苏Z10B88"),
        ({"plate": "苏Z7*8", **WHY}, 40, "苏Z71198"),
        ({"plate": "苏2710*", **WHY}, 3, "苏Z71078"),
        ({"plate": "沪*", **WHY}, 0, "没有符合条件的记录"),
    ],
)
def test_what_is_found(office: Office, auditor: httpx.Client, form: dict[str, str], count: int, shown: str) -> None:
    html = office.found(auditor, **form)
    assert html.count('href="/audit/passages/') == min(count, 50)
    assert shown in html


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"person": "张三"}, "请选择用途"),
        ({"plate": "苏Z*", "purpose": "nonsense"}, "请选择用途"),
        ({"household": "3-2-501", "purpose": "other"}, "请写明说明"),
        ({"household": "somewhere", **WHY}, "3-2-501"),
        ({"since": "yesterday"}, "时间写法不对"),
    ],
)
def test_a_search_that_cannot_be_made_says_why_and_keeps_what_was_typed(
    office: Office, auditor: httpx.Client, form: dict[str, str], said: str
) -> None:
    before = office.kinds()
    answer = office.post(auditor, "/audit/search", **form)
    assert answer.status_code == 422
    assert said in answer.text
    typed = form.get("person") or form.get("plate") or form.get("household") or ""
    assert typed in answer.text
    assert office.kinds() == before


def test_somebodys_history_is_recorded_with_its_reason_and_without_the_name_in_the_chain(
    office: Office, auditor: httpx.Client
) -> None:
    office.found(auditor, person="张三", **WHY)
    body = _body(office, "history.viewed")
    assert (body["actor"], body["purpose"], body["by"]) == ("id-auditor", "incident", ["person"])
    assert "张三" not in json.dumps(body, ensure_ascii=False)
    with reading(office.engine) as session:
        words = session.get_one(RemarkRow, body["remark"]).words
    assert words == "张三; 北门剐蹭"
    assert verify(office.engine).first_broken is None


def test_no_name_and_no_plate_is_in_an_address(office: Office, auditor: httpx.Client) -> None:
    answer = office.post(auditor, "/audit/search", person="张三", **WHY)
    assert "张" not in str(httpx.URL(answer.headers["location"]))
    assert "%" not in answer.headers["location"]


def test_a_search_belongs_to_its_session(office: Office, auditor: httpx.Client) -> None:
    location = office.post(auditor, "/audit/search").headers["location"]
    assert office.booth.signed_in("admin").get(location).status_code == 404


def test_a_kept_search_runs_again_with_a_new_reason_and_can_be_let_go(office: Office, auditor: httpx.Client) -> None:
    import re

    office.found(auditor, person="张三", name="张三来往", **WHY)
    html = auditor.get("/audit").text
    assert "张三来往" in html
    (address,) = set(re.findall(r"/audit/saved/\w+", html))
    assert office.post(auditor, address, act="run").status_code == 422
    again = office.post(auditor, address, act="run", purpose="police")
    assert auditor.get(again.headers["location"]).text.count("/audit/passages/") == 40
    admin = office.booth.signed_in("admin")
    assert "张三来往" not in admin.get("/audit").text
    assert office.post(admin, address, act="run", purpose="police").status_code == 404
    office.post(auditor, address, act="forget")
    assert "张三来往" not in auditor.get("/audit").text


def test_a_story_tells_everything_and_that_it_was_read(office: Office, auditor: httpx.Client) -> None:
    first = auditor.get("/audit/passages/p119").text
    acts = "道闸收到指令", "人工开闸", "客人，已核对", "访客，已确认"
    for told in ("苏Z71198", "未登记的车辆", "0.9", "rules1", *acts):
        assert told in first
    office.booth.watch.record_passage_view(actor="id-admin", passage_id="p119")
    assert office.booth.watch.looked[-1] == ("id-admin", "passage:p119")
    assert ("id-auditor", "passage:p119") in office.booth.watch.looked


def test_a_guards_openings_by_hand_lead_to_the_passages_they_answered(office: Office, auditor: httpx.Client) -> None:
    import re

    html = auditor.get("/audit/rows?operator=id-guard").text
    assert re.findall(r"/audit/passages/(p\d+)", html) == [f"p{number}" for number in range(119, 100, -3)]
    assert "东门车道 访客，已确认" in html
    assert office.found(auditor, verdict="ask").count("<td>id-guard</td>") == 7
    with writing(office.engine) as session:
        facts = {"lane": "che", "actor": "id-guard", "reason": "staff", "command_id": "g:late"}
        append(session, NOON + timedelta(hours=1), "manual.open", facts)
    assert auditor.get("/audit/rows?operator=id-guard").text.count("/audit/passages/") == 7


def test_a_face_is_told_with_its_margin(auditor: httpx.Client) -> None:
    html = auditor.get("/audit/passages/p0").text
    assert "0.6100" in html
    assert "张三" in html


def test_a_passage_that_is_not_there_is_said(auditor: httpx.Client) -> None:
    assert auditor.get("/audit/passages/nobody").status_code == 404


def test_a_complaint_is_filed_closed_and_reported(office: Office, auditor: httpx.Client) -> None:
    assert office.post(auditor, "/audit/passages/p1/complaint", words="放错了车").status_code == 303
    assert office.post(auditor, "/audit/passages/p1/complaint", words="已更正", outcome="upheld").status_code == 303
    assert office.post(auditor, "/audit/passages/p1/complaint", words=" ").status_code == 422
    assert office.post(auditor, "/audit/passages/none/complaint", words="没有").status_code == 404
    assert office.post(auditor, "/audit/passages/p1/complaint", words="乱填", outcome="x").status_code == 422
    html = auditor.get("/audit/passages/p1").text
    assert "放错了车" in html
    assert "属实" in html
    assert verify(office.engine).first_broken is None


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?group=alarms", "摄像机断线"),
        ("?group=barrier", "人工开闸"),
        ("?group=staff", "新增账号"),
        ("?group=nonsense", "摄像机断线"),
        ("?operator=nobody", "没有符合条件的记录"),
        ("?since=2026-11-20&until=2026-11-20", "摄像机断线"),
        ("?until=2026-11-01", "没有符合条件的记录"),
    ],
)
def test_rows_are_listed_by_group_operator_and_day(auditor: httpx.Client, query: str, told: str) -> None:
    assert told in auditor.get(f"/audit/rows{query}").text


def _token(office: Office, client: httpx.Client, **form: str) -> str:
    return office.post(client, "/audit/search", **form).headers["location"].rpartition("/")[2]


@pytest.mark.parametrize("form", ["csv", "xlsx", "bundle"])
def test_nothing_is_exported_without_a_purpose_and_every_export_is_a_row(
    office: Office, auditor: httpx.Client, form: str
) -> None:
    token = _token(office, auditor, lane="che")
    assert office.post(auditor, "/audit/export", token=token, form=form).status_code == 422
    assert "export" not in office.kinds()
    answer = office.post(auditor, "/audit/export", token=token, form=form, purpose="police", words="调取函 3 号")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    body = _body(office, "export")
    assert (body["actor"], body["format"], body["passages"], body["purpose"]) == ("id-auditor", form, 80, "police")
    proof = verify(office.engine)
    assert (proof.first_broken, proof.signed) == (None, proof.rows)


def test_a_csv_opens_in_a_spreadsheet_and_holds_no_formula(office: Office, auditor: httpx.Client) -> None:
    token = _token(office, auditor, lane="men")
    answer = office.post(auditor, "/audit/export", token=token, form="csv", purpose="inspection")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 41
    assert rows[1][5:8] == ["张三", "3-2-501", ""]


def test_an_xlsx_has_every_passage_as_text(office: Office, auditor: httpx.Client) -> None:
    token = _token(office, auditor, verdict="ask")
    answer = office.post(auditor, "/audit/export", token=token, form="xlsx", purpose="inspection")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert (sheet.max_row, sheet["F2"].value, sheet["F2"].data_type) == (41, "苏Z71198", "s")


@pytest.mark.parametrize("pictures", ["", "1"])
def test_a_bundle_holds_with_the_independent_program(
    office: Office, auditor: httpx.Client, tmp_path: Path, pictures: str
) -> None:
    token = _token(office, auditor)
    form = {"token": token, "form": "bundle", "purpose": "police", "pictures": pictures}
    answer = office.post(auditor, "/audit/export", **form)
    (tmp_path / "export.zip").write_bytes(answer.content)
    command = [sys.executable, "-I", str(PROGRAM), str(tmp_path / "export.zip"), "--key", office.signer.public.hex()]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert f"{3 if pictures else 0} pictures" in done.stdout


def test_an_export_of_nothing_is_said(office: Office, auditor: httpx.Client) -> None:
    token = _token(office, auditor, until="2026-11-01")
    answer = office.post(auditor, "/audit/export", token=token, form="csv", purpose="police")
    assert answer.status_code == 404


def test_charts_count_the_hours_of_a_day_and_the_days_of_its_month(auditor: httpx.Client) -> None:
    html = auditor.get("/audit/charts?day=2026-11-20").text
    assert "<title>10: 60</title>" in html
    assert "<title>2026-11-20: 120</title>" in html
    assert auditor.get("/audit/charts?day=soon").status_code == 422


def test_a_day_without_passages_says_so(auditor: httpx.Client) -> None:
    assert auditor.get("/audit/charts?day=2020-02-29").text.count("没有符合条件的记录") == 2


@pytest.mark.parametrize("span", ["week", "month"])
def test_a_report_tells_the_committee(office: Office, auditor: httpx.Client, span: str) -> None:
    office.post(auditor, "/audit/export", token=_token(office, auditor), form="csv", purpose="police", words="调取函")
    html = auditor.get(f"/audit/report?span={span}&day=2026-11-20").text
    for told in ("未登记的车辆", "访客，已确认 7", "摄像机断线"):
        assert told in html
    assert "report.made" in office.kinds()


def test_availability_is_the_share_of_the_time_in_which_a_lane_worked(auditor: httpx.Client) -> None:
    # The camera was out for 2.4 hours of the week's five days until now.
    html = auditor.get("/audit/report?span=week&day=2026-11-20").text
    assert "98.00 %" in html


def test_everything_is_in_english_too(office: Office, auditor: httpx.Client) -> None:
    import re

    pages = [
        "/audit?lang=en",
        "/audit/rows",
        "/audit/charts?day=2026-11-20",
        "/audit/report?day=2026-11-20",
        "/audit/passages/p1",
    ]
    for address in pages:
        words = re.sub(r"<(title|option|strong|a|q)[^>]*>[^<]*</\1>", "", auditor.get(address).text)
        left = set(re.findall("[\u4e00-\u9fff]+", words)) - {"东门车道", "东门行人", "中文", "苏", "幸福里小区"}
        assert not left, (address, left)
