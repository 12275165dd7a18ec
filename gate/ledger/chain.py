"""The chain: how a row is turned into bytes and bound to the row before it. Pure, so that anyone can write it again.

Version 2. A row is five lines of UTF-8, joined by LF without one at the end:

    menwei-ledger/2
    seq     decimal, from 1 without a gap
    at      UTC as 2026-02-17T15:10:00.123456Z
    kind    a-z, 0-9, dot and underscore, at most 40
    body    one line of JSON as RFC 8785 writes it, with strings, whole numbers below 2**53, true, false and null

Its content is the SHA-256 of these bytes, so `printf` and `sha256sum` are enough to compute it. Its hash is the SHA-256
of 64 bytes: the hash of the row before (for row 1 the SHA-256 of `menwei-ledger/2` LF) and its own content. A row that
must not be shown can thus be left out of an export while its content still holds the chain together.

No field has a line feed, so no two rows are the same bytes. `tests/gate/ledger/vectors.json` has rows to try this on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

VERSION = "menwei-ledger/2"
GENESIS = hashlib.sha256(f"{VERSION}\n".encode()).digest()
KIND = re.compile(r"[a-z0-9_.]{1,40}")
WHOLE = 2**53
"""RFC 8785 writes numbers as doubles do: from here on two whole numbers may look the same."""
ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


class Row(NamedTuple):
    """One row as it is stored. `hash` binds everything before it. A tuple, since millions are made of what is read."""

    seq: int
    at: str
    kind: str
    body: str
    hash: bytes


def canonical(body: Mapping[str, Any]) -> str:
    """The one JSON text of a body.

    Raises:
        ValueError: it holds a fraction, a number from 2**53 on, or a key that is not ASCII; these would be written
            differently by another implementation.
    """
    _check(body)
    return as_json(body)


def as_json(body: Mapping[str, Any]) -> str:
    """One line of JSON with sorted keys, fractions allowed. Raises ValueError for NaN and infinity."""
    return ENCODER.encode(body)


def _check(value: object) -> None:
    # Text, true, false and null first: they are nearly all there is, and asking for a Mapping is slow.
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if isinstance(value, dict | Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"JSON of the chain has ASCII keys, not {key!r}")
            _check(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner)
    elif isinstance(value, float) or (isinstance(value, int) and abs(value) >= WHOLE):
        raise ValueError(f"JSON of the chain has whole numbers below 2**53, not {value!r}")


def stamp(moment: datetime) -> str:
    """An aware moment as UTC text of fixed width, so that text order is time order."""
    if moment.tzinfo is None:
        raise ValueError("a record needs an aware time")
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def content_of(seq: int, at: str, kind: str, body: str) -> bytes:
    """The SHA-256 of a row without what came before it."""
    return hashlib.sha256(f"{VERSION}\n{seq}\n{at}\n{kind}\n{body}".encode()).digest()


def row_hash(previous: bytes, seq: int, at: str, kind: str, body: str) -> bytes:
    """The hash of a row that follows one with the hash `previous`."""
    return hashlib.sha256(previous + content_of(seq, at, kind, body)).digest()


def next_row(previous: Row | None, moment: datetime, kind: str, body: Mapping[str, Any]) -> Row:
    """The row that continues the chain after `previous` (None at the very start). Raises ValueError as `canonical`."""
    if not KIND.fullmatch(kind):
        raise ValueError(f"no kind of row: {kind!r}")
    seq = previous.seq + 1 if previous else 1
    at, text = stamp(moment), canonical(body)
    return Row(seq, at, kind, text, row_hash(previous.hash if previous else GENESIS, seq, at, kind, text))


def details_digest(salt: bytes, details: str) -> str:
    """What the chain holds in place of personal details: hex SHA-256 of a random salt and the details' stored text.

    With the details and their salt erased, nothing can be guessed from the digest, and the chain still verifies.
    """
    return hashlib.sha256(salt + details.encode()).hexdigest()
