"""A long file sealed with AES-256-GCM, piece by piece, so that none is missing, doubled, moved or cut off at the end.

    "menwei-sealed/1" LF, 7 random bytes, then pieces of at most 1 MiB, each 16 bytes longer than what it holds

The nonce of a piece is the 7 bytes, its number (4 bytes, big-endian) and 1 for the last piece, else 0 (the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015).
"""

from __future__ import annotations

import io
import secrets
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from enrollment.errors import KeyUnusable

MAGIC = b"menwei-sealed/1\n"
PREFIX = 7
PIECE = 1 << 20
TAG = 16


class SealingWriter(io.RawIOBase):
    """Writes what is given to it, sealed, into another file, which stays open. `close` seals the last piece."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._prefix = secrets.token_bytes(PREFIX)
        self._number = 0
        self._waiting = bytearray()
        file.write(MAGIC + self._prefix)

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: bytes | memoryview, /) -> int:  # type: ignore[override]
        """Take some bytes."""
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._seal(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(memoryview(data))

    def close(self) -> None:
        """Seal what is left."""
        if not self.closed:
            self._seal(bytes(self._waiting), last=True)
        super().close()

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._prefix, self._number, last=last), piece, MAGIC))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads what a `SealingWriter` wrote.

    Raises:
        KeyUnusable: `backup.does_not_open`, with another key, or where the file was damaged, altered or cut.
    """

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        head = file.read(len(MAGIC) + PREFIX)
        if len(head) != len(MAGIC) + PREFIX or not head.startswith(MAGIC):
            raise KeyUnusable("backup.not_one")
        self._file = file
        self._cipher = AESGCM(key)
        self._prefix = head[len(MAGIC) :]
        self._number = 0
        self._next = file.read(PIECE + TAG)
        self._open = b""
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Fill some of the buffer; 0 at the end, once the last piece was seen to be the last."""
        view = memoryview(buffer).cast("B")
        if self._at == len(self._open):
            self._open, self._at = self._piece(), 0
        given = self._open[self._at : self._at + len(view)]
        view[: len(given)] = given
        self._at += len(given)
        return len(given)

    def _piece(self) -> bytes:
        if not self._next and self._number:
            return b""
        sealed, self._next = self._next, self._file.read(PIECE + TAG)
        try:
            piece = self._cipher.decrypt(_nonce(self._prefix, self._number, last=not self._next), sealed, MAGIC)
        except (InvalidTag, ValueError) as refused:
            raise KeyUnusable("backup.does_not_open") from refused
        self._number += 1
        return piece


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])
