"""The key that templates and snapshots are sealed with: one file, readable by its owner alone."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from enrollment.errors import KeyUnusable

KEY_BYTES = 32
NONCE_BYTES = 12
"""96 bits, random for each sealing (NIST SP 800-38D, 8.2.2: good for 2**32 sealings under one key)."""


class Keyring:
    """Seals and opens with AES-256-GCM. What is sealed opens only with the same key and in the same context."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
        self._cipher = AESGCM(key)
        self._tags = hmac.digest(key, b"menwei-tag/1", "sha256")
        self.id = hashlib.sha256(b"menwei-key-id/1\n" + key).hexdigest()[:16]
        """Names the key without giving it away: 16 hex digits."""

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """The keyring of a key file; with `create`, a missing file is made first, whole or not at all.

        Raises:
            KeyUnusable: `key.missing`, `key.wrong_size`, `key.open_to_others` (with the command that mends it),
                `key.unreadable`, `key.unwritable`.
        """
        return cls(read_secret(path, create=create))

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Nonce and ciphertext in one, 28 bytes longer than `plain`. `context` is bound to it but not kept."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, context)

    def tag(self, plain: bytes, context: bytes) -> bytes:
        """32 bytes that always come out the same, and that nobody finds without the key (HMAC-SHA-256)."""
        return hmac.digest(self._tags, len(context).to_bytes(2, "big") + context + plain, "sha256")

    def open_sealed(self, sealed: bytes, context: bytes) -> bytes:
        """What was sealed.

        Raises:
            KeyUnusable: `key.does_not_open`: another key, another context, or bytes that were altered.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as refused:
            raise KeyUnusable("key.does_not_open") from refused


def read_secret(path: Path, *, create: bool = False) -> bytes:
    """The 32 secret bytes of a file that only its owner may read; with `create`, a missing one is made first.

    Raises:
        KeyUnusable: as `Keyring.open` does.
    """
    if create and not path.exists():
        _make(path)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyUnusable("key.open_to_others", path=path, mode=f"{mode:04o}")
        key = path.read_bytes()
    except FileNotFoundError as missing:
        raise KeyUnusable("key.missing", path=path) from missing
    except OSError as failed:
        raise KeyUnusable("key.unreadable", path=path, why=failed.strerror) from failed
    if len(key) != KEY_BYTES:
        raise KeyUnusable("key.wrong_size", path=path, size=len(key), needed=KEY_BYTES)
    return key


def _make(path: Path) -> None:
    """Write a fresh key under another name and link it into place, so that no half-written key is ever seen.

    The link fails where a key already is: of two processes the first wins and the other uses its key.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            os.link(part, path)
        finally:
            part.unlink()
        _settle(path.parent)
    except FileExistsError:
        return
    except OSError as failed:
        raise KeyUnusable("key.unwritable", path=path, why=failed.strerror) from failed


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
