"""What a gallery says about itself, reckoned by hand and against comparing everybody one by one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.candidate import Subject, SubjectKind
from enrollment.gallery import Gallery
from gate import calibration
from gate.calibration import Advice, calibrate, tail_of
from gate.face_rules import FaceLimits
from models.sighting import Embedding

LIMITS = FaceLimits(accept=0.45, far_1e_4=0.40, per_decade=0.07, margin=0.08)
SIMILAR = 0.55


def _unit(*numbers: float) -> Embedding:
    vector = np.array(numbers, np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def _who(number: int, household: str = "h", lanes: frozenset[str] | None = None) -> Subject:
    return Subject(f"p{number}", SubjectKind.RESIDENT, household, lanes=lanes)


def _crowd(people: int, photos: int = 1, size: int = 128, likeness: float = 4.0) -> Gallery:
    """Strangers in `size` dimensions; the larger `likeness`, the more alike the photos of one person."""
    rng = np.random.default_rng(7)
    known = []
    for number in range(people):
        own = rng.normal(size=size)
        faces = [_unit(*(own + rng.normal(size=size) / likeness)) for _ in range(photos)]
        known.append((_who(number, f"h{number}"), faces))
    return Gallery.of("m", known)


def test_nobody_and_one_person_give_no_pairs() -> None:
    for people in (0, 1):
        found = calibrate(_crowd(people), LIMITS, SIMILAR, ["east"])
        assert (found.people, found.highest, found.alike, found.alike_count) == (people, None, (), 0)
        assert (found.false_accepts, found.false_rejects) == (None, None)
        assert found.recommended == found.needed == 0.45


def test_a_father_and_a_daughter_are_named_with_what_to_do() -> None:
    father, daughter, other = _unit(1, 0, 0), _unit(0.41, (1 - 0.41**2) ** 0.5, 0), _unit(0, 0, 1)
    people = [(_who(1, "a"), [father]), (_who(2, "a"), [daughter]), (_who(3, "b"), [other])]
    found = calibrate(Gallery.of("m", people), LIMITS, SIMILAR, ["east"])
    (pair,) = found.alike
    assert found.highest == pair
    assert (pair.one, pair.other, pair.one_household, pair.advice) == ("p1", "p2", True, Advice.PHOTOS)
    assert pair.score == pytest.approx(0.41, abs=1e-5)
    assert found.alike_count == 1


@pytest.mark.parametrize(
    ("cosine", "photos", "advice"),
    [(0.6, 1, Advice.TWICE), (0.6, 3, Advice.TWICE), (0.5, 2, Advice.PHOTOS), (0.5, 3, Advice.CREDENTIAL)],
)
def test_what_to_do_follows_from_the_score_and_the_photos(cosine: float, photos: int, advice: Advice) -> None:
    one, other = _unit(1, 0), _unit(cosine, (1 - cosine**2) ** 0.5)
    gallery = Gallery.of("m", [(_who(1, "a"), [one] * photos), (_who(2, "b"), [other] * photos)])
    assert [pair.advice for pair in calibrate(gallery, LIMITS, SIMILAR, []).alike] == [advice]


def test_each_lane_is_reckoned_with_the_people_who_have_a_right_there() -> None:
    rng = np.random.default_rng(1)
    people = [
        (_who(n, f"h{n}", frozenset({"east"}) if n % 10 == 0 else frozenset({"west"})), [_unit(*rng.normal(size=64))])
        for n in range(2000)
    ]
    found = calibrate(Gallery.of("m", people), LIMITS, SIMILAR, ["east", "west"])
    assert [(reach.lane, reach.templates) for reach in found.lanes] == [("east", 200), ("west", 1800)]
    assert [reach.needed for reach in found.lanes] == [LIMITS.needed(200), LIMITS.needed(1800)]
    assert found.needed == LIMITS.needed(1800)


@pytest.mark.parametrize(
    ("one", "other", "blocked", "lanes", "told"),
    [
        ({"east"}, {"west"}, False, ["east", "west"], 0),
        ({"east"}, {"west"}, False, ["west", "east"], 0),
        ({"east", "west"}, {"west"}, False, ["east", "west"], 1),
        ({"east", "west"}, {"west"}, False, ["east"], 0),
        ({"east"}, None, False, ["east", "west"], 1),
        (None, None, False, ["east", "west"], 1),
        ({"east"}, {"west"}, True, ["east", "west"], 1),
        ({"east"}, {"west"}, False, [], 1),
    ],
    ids=[
        "apart",
        "apart, however they are named",
        "one in common",
        "in common where nobody is searched",
        "everywhere",
        "both everywhere",
        "the blocked are looked for everywhere",
        "no lanes",
    ],
)
def test_two_people_who_meet_on_no_lane_are_no_pair_to_worry_about(
    one: set[str] | None, other: set[str] | None, blocked: bool, lanes: list[str], told: int
) -> None:
    first = _who(1, "a", None if one is None else frozenset(one))
    second = replace(_who(2, "b", None if other is None else frozenset(other)), blocked=blocked)
    people = [(first, [_unit(1, 0)]), (second, [_unit(1, 0.1)]), (_who(3, "c"), [_unit(0, 1)])]
    found = calibrate(Gallery.of("m", people), LIMITS, SIMILAR, lanes)
    assert found.alike_count == len(found.alike) == told
    assert (found.highest is not None and found.highest.score > 0.9) == bool(told)
    assert found.spread.pairs == (0, 3)


def test_people_who_are_alike_raise_the_recommended_cosine() -> None:
    """In 12 dimensions strangers' cosines reach far higher than those that the embedder was measured on."""
    plain, alike = (calibrate(_crowd(300, size=size), LIMITS, SIMILAR, ["east"]) for size in (512, 12))
    assert plain.recommended == plain.needed
    assert alike.recommended > 0.8
    assert plain.false_accepts is not None
    assert plain.false_accepts < LIMITS.false_positives
    assert alike.false_accepts == pytest.approx(LIMITS.false_positives, rel=0.5)


