"""Codes at the gate: whatever is done to one, only the box's own of this minute is taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from enrollment.gate_code import EARLY_S, LASTS_S, STEP_S, CodeFault, GateCode, GateCodes, Holder, step_of
from enrollment.keyring import Keyring

CODES = GateCodes(Keyring(bytes(range(32))))
OTHERS = GateCodes(Keyring(bytes(32)))
IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)
MOMENTS = st.integers(1_600_000_000, 2_800_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))
ANY = st.one_of(IDS.map(CODES.lasting), st.builds(CODES.changing, IDS, MOMENTS.map(step_of)))


@given(IDS, MOMENTS, st.floats(-EARLY_S, LASTS_S - 0.001))
def test_a_residents_code_is_good_within_its_minute(id_: str, at: datetime, after_s: float) -> None:
    step = step_of(at)
    begins = datetime.fromtimestamp(step * STEP_S, UTC)
    told = CODES.read(CODES.changing(id_, step), begins + timedelta(seconds=after_s))
    assert told == GateCode(Holder.RESIDENT, id_, step)


@given(IDS, MOMENTS, st.floats(0, 10**8))
def test_a_residents_code_is_over_after_its_minute_and_not_good_before(id_: str, at: datetime, by_s: float) -> None:
    step = step_of(at)
    begins = datetime.fromtimestamp(step * STEP_S, UTC)
    text = CODES.changing(id_, step)
    assert CODES.read(text, begins + timedelta(seconds=LASTS_S + by_s)) is CodeFault.OVER
    assert CODES.read(text, begins - timedelta(seconds=EARLY_S + by_s + 0.001)) is CodeFault.NOT_YET


@given(IDS, MOMENTS)
def test_a_visitors_picture_says_its_pass_whenever_it_is_shown(id_: str, at: datetime) -> None:
    assert CODES.read(CODES.lasting(id_), at) == GateCode(Holder.VISITOR, id_, 0)


@given(ANY, st.data(), MOMENTS)
def test_a_code_with_one_other_sign_is_forged(text: str, data: st.DataObject, at: datetime) -> None:
    place = data.draw(st.integers(3, len(text) - 1))
    sign = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").filter(lambda one: one != text[place]))
    assert CODES.read(text[:place] + sign + text[place + 1 :], at) is CodeFault.FORGED


@given(IDS, MOMENTS)
def test_a_code_of_another_box_is_forged(id_: str, at: datetime) -> None:
    assert CODES.read(OTHERS.lasting(id_), at) is CodeFault.FORGED
    assert CODES.read(OTHERS.changing(id_, step_of(at)), at) is CodeFault.FORGED


@given(IDS, MOMENTS)
def test_a_residents_code_is_no_visitors_and_the_other_way_round(id_: str, at: datetime) -> None:
    changing, lasting = CODES.changing(id_, step_of(at)), CODES.lasting(id_)
    assert CODES.read(changing.replace("MW1R", "MW1V", 1), at) is CodeFault.FORGED
    assert CODES.read(lasting.replace("MW1V", "MW1R", 1), at) is CodeFault.FORGED


@given(st.text(), MOMENTS)
def test_any_other_text_is_no_code(text: str, at: datetime) -> None:
    assert CODES.read(text, at) in {None, CodeFault.FORGED}
    assert CODES.read(f"MW1{text}", at) is CodeFault.FORGED
    assert CODES.read(f"MW1R{text}", at) is CodeFault.FORGED


def test_a_code_holds_capitals_and_digits_alone_and_fits_a_small_drawing() -> None:
    text = CODES.changing("f" * 32, 2**32 - 1)
    assert text.isascii()
    assert text == text.upper()
    assert len(text) <= 61  # version 3, level M, alphanumeric
