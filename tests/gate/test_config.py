from __future__ import annotations

from pathlib import Path

import pytest

from gate.config import Config, load_config
from gate.errors import ConfigRefused
from gate.texts import explain

GOOD = """
[compound]
name = "示范小区"
[[camera]]
id = "north"
url = "file:clips/north.mp4"
[[barrier]]
id = "arm"
[[lane]]
id = "north-in"
name = "北门入口"
kind = "vehicle"
camera = "north"
barrier = "arm"
hours = [{ from = "06:00", until = "22:00" }]
"""


def _load(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "gate.toml"
    file.write_text(text, "utf-8")
    return load_config(file)


def _problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        _load(tmp_path, text)
    return [explain(problem, "en") for problem in refused.value.problems]


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    config = _load(tmp_path, GOOD)
    assert config.camera[0].url == f"file:{tmp_path}/clips/north.mp4"
    assert config.storage.folder == tmp_path / "var"


@pytest.mark.parametrize(
    ("right", "wrong", "hint"),
    [
        ("[compound]", "[compund]", "compund: there is no such key, did you mean compound?"),
        ('name = "示范小区"', 'nmae = "x"', "compound.nmae: there is no such key, did you mean name?"),
        ('camera = "north"\nb', 'camra = "north"\nb', "lane.0.camra: there is no such key, did you mean camera?"),
        ("until", "untill", "lane.0.hours.0.untill: there is no such key, did you mean until?"),
    ],
)
def test_a_typo_names_the_nearest_right_key(tmp_path: Path, right: str, wrong: str, hint: str) -> None:
    assert hint in _problems(tmp_path, GOOD.replace(right, wrong))


def test_a_lane_must_name_a_camera_that_is_there(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD.replace('camera = "north"', 'camera = "nroth"'))
    assert "'nroth'" in problem
    assert "did you mean 'north'?" in problem


def test_a_password_in_a_camera_url_is_refused(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD.replace("file:clips/north.mp4", "rtsp://admin:secret@cam/1"))
    assert "password_file" in problem


def test_a_file_that_is_not_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        _load(tmp_path, "[compound")
    assert refused.value.code == "config.not_toml"


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        load_config(tmp_path / "none.toml")
    assert "--config" in explain(refused.value, "en")
