"""The chain's encoding, held by vectors that another implementation can be checked against."""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.ledger.chain import GENESIS, Row, canonical, content_of, details_digest, next_row, row_hash, stamp

MOMENT = datetime(2026, 2, 17, 15, 10, 0, 123456, UTC)
VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))


def test_every_vector_is_written_again_to_the_byte() -> None:
    assert GENESIS.hex() == VECTORS["genesis"]
    last = None
    for vector in VECTORS["rows"]:
        moment = datetime.fromisoformat(vector["at"])
        last = next_row(last, moment, vector["kind"], json.loads(vector["body"]))
        assert (last.seq, last.at, last.body, last.hash.hex()) == tuple(
            vector[name] for name in ("seq", "at", "body", "hash")
        )
        assert content_of(last.seq, last.at, last.kind, last.body).hex() == vector["content"]


def test_a_shell_is_enough_to_compute_a_row() -> None:
    vector = VECTORS["rows"][1]
    text = "\n".join(("menwei-ledger/2", str(vector["seq"]), vector["at"], vector["kind"], vector["body"]))
    summed = subprocess.run(["sha256sum"], input=text.encode(), capture_output=True, check=True)
    assert summed.stdout.split()[0].decode() == vector["content"]
    chained = bytes.fromhex(VECTORS["rows"][0]["hash"] + vector["content"])
    assert hashlib.sha256(chained).hexdigest() == vector["hash"]


def test_the_details_vector() -> None:
    details = VECTORS["details"]
    assert details_digest(bytes.fromhex(details["salt"]), details["text"]) == details["digest"]


def test_a_stamp_is_utc_of_fixed_width_whatever_the_zone() -> None:
    shanghai = MOMENT.astimezone(timezone(timedelta(hours=8)))
    assert stamp(shanghai) == stamp(MOMENT) == "2026-02-17T15:10:00.123456Z"
    assert len(stamp(MOMENT.replace(microsecond=0))) == len(stamp(MOMENT))
    with pytest.raises(ValueError, match="aware"):
        stamp(MOMENT.replace(tzinfo=None))


@pytest.mark.parametrize(
    "body", [{"score": 0.5}, {"n": 2**53}, {"n": -(2**53)}, {"门": 1}, {"deep": [{"x": float("nan")}]}]
)
def test_what_another_implementation_would_write_differently_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(body)


@pytest.mark.parametrize("kind", ["", "Upper", "a b", "a\nb", "x" * 41])
def test_a_kind_has_no_line_feed_and_no_blank(kind: str) -> None:
    with pytest.raises(ValueError, match="kind"):
        next_row(None, MOMENT, kind, {})


line = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=40)
fields = st.tuples(st.integers(1, 10**9), line, line, line)


@given(fields, fields)
def test_no_two_rows_share_a_hash(one: tuple[int, str, str, str], other: tuple[int, str, str, str]) -> None:
    same = row_hash(GENESIS, *one) == row_hash(GENESIS, *other)
    assert same == (one == other)


@settings(deadline=None)
@given(st.dictionaries(st.text("abcxyz_", min_size=1), st.none() | st.booleans() | st.integers(-99, 99) | st.text()))
def test_no_body_has_a_line_feed(body: dict[str, Any]) -> None:
    try:
        row = next_row(None, MOMENT, "x", body)
    except UnicodeEncodeError:
        return  # a lone surrogate is no text
    assert not {"\n", "\r"} & set(row.body)
    assert json.loads(row.body) == body


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
