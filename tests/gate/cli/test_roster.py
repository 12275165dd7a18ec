from __future__ import annotations

import csv
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

import gate.cli.enroll
from enrollment.consent import Purpose
from enrollment.errors import EntryRefused
from gate.config import load_config
from gate.site import open_site
from tests.gate.cli.painted import PaintedFaces, painted

TABLE = """住户,姓名,电话,身份,出生日期（未满十四周岁）,备注,车牌,车牌颜色,车型
3-2-501,张三,138 0000 1234,业主,,听力不好,辽A12345,蓝,小轿车
3-2-501,张小三,,家属,2020-05-01,,,,
3-2-502,𠮷田㛃,,租户,,,,,
没有这家,李四,,,,,,,
3-2-503,王五,打我,,,,,,
3-2-504,赵六,,房东,,,,,
3-2-505,,,,,,12345,,
3-2-506,钱七,,,昨天,,,,
3-2-507,,,,,,辽A12345,,
3-2-508,,,,,只有备注,,,
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text('[storage]\nfolder = "var"\n', "utf-8")
    (tmp_path / "in.csv").write_bytes(TABLE.encode("gb18030"))
    return path


def _run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(gate.cli.enroll.app, [*words, "--config", str(config)])


def _kept(config: Path) -> tuple[list[str], list[str]]:
    with open_site(load_config(config)) as site:
        return [one.name for one in site.register.residents()], [car.plate for car in site.register.vehicles()]


def test_a_dry_run_tells_every_problem_by_row_and_column_and_enrols_nobody(config: Path) -> None:
    result = _run(config, "import", str(config.parent / "in.csv"), "--dry-run")
    assert result.exit_code == 1
    told = result.output.replace("\n", "")
    wrong = {5: "住户", 6: "电话", 7: "身份", 8: "车牌", 9: "出生日期", 10: "车牌", 11: "姓名"}
    for row, column in wrong.items():
        assert f"第 {row} 行，{column}" in told
    assert _kept(config) == ([], [])


def test_what_fits_is_taken_in_once_and_the_rest_is_handed_back(config: Path) -> None:
    rest = config.parent / "rest.csv"
    for _ in range(2):
        result = _run(config, "import", str(config.parent / "in.csv"), "--rejected", str(rest))
        assert result.exit_code == 1
        assert _kept(config) == (["张三", "张小三", "𠮷田㛃"], ["辽A12345"])
    with open_site(load_config(config)) as site:
        owner, child, _ = site.register.residents()
        assert (owner.phone, owner.notes) == ("13800001234", "听力不好")
        assert site.register.vehicles()[0].owner == owner.id
        assert child.minor_until is not None
    with rest.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == ["住户", "没有这家", *(f"3-2-50{n}" for n in range(3, 9))]
    corrected = rest.read_text("utf-8-sig").replace("没有这家", "3-2-509")
    rest.write_text(corrected, "utf-8")
    _run(config, "import", str(rest))
    assert "李四" in _kept(config)[0]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_goes_in_again_and_changes_nothing_and_holds_no_formula(config: Path, ending: str) -> None:
    evil = "=HYPERLINK(1)"
    head = "住户,姓名,备注,出生日期（未满十四周岁）"
    rows = f"1-1-1,{evil},@x,\n1-1-2,<b>'; DROP TABLE x,,\n1-1-2,张小三,,2020-05-01\n"
    (config.parent / "evil.csv").write_text(f"{head}\n{rows}", "utf-8")
    assert _run(config, "import", str(config.parent / "evil.csv")).exit_code == 0
    before, file = _kept(config), config.parent / f"out.{ending}"
    assert _run(config, "export", str(file)).exit_code == 0
    if ending == "csv":
        with file.open(encoding="utf-8-sig", newline="") as opened:
            born = {row["姓名"]: row["出生日期（未满十四周岁）"] for row in csv.DictReader(opened)}
        assert born["张小三"] == "2020-05-01", "whoever is a child here is one where the table goes"
    again = _run(config, "import", str(file))
    assert again.exit_code == 0, again.output
    assert _kept(config) == before
    assert evil in before[0]
    if ending == "xlsx":
        cells = [cell for row in load_workbook(file).worksheets[0].iter_rows() for cell in row]
        assert {cell.data_type for cell in cells if cell.value} == {"s"}
    else:
        assert f"'{evil}" in file.read_text("utf-8-sig")


def test_the_empty_form_can_be_imported_as_it_is(config: Path) -> None:
    form = config.parent / "form.xlsx"
    CliRunner().invoke(gate.cli.enroll.app, ["form", str(form)])
    assert _run(config, "import", str(form)).exit_code == 0
    assert _kept(config) == (["张三", "张小三"], ["辽A12345", "辽A67890"])
    book = load_workbook(form)
    assert [cell.value for cell in book.worksheets[0][1]] == [row[0].value for row in book.worksheets[1].iter_rows()]
    offered = {one.formula1 for one in book.worksheets[0].data_validations.dataValidation}
    assert '"业主,租户,家属"' in offered


def test_a_table_without_a_heading_is_refused(config: Path) -> None:
    (config.parent / "a.csv").write_text("张三,3-2-501\n", "utf-8")
    fault = _run(config, "import", str(config.parent / "a.csv")).exception
    assert isinstance(fault, EntryRefused)
    assert fault.code == "roster.no_heading"


LANES = """
[[camera]]
id = "c"
url = "folder:."

