from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

import gate.cli.enroll
from enrollment.errors import EntryRefused
from gate.config import load_config
from gate.site import open_site

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
    (config.parent / "evil.csv").write_text(f"住户,姓名,备注\n1-1-1,{evil},@x\n1-1-2,<b>'; DROP TABLE x,\n", "utf-8")
    assert _run(config, "import", str(config.parent / "evil.csv")).exit_code == 0
    before, file = _kept(config), config.parent / f"out.{ending}"
    assert _run(config, "export", str(file)).exit_code == 0
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
