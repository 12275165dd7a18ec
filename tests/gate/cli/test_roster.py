from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

import gate.cli.enroll
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
    assert _kept(config) == (["张三", "张小三"], ["辽A12345"])


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
        assert ("整户的通行权限：1 户" in told) is (number == 0)
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
