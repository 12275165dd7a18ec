"""Files over SFTP, against a real server that is well, hostile, full or gone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from gate.community.destination import Away
from gate.community.files import Files
from gate.community.settings import FilesPart
from gate.texts import explain
from tests.gate.community.conftest import Hands
from tests.gate.community.sftp_peer import SftpPeer, sftp_serving
from tests.gate.community.test_hc import CAR


@pytest.fixture(scope="module")
def client_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def peer(tmp_path: Path, client_key: asyncssh.SSHKey) -> Iterator[SftpPeer]:
    folder = tmp_path / "there"
    (folder / "drop").mkdir(parents=True)
    with sftp_serving(folder, client_key.export_public_key().decode()) as served:
        yield served


def _secret(folder: Path, name: str, content: str) -> Path:
    file = folder / name
    file.write_text(content)
    file.chmod(0o600)
    return file


def _open(peer: SftpPeer, folder: Path, **more: object) -> Files:
    block = {"id": "drop", "kind": "files", "url": f"sftp://127.0.0.1:{peer.port}/drop", "username": "gate"}
    block |= {"host_key": peer.fingerprint, "password_file": str(_secret(folder, "password", "right"))}
    hands = Hands()
    return Files(FilesPart.model_validate({**block, "timeout_s": 20, **more}), lambda: hands.now_s)


def _fault(files: Files) -> str:
    with pytest.raises(Away) as away:
        files.send([CAR])
    assert explain(away.value, "zh") != str(away.value)
    assert "right" not in str(away.value.facts)
    return away.value.code


def _there(peer: SftpPeer) -> set[str]:
    return {file.name for file in (peer.folder / "drop").iterdir()}


def test_a_file_is_put_there_whole_and_again_over_itself(peer: SftpPeer, tmp_path: Path) -> None:
    files = _open(peer, tmp_path)
    assert files.address == f"sftp://127.0.0.1:{peer.port}/drop"
    files.send([CAR])
    files.send([CAR])
    assert _there(peer) == {"menwei-1-1.csv"}
    assert "辽A12345" in (peer.folder / "drop" / "menwei-1-1.csv").read_text("utf-8-sig")


def test_a_key_serves_instead_of_a_password(peer: SftpPeer, tmp_path: Path, client_key: asyncssh.SSHKey) -> None:
    key = _secret(tmp_path, "key", client_key.export_private_key().decode())
    _open(peer, tmp_path, password_file=None, key_file=str(key)).send([CAR])
    assert _there(peer) == {"menwei-1-1.csv"}
    _secret(tmp_path, "key", "no key")
    assert _fault(_open(peer, tmp_path, password_file=None, key_file=str(key))) == "community.key_file"


def test_another_host_key_is_not_spoken_to(peer: SftpPeer, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").get_fingerprint()
    assert _fault(_open(peer, tmp_path, host_key=other)) == "community.host_key"
    assert not _there(peer)


def test_a_wrong_password_and_a_folder_that_is_not_there_are_clear_states(peer: SftpPeer, tmp_path: Path) -> None:
    files = _open(peer, tmp_path)
    _secret(tmp_path, "password", "wrong")
    assert _fault(files) == "community.sign_in"
    elsewhere = f"sftp://127.0.0.1:{peer.port}/elsewhere"
    assert _fault(_open(peer, tmp_path, url=elsewhere)) == "community.folder"


@pytest.mark.parametrize(
    ("trouble", "timeout_s", "code"),
    [("full", 20, "community.folder"), ("gone", 20, "community.no_answer"), ("slow", 1, "community.no_answer")],
)
def test_a_full_disk_a_cut_line_and_a_slow_server_leave_no_whole_file(
    peer: SftpPeer, tmp_path: Path, trouble: str, timeout_s: float, code: str
) -> None:
    peer.trouble = trouble
    files = _open(peer, tmp_path, timeout_s=timeout_s)
    assert _fault(files) == code
    assert "menwei-1-1.csv" not in _there(peer)
    peer.trouble = ""
    files.send([CAR])
    assert "menwei-1-1.csv" in _there(peer)


def test_nobody_there_and_somebody_who_never_speaks_end_in_time(peer: SftpPeer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert _fault(_open(peer, tmp_path, url=f"sftp://127.0.0.1:{port}/drop", timeout_s=1)) == "community.no_answer"
    assert _fault(_open(peer, tmp_path, url=f"sftp://127.0.0.1:{port}/drop")) == "community.unreachable"
