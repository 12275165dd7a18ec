from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.errors import KeyUnusable
from enrollment.keyring import KEY_BYTES, Keyring

KEY = bytes(range(KEY_BYTES))
MAKE = """
import sys
from pathlib import Path
from enrollment.keyring import Keyring
print(Keyring.open(Path(sys.argv[1]), create=True).id)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "menwei.key"


def test_a_fresh_key_is_random_and_readable_by_its_owner_alone(path: Path, tmp_path: Path) -> None:
    made = Keyring.open(path, create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(path.read_bytes()) == KEY_BYTES
    assert [file.name for file in path.parent.iterdir()] == ["menwei.key"]
    assert Keyring.open(tmp_path / "other.key", create=True).id != made.id


def test_a_key_that_is_there_is_never_replaced(path: Path) -> None:
    made = Keyring.open(path, create=True)
    assert Keyring.open(path, create=True).id == made.id
    assert Keyring.open(path).id == made.id


def test_processes_that_start_together_share_one_key(path: Path) -> None:
    starts = [
        subprocess.Popen([sys.executable, "-c", MAKE, str(path)], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert len({start.communicate()[0] for start in starts}) == 1


def _refused(path: Path, *, create: bool = False) -> KeyUnusable:
    with pytest.raises(KeyUnusable) as refused:
        Keyring.open(path, create=create)
    return refused.value


def test_a_missing_key_is_refused(path: Path) -> None:
    assert _refused(path).code == "key.missing"
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o660])
def test_a_key_that_others_may_touch_is_refused_with_its_mode(path: Path, mode: int) -> None:
    Keyring.open(path, create=True)
    path.chmod(mode)
    refused = _refused(path)
    assert refused.code == "key.open_to_others"
    assert refused.facts == {"path": path, "mode": f"{mode:04o}"}


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_size_is_refused(path: Path, size: int) -> None:
    path.parent.mkdir()
    path.write_bytes(bytes(size))
    path.chmod(0o600)
    refused = _refused(path, create=True)
    assert refused.code == "key.wrong_size"
    assert refused.facts["size"] == size
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(bytes(size))


def test_a_folder_in_the_keys_place_is_refused(path: Path) -> None:
    path.mkdir(parents=True, mode=0o700)
    assert _refused(path).code == "key.unreadable"


def test_a_key_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "keys").symlink_to("/proc/self")
    refused = _refused(tmp_path / "keys" / "menwei.key", create=True)
    assert refused.code == "key.unwritable"
    assert refused.facts["why"]


@given(plain=st.binary(max_size=600), context=st.binary(max_size=40))
def test_what_is_sealed_opens_in_its_context_and_never_looks_the_same(plain: bytes, context: bytes) -> None:
    keyring = Keyring(KEY)
    sealed = keyring.seal(plain, context)
    assert keyring.open_sealed(sealed, context) == plain
    assert keyring.seal(plain, context) != sealed
    assert len(sealed) == len(plain) + 28


@given(flipped=st.integers(0, 8 * 60 - 1))
def test_one_flipped_bit_keeps_it_shut(flipped: int) -> None:
    keyring = Keyring(KEY)
    sealed = bytearray(keyring.seal(bytes(32), b"template:1"))
    sealed[flipped // 8] ^= 1 << flipped % 8
    with pytest.raises(KeyUnusable, match=r"key\.does_not_open"):
        keyring.open_sealed(bytes(sealed), b"template:1")


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(12), bytes(27)])
def test_bytes_that_were_never_sealed_do_not_open(sealed: bytes) -> None:
    with pytest.raises(KeyUnusable, match=r"key\.does_not_open"):
        Keyring(KEY).open_sealed(sealed, b"")


def test_another_context_or_another_key_keeps_it_shut() -> None:
    sealed = Keyring(KEY).seal(b"face", b"template:1:m1")
    for keyring, context in ((Keyring(KEY), b"template:2:m1"), (Keyring(os.urandom(32)), b"template:1:m1")):
        with pytest.raises(KeyUnusable, match=r"key\.does_not_open"):
            keyring.open_sealed(sealed, context)


def test_a_keyring_shows_no_key_where_it_is_printed() -> None:
    assert KEY.hex() not in repr(Keyring(KEY)) + str(vars(Keyring(KEY)))