def test_the_photos_of_one_person_say_how_often_they_are_refused() -> None:
    clear, poor = (calibrate(_crowd(40, photos=3, likeness=much), LIMITS, SIMILAR, []) for much in (4.0, 0.6))
    assert clear.false_rejects == 0
    assert poor.false_rejects is not None
    assert poor.false_rejects > 0.5


def test_relatives_count_as_a_pair_but_not_as_strangers() -> None:
    found = calibrate(Gallery.of("m", [(_who(1), [_unit(1, 0)]), (_who(2), [_unit(1, 0.1)])]), LIMITS, SIMILAR, [])
    assert found.alike_count == 1
    assert found.spread.pairs == (0, 0)


def test_too_few_pairs_draw_no_line() -> None:
    assert tail_of(calibrate(_crowd(40), LIMITS, SIMILAR, []).spread) is None


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), min_size=1, max_size=9),
    st.integers(0, 2**32 - 1),
    st.integers(1, 6),
    st.integers(1, 8),
)
def test_blocks_find_what_comparing_one_by_one_finds(
    people: list[tuple[int, int]], seed: int, block: int, most: int
) -> None:
    rng = np.random.default_rng(seed)
    known = [
        (_who(n, f"h{household}"), [_unit(*rng.normal(size=3)) for _ in range(photos)])
        for n, (household, photos) in enumerate(people)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "BLOCK", block)
        found = calibrate(Gallery.of("m", known), LIMITS, SIMILAR, [], most)
    scores = sorted(
        (max(float(a @ b) for a in mine for b in theirs), one.id, other.id)
        for (one, mine), (other, theirs) in itertools.combinations(known, 2)
    )[::-1]
    alike = [pair for pair in scores if pair[0] >= found.needed - LIMITS.margin]
    assert found.alike_count == pytest.approx(len(alike), abs=sum(abs(s - 0.37) < 1e-5 for s, *_ in scores))
    assert [pair.score for pair in found.alike] == pytest.approx([score for score, *_ in alike[:most]], abs=1e-5)
    if scores:
        assert found.highest is not None
        assert found.highest.score == pytest.approx(scores[0][0], abs=1e-5)
    assert found.spread.pairs == (
        sum(len(mine) * (len(mine) - 1) // 2 for _, mine in known),
        sum(
            len(mine) * len(theirs)
            for (one, mine), (other, theirs) in itertools.combinations(known, 2)
            if one.household != other.household
        ),
    )
