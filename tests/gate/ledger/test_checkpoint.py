"""The one line of a checkpoint, and whose signature holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from enrollment.errors import KeyUnusable
from gate.ledger.checkpoint import Checkpoint, Signer, fingerprint

VECTOR = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))["checkpoint"]
SIGNER = Signer(b"s" * 32)
MADE = SIGNER.sign(7, "2026-02-17T15:10:00.123456Z", b"h" * 32)


def test_the_vector_is_signed_again_to_the_byte() -> None:
    read = Checkpoint.parse(VECTOR["line"])
    assert read is not None
    assert read.genuine
    again = Signer(bytes.fromhex(VECTOR["seed"])).sign(read.seq, read.at, read.hash)
    assert str(again) == VECTOR["line"]


def test_a_line_is_read_as_it_was_written_blanks_around_it_or_not() -> None:
    assert Checkpoint.parse(f"  {MADE}\r\n") == MADE
    assert MADE.genuine
    assert len(str(MADE)) < 400


@pytest.mark.parametrize(
    "line", ["", "menwei-checkpoint/1", str(MADE)[:-1], str(MADE) + "0", str(MADE).replace("/1", "/2"), f"> {MADE}"]
)
def test_anything_else_is_no_checkpoint(line: str) -> None:
    assert Checkpoint.parse(line) is None


def test_whatever_is_changed_the_signature_no_longer_holds() -> None:
    other = Signer(b"o" * 32)
    changed = (
        replace(MADE, seq=8),
        replace(MADE, at="2026-02-17T15:10:00.123457Z"),
        replace(MADE, hash=b"i" * 32),
        replace(MADE, key=other.public),
        replace(MADE, signature=bytes(64)),
        replace(MADE, key=b"\xff" * 32),
    )
    assert not any(checkpoint.genuine for checkpoint in changed)


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.key"
    first, second = Signer.open(path, create=True), Signer.open(path)
    assert first.public == second.public
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    with pytest.raises(KeyUnusable, match=r"key\.missing"):
        Signer.open(path)


def test_a_fingerprint_can_be_read_aloud() -> None:
    assert len(fingerprint(SIGNER.public).split()) == 8
    assert fingerprint(SIGNER.public) != fingerprint(Signer(b"o" * 32).public)
