from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from gate.cli import app
from gate.cli.check import examine
from gate.config import load_config
from gate.site import open_site
from gate.texts import explain, t
from models.catalog import catalog
from models.errors import Fault
from models.sighting import Box, FaceQuality, FaceSighting
from tests.consents import FACE

CONFIG = """
[compound]
handler = "示范小区业主委员会"
contact = "三号楼一层"

[[camera]]
id = "c"
url = "folder:pictures"
[[barrier]]
id = "b"
[[lane]]
id = "a"
name = "南门"
kind = "{kind}"
camera = "c"
barrier = "b"
"""

Site = Callable[..., Path]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_starter: Path) -> Site:
    """Makes a site in which everything works, with a face enrolled by each of the given models."""
    monkeypatch.setenv("COLUMNS", "400")
    # Logging is set up once per process, which other tests share.
    monkeypatch.setattr("gate.cli.check.log_to_stderr", lambda _level: None)
    monkeypatch.delenv("GATE_MODELS_MIRROR", raising=False)
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "1.png"), np.zeros((90, 160, 3), np.uint8))

    def make(kind: str, *enrolled: str, more: str = "") -> Path:
        path = tmp_path / "gate.toml"
        path.write_text(CONFIG.format(kind=kind) + more, "utf-8")
        with open_site(load_config(path), create=True) as opened:
            for number, model_id in enumerate(enrolled):
                embedding = np.eye(1, 128, number, dtype=np.float32)[0]
                face = FaceSighting(
                    Box(0, 0, 9, 9), np.zeros((5, 2), np.float32), 0.9, FaceQuality(1, 120, 1, 1, 1), embedding
                )
                opened.register.add_resident("张三", "3-2-501", face, model_id, "t", consent=FACE)
        return path

    return make


def _check(path: Path) -> Result:
    return CliRunner().invoke(app, ["check", "--config", str(path)])


def test_a_gate_that_tells_faces_apart_by_the_starter_is_warned_and_works(site: Site) -> None:
    done = _check(site("pedestrian"))
    assert done.exit_code == 0, done.output
    assert t("check.doubtful") in done.output
    assert "gate models pull base" in done.output
    assert t("check.fails") not in done.output


def test_a_gate_without_a_liveness_model_is_told_what_its_liveness_rests_on(site: Site) -> None:
    assert t("check.liveness_without_model") in _check(site("pedestrian")).output


def test_a_gate_whose_liveness_check_is_off_is_told_what_that_means(site: Site) -> None:
    done = _check(site("pedestrian", more="[faces.liveness]\non = false\n"))
    assert done.exit_code == 0, done.output
    assert t("check.liveness_off") in done.output


def test_plates_alone_need_no_warning(site: Site) -> None:
    done = _check(site("vehicle"))
    assert done.exit_code == 0, done.output
    assert "starter-plate-reader" in done.output
    assert t("check.doubtful") not in done.output


def test_a_gate_that_names_nobody_who_answers_for_the_data_is_told(site: Site) -> None:
    path = site("vehicle")
    assert t("privacy.unnamed") not in _check(path).output
    path.write_text(path.read_text("utf-8").replace("contact =", "# contact ="), "utf-8")
    assert t("privacy.unnamed") in _check(path).output


def test_faces_that_another_version_enrolled_are_counted(site: Site) -> None:
    mine = catalog().model("starter-face-embedder").model_id
    done = _check(site("pedestrian", mine, mine, "starter-face-embedder@00000000"))
    assert done.exit_code == 0, done.output
    assert t("check.enrolled_otherwise", count=1) in done.output


def test_faces_that_this_model_enrolled_are_no_matter(site: Site) -> None:
    done = _check(site("pedestrian", catalog().model("starter-face-embedder").model_id))
    assert done.exit_code == 0, done.output
    assert done.output.count(t("check.doubtful")) == len(("the starter", "no liveness model"))
    assert t("check.enrolled_otherwise", count=1) not in done.output


def test_a_model_that_is_not_here_fails_and_a_better_one_is_not_doubted(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_MODELS_STORE", str(tmp_path / "empty"))
    done = _check(site("pedestrian", more='[models]\npack = "buffalo_l"\n'))
    assert done.exit_code == 1
    assert "gate models pull buffalo_l --accept-licence" in done.output
    assert done.output.count(t("check.doubtful")) == len(("no liveness model",))


def test_a_spoilt_file_of_the_program_fails(site: Site, made_starter: Path) -> None:
    path = site("vehicle")
    (made_starter / "weights" / "starter_plate_finder.onnx").unlink()
    done = _check(path)
    assert done.exit_code == 1
    assert "starter_plate_finder.onnx" in done.output


def test_the_rules_file_is_read_and_what_it_does_not_know_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_LANG", "en")
    (tmp_path / "gate.toml").write_text('[rules]\nfile = "rules.toml"\n', "utf-8")
    config = load_config(tmp_path / "gate.toml")
    with open_site(config, create=True):
        pass
    missing = {finding.name: finding for finding in examine(config)}
    assert not missing[str(tmp_path / "rules.toml")].works
    (tmp_path / "rules.toml").write_text('[[group]]\nid = "a"\nhouseholds = ["3-2-501"]\n', "utf-8")
    read = {finding.name: finding for finding in examine(config)}
    assert read[str(tmp_path / "rules.toml")].result == "1 groups, 0 windows, 0 blocked plates"
    assert read["3-2-501"].doubtful
    (tmp_path / "rules.toml").write_text("grace_dayz = 1\n", "utf-8")
    (refused,) = (finding for finding in examine(config) if not finding.works)
    assert isinstance(refused.result, Fault)
    assert "did you mean grace_days?" in explain(refused.result)


def test_the_parking_file_is_read_and_the_first_thing_wrong_with_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_LANG", "en")
    (tmp_path / "gate.toml").write_text('[parking]\nfile = "parking.toml"\n', "utf-8")
    config = load_config(tmp_path / "gate.toml")
    with open_site(config, create=True):
        pass
    file, said = tmp_path / "parking.toml", {}
    zone = '[[zone]]\nid = "yard"\nname = "院"\nspaces = 9\nenter = ["a"]\nleave = ["b"]\n'
    for text in (None, "zone = []\n", "spaces = 3\n", "places = 3\n", zone):
        if text is not None:
            file.write_text(text, "utf-8")
        (found,) = (finding for finding in examine(config) if finding.name == str(file))
        said[text] = explain(found.result) if isinstance(found.result, Fault) else found.result
    assert "is not there" in said[None]
    assert said["zone = []\n"] == "parking: 0 zones, 0 spaces"
    assert "spaces" in said["spaces = 3\n"]
    assert said["places = 3\n"].startswith("parking.toml")
    assert "yard" in said[zone]
    assert "a" in said[zone]
