"""The chain's encoding, held by vectors that another implementation can be checked against."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.ledger.chain import GENESIS, Row, canonical, details_digest, next_row, row_hash, stamp

MOMENT = datetime(2026, 2, 17, 15, 10, 0, 123456, UTC)


def test_vector_of_two_rows() -> None:
    first = next_row(None, MOMENT, "gate.started", {"门": "北", "a": 1})
    second = next_row(first, MOMENT + timedelta(seconds=1), "decision", {})
    assert GENESIS.hex() == hashlib.sha256(b"menwei-ledger/1\n").hexdigest()
    assert first.at == "2026-02-17T15:10:00.123456+00:00"
    assert first.body == '{"a":1,"门":"北"}'
    by_hand = b"menwei-ledger/1\n" + GENESIS
    for field in ("1", first.at, "gate.started", first.body):
        by_hand += len(field.encode()).to_bytes(4, "big") + field.encode()
    assert first.hash == hashlib.sha256(by_hand).digest()
    assert second.hash == row_hash(first.hash, 2, second.at, "decision", "{}")


def test_a_stamp_is_utc_of_fixed_width_whatever_the_zone() -> None:
    shanghai = MOMENT.astimezone(timezone(timedelta(hours=8)))
    assert stamp(shanghai) == stamp(MOMENT)
    assert len(stamp(MOMENT.replace(microsecond=0))) == len(stamp(MOMENT))
    with pytest.raises(ValueError, match="aware"):
        stamp(MOMENT.replace(tzinfo=None))


def test_a_body_cannot_hold_what_json_cannot() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"score": float("nan")})


fields = st.tuples(st.integers(1, 10**9), st.text(max_size=40), st.text(max_size=20), st.text(max_size=60))


@given(fields, fields)
def test_no_two_rows_share_a_hash(one: tuple[int, str, str, str], other: tuple[int, str, str, str]) -> None:
    same = row_hash(GENESIS, *one) == row_hash(GENESIS, *other)
    assert same == (one == other)


def test_every_field_and_the_row_before_are_bound() -> None:
    row = next_row(Row(7, "", "", "", b"p" * 32), MOMENT, "decision", {"a": 1})
    changed = {
        row_hash(b"q" * 32, row.seq, row.at, row.kind, row.body),
        row_hash(b"p" * 32, 9, row.at, row.kind, row.body),
        row_hash(b"p" * 32, row.seq, row.at + " ", row.kind, row.body),
        row_hash(b"p" * 32, row.seq, row.at, "x", row.body),
        row_hash(b"p" * 32, row.seq, row.at, row.kind, "{}"),
    }
    assert len(changed) == 5
    assert row.hash not in changed


def test_details_are_hidden_behind_their_salt() -> None:
    plate = {"plate": "辽A12345"}
    assert details_digest(b"1" * 16, plate) != details_digest(b"2" * 16, plate)
    assert details_digest(b"1" * 16, plate) == details_digest(b"1" * 16, dict(plate))
