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


BOARD = GOOD.replace(
    'id = "arm"\n',
    """id = "arm"
url = "modbus://192.0.2.20:502?unit=1"
travel_s = 2.0
[barrier.wiring]
raise = 0
lower = 1
stop = 2
closed_limit = 0
presence = 2
inverted = ["presence"]
""",
)


def test_a_board_is_wired_in_a_table_of_its_own(tmp_path: Path) -> None:
    wiring = _load(tmp_path, BOARD).barrier[0].wiring
    assert wiring is not None
    assert wiring.wired().outputs == (0, 1, 2)
    assert wiring.wired().input_count == 3


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("[barrier.wiring]\nraise", "raise", "barrier.0.raise: there is no such key"),
        ("lower = 1", "lower = 0", "lower"),
        ("lower = 1", "lowr = 1", "did you mean lower?"),
        ("travel_s = 2.0", "travel_s = 0.4", "a pulse must be shorter than travel_s"),
        ("modbus://192.0.2.20:502?unit=1", "sim://", "has no relays to wire"),
        ("modbus://", "modbuss://", "a barrier's url starts with"),
    ],
)
def test_a_wiring_that_cannot_be_is_refused_with_the_key(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert any(said in problem for problem in _problems(tmp_path, BOARD.replace(right, wrong)))


def test_a_board_without_a_wiring_is_refused(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, BOARD[: BOARD.index("[barrier.wiring]")] + GOOD[GOOD.index("[[lane]]") :])
    assert "[barrier.wiring]" in problem


def test_two_barriers_on_one_relay_are_refused(tmp_path: Path) -> None:
    block = BOARD[BOARD.index("[[barrier]]") : BOARD.index("[[lane]]")]
    (problem,) = _problems(tmp_path, block.replace('"arm"', '"other"').replace("raise = 0", "raise = 4") + BOARD)
    assert "two barriers use relay" in problem
