from __future__ import annotations

from pathlib import Path

import pytest

from gate.camera.address import rtsp_address
from gate.config import CameraPart
from gate.errors import CameraFault

URL = "rtsp://192.168.1.64:554/user=admin_password=tlJwpbo6_channel=1.sdp?token=abc"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("p@ss/w:rd#门\n", "utf-8")
    file.chmod(0o600)
    return file


def test_user_and_password_are_joined_in_memory_only(password_file: Path) -> None:
    address = rtsp_address(CameraPart(id="gate", url=URL, username="ad min", password_file=password_file))
    assert address.secret == URL.replace("rtsp://", "rtsp://ad%20min:p%40ss%2Fw%3Ard%23%E9%97%A8@")
    assert address.shown == "rtsp://192.168.1.64:554"
    assert "w:rd" not in repr(address)
    assert "p%40ss" not in repr(address)
    assert "tlJwpbo6" not in repr(address)


def test_a_user_without_a_password_and_no_user_at_all(password_file: Path) -> None:
    assert rtsp_address(CameraPart(id="gate", url="rtsp://host/x")).secret == "rtsp://host/x"
    assert rtsp_address(CameraPart(id="gate", url="rtsp://host/x", username="me")).secret == "rtsp://me@host/x"
    with pytest.raises(CameraFault) as alone:
        rtsp_address(CameraPart(id="gate", url="rtsp://host/x", password_file=password_file))
    assert alone.value.code == "camera.username_missing"