[[barrier]]
id = "a"

[[lane]]
id = "north-in"
name = "北门入口"
kind = "vehicle"
camera = "c"
barrier = "a"
"""
RIGHTS = """住户,姓名,备注,车牌,可走通道,通行时段
3-2-501,张三,,,北门入口,周一至周五 7:00-19:00
3-2-501,,车主不住这里,辽A12345,north-in,
3-2-502,,,,,工作日 08:00-18:00
3-2-503,李四,,,南门,
3-2-503,王五,,,,白天
,,,,,周日
"""


def test_rights_are_taken_in_from_a_table_and_told_by_row_and_column_and_exported(config: Path) -> None:
    config.write_text(config.read_text("utf-8") + LANES, "utf-8")
    (config.parent / "rights.csv").write_text(RIGHTS, "utf-8")
    for number in range(2):
        told = _run(config, "import", str(config.parent / "rights.csv")).output.replace("\n", "")
        for row, column in {5: "可走通道", 6: "通行时段", 7: "住户"}.items():
            assert f"第 {row} 行，{column}" in told
        assert ("整户的通行权限和备注：1 项" in told) is (number == 0)
    file = config.parent / "out.csv"
    _run(config, "export", str(file))
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = {(row["住户"], row["姓名"], row["车牌"]): row for row in csv.DictReader(opened)}
    said = {who: (row["可走通道"], row["通行时段"]) for who, row in rows.items()}
    assert said == {
        ("3-2-501", "张三", ""): ("north-in", "周一至周五 07:00-19:00"),
        ("3-2-501", "", "辽A12345"): ("north-in", ""),
        ("3-2-502", "", ""): ("", "工作日 08:00-18:00"),
    }
    assert rows["3-2-501", "", "辽A12345"]["备注"] == "车主不住这里"


WITH_PHOTOS = """住户,姓名,出生日期（未满十四周岁）,人脸同意书签署日期,监护人,监护人是其,同意留存照片,照片文件名
3-2-501,张三,,2026-03-01,,,是,
3-2-501,张小三,2020-05-01,2026-03-01,张三,父亲,,xiao.png
3-2-502,李四,,,,,,
3-2-503,王五,,2026-03-01,,,,
3-2-504,赵六,,2026-03-01,,,,
3-2-505,钱七,2021-05-01,2026-03-01,,,,
3-2-506,孙八,,2026-03-01,,,,没有.png
3-2-507,周九,,2026-03-01,,,,
"""


@pytest.fixture
def photos(config: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("gate.cli.roster.open_face_recogniser", lambda *_names: PaintedFaces())
    (config.parent / "in.csv").write_text(WITH_PHOTOS, "utf-8")
    path = config.parent / "photos.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("三号楼/3-2-501 张三.png", painted(40))
        packed.writestr("xiao.png", painted(60))
        packed.writestr("3-2-502_李四.png", painted(80))
        packed.writestr("王五.png", painted(0))
        packed.writestr("3-2-504-赵六.png", painted(40))
        packed.writestr("没有人.png", painted(100))
        packed.writestr("__MACOSX/._王五.png", b"rubbish")
    return path


def test_photos_come_in_under_a_consent_and_what_is_wrong_with_each_is_told(config: Path, photos: Path) -> None:
    rest = config.parent / "rest.csv"
    words = ("import", str(config.parent / "in.csv"), "--photos", str(photos), "--rejected", str(rest))
    for times in (1, 2):
        result = _run(config, *words)
        assert result.exit_code == 1
        told = result.output.replace("\n", "")
        for row, said in {4: "同意", 5: "没有找到人脸", 6: "很像", 7: "监护人", 8: "没有照片"}.items():
            assert f"第 {row} 行" in told
            assert said in told.partition(f"第 {row} 行")[2].partition("第")[0]
        assert "没有人.png" in told
        assert ("人脸 2 张" if times == 1 else "人脸 0 张") in told
        with open_site(load_config(config)) as site:
            faces = {one.name: one.templates for one in site.register.residents()}
            consents = [len(site.register.consents.of(one.id)) for one in site.register.residents()]
        assert faces == {"张三": 1, "张小三": 1, "李四": 0, "王五": 0, "赵六": 0, "孙八": 0, "周九": 0}
        assert sorted(consents) == [0, 1, 1, 1, 1, 1, 1]
    with rest.open(encoding="utf-8-sig", newline="") as file:
        assert [row[1] for row in csv.reader(file)] == ["姓名", "李四", "王五", "赵六", "钱七", "孙八"]


def test_a_dry_run_judges_the_photos_and_enrols_nobody(config: Path, photos: Path) -> None:
    result = _run(config, "import", str(config.parent / "in.csv"), "--photos", str(photos), "--dry-run")
    assert "人脸 3 张" in result.output.replace("\n", "")
    assert _kept(config) == ([], [])


def test_a_consent_and_a_photo_that_come_later_are_added_to_who_is_enrolled(config: Path, photos: Path) -> None:
    _run(config, "import", str(config.parent / "in.csv"), "--photos", str(photos))
    later = WITH_PHOTOS.replace("3-2-502,李四,,,", "3-2-502,李四,,2026-03-02,")
    (config.parent / "in.csv").write_text(later, "utf-8")
    _run(config, "import", str(config.parent / "in.csv"), "--photos", str(photos))
    with open_site(load_config(config)) as site:
        assert {one.name: one.templates for one in site.register.residents()}["李四"] == 1


def test_a_photo_is_kept_only_where_that_is_ticked(config: Path, photos: Path) -> None:
    _run(config, "import", str(config.parent / "in.csv"), "--photos", str(photos))
    with open_site(load_config(config)) as site:
        kept = {one.name: site.register.consents.of(one.id)[0].keep_photo for one in site.register.residents()[:2]}
    assert kept == {"张三": True, "张小三": False}


@pytest.mark.parametrize(("content", "code"), [(None, "pack.unreadable"), (b"PK not at all", "pack.damaged")])
def test_a_pack_that_cannot_be_read_stops_before_anybody_is_entered(
    config: Path, photos: Path, content: bytes | None, code: str
) -> None:
    bad = photos.with_name("bad.zip")
    if content is not None:
        bad.write_bytes(content)
    fault = _run(config, "import", str(config.parent / "in.csv"), "--photos", str(bad)).exception
    assert isinstance(fault, EntryRefused)
    assert fault.code == code
    assert _kept(config) == ([], [])


SHEETS = "人脸同意书签署日期,车牌同意书签署日期,关怀提醒同意书签署日期,社区系统同意书签署日期"
FAMILIES = f"""住户,姓名,车牌,车主,起始日期,到期日期,门卡号,{SHEETS}
3-2-501,,辽A12345,张三,,,,,,,
3-2-501,张三,,,2025-03-01,2036-02-28,CARDS,不同意 2026-03-01,2026-03-01 第1版,2026-03-01,不同意2026-03-02
3-2-502,李四,,,,,0012345678,,,,
3-2-503,王五,辽A67890,,,,,,不同意 2026-03-01,,
3-2-504,赵六,,,2026-03-01,2026-02-01,没有,不同意,,昨天,
3-2-504,,辽B12345,张三,,,,,,,
3-2-504,,辽B67890,,,,007,,2026-03-01,,
3-2-505,钱七,,,,,,,不同意 2026-03-01,,
3-2-505,,辽C12345,钱七,,,,,,,
""".replace("CARDS", '"0012345678；128,02626"')


@pytest.fixture
def families(config: Path) -> Path:
    table = config.parent / "families.csv"
    table.write_text(FAMILIES, "utf-8")
    return table


def _said(config: Path, name: str) -> list[tuple[str, str, bool]]:
    with open_site(load_config(config)) as site:
        person = next(one for one in site.register.residents() if one.name == name)
        return sorted((one.purpose, one.text, one.declined) for one in site.register.consents.of(person.id))


@pytest.mark.parametrize("dry", [True, False])
def test_every_problem_of_every_cell_is_told_by_row_and_column(config: Path, families: Path, dry: bool) -> None:
    result = _run(config, "import", str(families), *(["--dry-run"] if dry else []))
    told = [line for line in result.output.replace("\n", "").split("第 ") if line]
    wrong = {line.partition(" 行，")[0] + " " + line.partition("行，")[2].partition("：")[0] for line in told}
    assert wrong >= {
        "4 门卡号",
        "5 车牌同意书签署日期",
        "6 到期日期",
        "6 门卡号",
        "6 人脸同意书签署日期",
        "6 关怀提醒同意书签署日期",
        "7 车主",
        "8 门卡号",
        "8 车牌同意书签署日期",
        "10 车主",
    }
    assert "住户 3 人、车辆 1 辆" in result.output.replace("\n", "")
    assert "纸质同意书和拒绝书 5 份，门卡 2 张" in result.output.replace("\n", "")
    assert _kept(config) == (([], []) if dry else (["张三", "李四", "钱七"], ["辽A12345"]))


def test_owners_days_cards_and_sheets_are_taken_in_once(config: Path, families: Path) -> None:
    for _ in range(2):
        _run(config, "import", str(families))
        with open_site(load_config(config)) as site:
            person = site.register.residents()[0]
            [car] = site.register.vehicles()
            assert (person.name, car.owner) == ("张三", person.id)
            zone = ZoneInfo(load_config(config).compound.timezone)
            assert person.term.since == datetime(2025, 3, 1, tzinfo=zone)
            assert person.term.until == datetime(2036, 2, 29, tzinfo=zone)
            assert {site.register.credentials.find_card(one) for one in ("0012345678", "128/02626")} == {person.id}
            assert len(site.register.credentials.of(person.id)) == 2
        assert _said(config, "张三") == [
            ("care_alerts", "care_alerts-1", False),
            ("community_sharing", "community_sharing-1", True),
            ("face_entry", "face_entry-1", True),
            ("plate_entry", "plate_entry-1", False),
        ]
    file = config.parent / "out.csv"
    _run(config, "export", str(file))
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = {row["姓名"] or row["车牌"]: row for row in csv.DictReader(opened)}
    assert (rows["张三"]["起始日期"], rows["张三"]["到期日期"]) == ("2025-03-01", "2036-02-28")
    assert rows["辽A12345"]["车主"] == "张三"
    assert not any(rows["张三"][name] for name in rows["张三"] if "同意" in name or name == "门卡号")
    again = _run(config, "import", str(file))
    assert again.exit_code == 0, again.output


def test_a_table_that_comes_again_undoes_no_withdrawal(config: Path, families: Path) -> None:
    _run(config, "import", str(families))
    with open_site(load_config(config)) as site:
        person = site.register.residents()[0]
        site.register.consents.withdraw(person.id, Purpose.CARE_ALERTS, "staff")
    before = _said(config, "张三")
    told = _run(config, "import", str(families)).output.replace("\n", "")
    assert "第 3 行，关怀提醒同意书签署日期" in told
    assert _said(config, "张三") == before
    with open_site(load_config(config)) as site:
        assert not site.register.consents.agreed(site.register.residents()[0].id, Purpose.CARE_ALERTS)


def test_a_table_deletes_no_vehicles(config: Path, families: Path) -> None:
    for said in ("", "不同意 2026-03-01"):
        families.write_text(f"住户,姓名,车牌,{SHEETS}\n3-2-501,张三,{'' if said else '辽A12345'},,{said},,\n", "utf-8")
        told = _run(config, "import", str(families)).output.replace("\n", "")
    assert "这个人名下有车（辽A12345）" in told
    assert _kept(config) == (["张三"], ["辽A12345"])
    assert _said(config, "张三") == []


def test_a_note_about_a_household_is_taken_in_once_and_exported(config: Path) -> None:
    table, file = config.parent / "notes.csv", config.parent / "out.csv"
    table.write_text(
        '住户,姓名,整户备注\n3-2-501,张三,"侧门有轮椅坡道\n18 点后再打电话"\n3-2-509,,没有人\n3-2-501,,别的\n', "utf-8"
    )
    for times in range(2):
        told = _run(config, "import", str(table)).output.replace("\n", "")
        assert "第 3 行，整户备注：3-2-509 没有登记" in told
        assert ("整户的通行权限和备注：1 项" in told) is (times == 0)
    _run(config, "export", str(file))
    with file.open(encoding="utf-8-sig", newline="") as opened:
        [row] = [row for row in csv.DictReader(opened) if row["整户备注"]]
    assert (row["住户"], row["姓名"], row["整户备注"]) == ("3-2-501", "", "侧门有轮椅坡道\n18 点后再打电话")
    assert _run(config, "import", str(file)).exit_code == 0
