"""Reading a password file, for cameras and boards alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.errors import BarrierFault, CameraFault
from gate.password_file import read_password


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("p@ss/w:rd#门\r\nnot this\n", "utf-8")
    path.chmod(0o600)
    return path


def test_the_first_line_is_the_password(password_file: Path) -> None:
    assert read_password(password_file, CameraFault) == "p@ss/w:rd#门"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622, 0o601])
def test_a_password_file_that_others_reach_is_refused(password_file: Path, mode: int) -> None:
    password_file.chmod(mode)
    with pytest.raises(CameraFault) as exposed:
        read_password(password_file, CameraFault)
    assert exposed.value.code == "password.exposed"
    assert exposed.value.facts["mode"] == f"{mode:04o}"


def test_a_password_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    garbled = tmp_path / "garbled"
    garbled.write_bytes(b"\xff\xfe\xff")
    garbled.chmod(0o600)
    for path in (tmp_path / "missing", tmp_path, garbled):
        with pytest.raises(BarrierFault) as unreadable:
            read_password(path, BarrierFault)
        assert unreadable.value.code == "password.unreadable"
        assert unreadable.value.facts["why"]
