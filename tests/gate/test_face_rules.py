"""The threshold grows with the gallery by a rule that can be reckoned by hand, and only ever grows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.face_rules import FaceLimits, FaceRules, MaskLimits
from models.cast import Cast
from models.catalog import UNMEASURED_STEP

BASE = FaceRules().limits(Cast.of_pack("base"))


@pytest.mark.parametrize(
    ("searched", "needed"),
    [(0, 0.45), (1, 0.45), (100, 0.45), (500, 0.45), (1000, 0.47), (10_000, 0.54), (100_000, 0.61)],
)
def test_each_tenfold_gallery_asks_for_a_tenth_of_the_false_accepts(searched: int, needed: float) -> None:
    assert BASE.needed(searched) == pytest.approx(needed)


def test_fewer_strangers_let_in_ask_for_more() -> None:
    strict = FaceRules(false_positives=0.001).limits(Cast.of_pack("base"))
    assert strict.needed(1000) == pytest.approx(BASE.needed(10_000))
    assert FaceRules(false_positives=1).limits(Cast.of_pack("base")).needed(1000) == BASE.accept


def test_an_embedder_that_was_not_measured_grows_from_what_it_accepts() -> None:
    limits = FaceRules().limits(Cast.of_pack("buffalo_l"))
    assert (limits.far_1e_4, limits.per_decade) == (0.45, UNMEASURED_STEP)
    assert limits.needed(1000) == pytest.approx(0.45 + UNMEASURED_STEP)


def test_a_masked_face_needs_what_was_measured_behind_masks() -> None:
    limits = FaceLimits(accept=0.49, masked=MaskLimits(accept=0.55, far_1e_4=0.5, per_decade=0.1))
    assert (limits.needed(4), limits.needed(4, masked=True)) == (0.49, 0.55)
    assert limits.needed(1000, masked=True) == pytest.approx(0.6)


def test_without_a_measure_nobody_is_known_behind_a_mask() -> None:
    assert FaceLimits(accept=0.45).needed(4, masked=True) == math.inf


def test_a_site_may_switch_masks_off_or_ask_for_more_of_them_as_of_bare_faces() -> None:
    starter = Cast.of_pack("starter")
    own, strict = FaceRules().limits(starter), FaceRules(accept=0.59).limits(starter)
    assert own.masked is not None
    assert strict.masked is not None
    assert strict.masked.accept == pytest.approx(own.masked.accept + 0.1)
    assert FaceRules(accept=0.1).limits(starter).masked == own.masked
    assert FaceRules(masks=False).limits(starter).masked is None
    assert FaceRules().limits(Cast.of_pack("buffalo_l")).masked is None


limits = st.builds(
    FaceLimits,
    accept=st.floats(0.1, 0.7),
    far_1e_4=st.floats(0.1, 0.7),
    per_decade=st.floats(0.01, 0.2),
    false_positives=st.floats(1e-4, 1),
)


@given(limits, st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_people_never_need_less(rules: FaceLimits, one: int, other: int) -> None:
    few, many = sorted((one, other))
    assert rules.accept <= rules.needed(few) <= rules.needed(many) <= 1


@given(limits, st.integers(1, 10**5))
def test_the_expected_false_positives_stay_at_what_was_asked_for(rules: FaceLimits, searched: int) -> None:
    needed = rules.needed(searched)
    rate = 10 ** (-4 - (needed - rules.far_1e_4) / rules.per_decade)
    assert needed == 1 or rate * searched <= rules.false_positives * 1.000001
