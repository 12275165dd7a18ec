"""The chain: how a row is turned into bytes and bound to the row before it. Pure, so that anyone can write it again.

Version 1. A row's hash is SHA-256 over

    "menwei-ledger/1" LF, the previous row's hash (32 bytes; for row 1 the hash of "menwei-ledger/1" LF alone),
    then for each of seq, at, kind, body: its length in bytes (4 bytes, big-endian) and its UTF-8 bytes.

`seq` is decimal and counts from 1 without a gap; `at` is UTC as `2026-02-17T15:10:00.123456+00:00`; `body` is JSON with
sorted keys, no spaces and non-ASCII characters as they are, hashed exactly as it is stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

VERSION = b"menwei-ledger/1\n"
GENESIS = hashlib.sha256(VERSION).digest()


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is stored. `hash` binds everything before it."""

    seq: int
    at: str
    kind: str
    body: str
    hash: bytes


def canonical(body: Mapping[str, Any]) -> str:
    """The one JSON text of a body. Raises ValueError for NaN or infinity, which JSON cannot hold."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def stamp(moment: datetime) -> str:
    """An aware moment as UTC text of fixed width, so that text order is time order."""
    if moment.tzinfo is None:
        raise ValueError("a record needs an aware time")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def row_hash(previous: bytes, seq: int, at: str, kind: str, body: str) -> bytes:
    """The hash of a row that follows one with the hash `previous`."""
    digest = hashlib.sha256(VERSION)
    digest.update(previous)
    for field in (str(seq), at, kind, body):
        encoded = field.encode()
        digest.update(len(encoded).to_bytes(4, "big"))
        digest.update(encoded)
    return digest.digest()


def next_row(previous: Row | None, moment: datetime, kind: str, body: Mapping[str, Any]) -> Row:
    """The row that continues the chain after `previous` (None at the very start)."""
    seq = previous.seq + 1 if previous else 1
    at, text = stamp(moment), canonical(body)
    return Row(seq, at, kind, text, row_hash(previous.hash if previous else GENESIS, seq, at, kind, text))


def details_digest(salt: bytes, details: Mapping[str, Any]) -> str:
    """What the chain holds in place of personal details: hex SHA-256 of a random salt and the details.

    With the details and their salt erased, nothing can be guessed from the digest, and the chain still verifies.
    """
    return hashlib.sha256(salt + canonical(details).encode()).hexdigest()
