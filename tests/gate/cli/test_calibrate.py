"""What the command says, in both languages, and that it leaves a row in the record before it says anything."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from enrollment.database import reading
from gate.cli import app
from gate.config import load_config
from gate.ledger.tables import LedgerRow
from gate.site import open_site
from models.cast import Cast
from models.sighting import Box, Embedding, FaceQuality, FaceSighting
from tests.consents import FACE

CONFIG = """
[storage]
folder = "var"

[[camera]]
id = "cam"
url = "folder:."

[[barrier]]
id = "door"

[[lane]]
id = "east"
name = "东门"
kind = "pedestrian"
camera = "cam"
barrier = "door"
"""
STARTER = Cast.of_pack("starter").embedder.model_id


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(CONFIG, "utf-8")
    with open_site(load_config(path), create=True):
        pass
    return path


def _unit(*numbers: float) -> Embedding:
    vector = np.zeros(8, np.float32)
    vector[: len(numbers)] = numbers
    return vector / np.float32(np.linalg.norm(vector))


def _enrol(config: Path, people: list[tuple[str, str, Embedding]]) -> list[str]:
    quality = FaceQuality(0.8, 120, 0.9, 0.9, 0.9)
    with open_site(load_config(config)) as site:
        return [
            site.register.add_resident(
                name,
                household,
                FaceSighting(Box(0, 0, 100, 120), np.zeros((5, 2), np.float32), 0.9, quality, face),
                STARTER,
                "test",
                allow_similar=True,
                consent=FACE,
            ).id
            for name, household, face in people
        ]


def _run(config: Path, *more: str) -> Result:
    result = CliRunner().invoke(app, ["calibrate", "--config", str(config), *more])
    assert result.exit_code == 0, result.output
    return result


def _views(config: Path) -> list[dict[str, str]]:
    with open_site(load_config(config)) as site, reading(site.engine) as session:
        bodies = session.scalars(select(LedgerRow.body).where(LedgerRow.kind == "view")).all()
    return [json.loads(body) for body in bodies]


def test_an_empty_gallery_says_what_to_do_and_the_look_is_on_record(config: Path) -> None:
    assert "gate enroll person" in _run(config).output
    (view,) = _views(config)
    assert view["what"] == "gallery"
    assert view["actor"].startswith("local:")


def test_one_person_has_nobody_to_be_compared_with(config: Path) -> None:
    _enrol(config, [("张三", "1-1-101", _unit(1))])
    assert "只登记了一个人" in _run(config).output


@pytest.mark.parametrize(("language", "said"), [("zh", "最像的两个人"), ("en", "The two most alike people")])
def test_two_who_are_alike_are_named(config: Path, language: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_LANG", language)
    family = [
        ("张三", "1-1-101", _unit(1)),
        ("张小花", "1-1-101", _unit(0.45, 0.893)),
        ("李四", "1-1-102", _unit(0, 0, 1)),
    ]
    ids = _enrol(config, family)
    output = _run(config).output
    assert said in output
    assert "张三" in output
    assert "张小花" in output
    assert ids[0] in output
    assert ids[2] not in output


def test_json_has_ids_names_and_figures(config: Path) -> None:
    one, other = _enrol(config, [("张三", "1-1-101", _unit(1)), ("张小花", "1-1-101", _unit(0.45, 0.893))])
    found = json.loads(_run(config, "--json").stdout)
    assert (found["people"], found["templates"], found["alike_count"]) == (2, 2, 1)
    (pair,) = found["alike"]
    assert {pair["one"], pair["other"]} == {one, other}
    assert {pair["one_name"], pair["other_name"]} == {"张三", "张小花"}
    assert pair["advice"] == "photos"
    assert found["lanes"] == [{"lane": "east", "templates": 2, "needed": found["needed"]}]


def test_a_compound_whose_people_are_alike_is_told_what_to_write_where(config: Path) -> None:
    rng = np.random.default_rng(3)
    _enrol(config, [(f"居民{n}", f"1-1-{n + 100}", _unit(*rng.normal(size=8))) for n in range(60)])
    found = json.loads(_run(config, "--json").stdout)
    assert f"[faces] accept = {found['recommended']:.2f}" in _run(config).output


@pytest.mark.parametrize("people", [0, 60])
def test_the_plot_is_drawn(config: Path, tmp_path: Path, people: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_LANG", "zh")
    rng = np.random.default_rng(3)
    _enrol(config, [(f"居民{n}", f"1-1-{n + 100}", _unit(*rng.normal(size=8))) for n in range(people)])
    file = tmp_path / "plots" / "gallery.png"
    _run(config, "--plot", str(file))
    assert cv2.imread(str(file)).shape[0] > 400
