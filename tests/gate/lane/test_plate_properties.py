"""What holds of the way from a vehicle's readings to an open barrier, whatever was read and whoever is enrolled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

import numpy as np
from hypothesis import assume, example, given
from hypothesis import strategies as st

from enrollment.candidate import Subject, SubjectKind
from enrollment.gallery import PlateBook
from gate.camera.region import Region
from gate.config import FaceLimits, PlateRules
from gate.decision.decide import decide
from gate.decision.decision import Decision, PlateEvidence, Verdict
from gate.decision.rules import Rules
from gate.lane.watching import PlateWatcher
from models.plate.grammar import classify
from models.plate.lookalikes import lookalikes
from models.sighting import Box, Picture, PlateColour, PlateSighting

LIMITS = PlateRules()
RULES = Rules("north-in", (), FaceLimits(accept=0.45), LIMITS, "v1")
PICTURE: Picture = np.zeros((90, 160, 3), np.uint8)
SIGNS = "08BDQ5SZ2E6G17TUV3"
"""Signs of which nearly each has a lookalike among the others."""

Reading = tuple[str, tuple[float, ...]]

plates = st.lists(st.sampled_from(SIGNS), min_size=5, max_size=5).map(lambda signs: "辽A" + "".join(signs))


@st.composite
def swapped(draw: st.DrawFn, plate: str, most: int = 2) -> str:
    """The plate with up to so many signs changed, most of them into lookalikes."""
    for place in draw(st.lists(st.integers(0, 6), max_size=most)):
        others = sorted(lookalikes(plate[place])) or [plate[place]]
        sign = draw(st.sampled_from(others) | st.sampled_from(SIGNS if place > 1 else [plate[place]]))
        plate = plate[:place] + sign + plate[place + 1 :]
    return plate


@st.composite
def tracks(draw: st.DrawFn) -> tuple[list[str], list[Reading]]:
    """Who is enrolled, and what was read of one vehicle: neighbours of one plate, most readings clear."""
    plate = draw(plates)
    enrolled = draw(st.lists(swapped(plate), min_size=1, max_size=4, unique=True))
    texts = draw(st.lists(swapped(plate, 1), min_size=1, max_size=3))
    sure = st.floats(0.9, 1) | st.floats(0, 1)
    readings = [
        (text, draw(st.just((draw(sure),) * 7) | st.lists(sure, min_size=7, max_size=7).map(tuple)))
        for text in draw(st.lists(st.sampled_from(texts), min_size=1, max_size=10))
    ]
    return enrolled, readings


def _alternating(enrolled: Sequence[str], *texts: str) -> tuple[list[str], list[Reading]]:
    """Read so often that a doubt, if there is one, was waited for long enough."""
    return list(enrolled), [(texts[number % len(texts)], (0.98,) * 7) for number in range(10)]


class _Eyes:
    reading: Reading

    def see(self, _picture: Picture) -> Sequence[PlateSighting]:
        text, confidences = self.reading
        corners = np.zeros((4, 2), np.float32)
        return [PlateSighting(Box(40, 40, 100, 64), corners, 1, 0.9, text, confidences, PlateColour.BLUE, None)]


def _opened(enrolled: Sequence[str], readings: Sequence[Reading], blocked: Sequence[str] = ()) -> Decision | None:
    """The last decision about the vehicle, where it opens the barrier; None where none does."""
    book = PlateBook({p: Subject(p, SubjectKind.VEHICLE, "h", blocked=p in blocked) for p in enrolled})
    eyes = _Eyes()
    watcher = PlateWatcher(eyes, lambda: book, LIMITS, Region())  # type: ignore[arg-type]
    decision = None
    for number, eyes.reading in enumerate(readings):
        for case in watcher.look(PICTURE, number * 0.3):
            decision = decide(case.evidence, RULES, time(12))
            if decision.verdict is Verdict.OPEN:
                return decision
    return None


ONE_WAY = _alternating(["辽A12B45"], "辽A12B45", "辽A12845")
UNREAD = _alternating(["辽A12645"], "辽A12B45", "辽A12845")
NO_LOOKALIKE = _alternating(["辽A12845"], "辽A12845", "辽A12345")
TWO_FIT = _alternating(["辽A12B45", "辽A12845"], "辽A12B45", "辽A12845")


def test_there_are_tracks_that_open_exactly_and_by_a_lookalike() -> None:
    """Else the properties would hold of nothing."""
    exact, lookalike = _opened(*_alternating(["辽A12345"], "辽A12345")), _opened(*ONE_WAY)
    assert exact is not None
    assert lookalike is not None
    assert isinstance(lookalike.evidence, PlateEvidence)
    assert lookalike.evidence.doubt is not None


@given(tracks())
@example(ONE_WAY)
@example(TWO_FIT)
@example(_alternating(["辽A12B45", "辽A12645"], "辽A12B45", "辽A12845"))
@example(_alternating(["辽A12345", "辽A12645"], "辽A12345", "辽A12845"))
def test_it_opens_for_the_only_enrolled_plate_that_fits_what_was_read(track: tuple[list[str], list[Reading]]) -> None:
    enrolled, readings = track
    decision = _opened(enrolled, readings)
    if decision is None:
        return
    evidence = decision.evidence
    assert isinstance(evidence, PlateEvidence)
    fits = [plate for plate in enrolled if _fits(plate, evidence)]
    assert decision.subject is not None
    assert fits == [decision.subject.id]


@given(tracks())
@example(ONE_WAY)
@example(UNREAD)
@example(NO_LOOKALIKE)
def test_at_most_one_swap_of_lookalikes_lies_between_what_was_elected_and_what_opens(
    track: tuple[list[str], list[Reading]],
) -> None:
    enrolled, readings = track
    decision = _opened(enrolled, readings)
    if decision is None or decision.subject is None:
        return
    evidence, plate = decision.evidence, decision.subject.id
    assert isinstance(evidence, PlateEvidence)
    different = [at for at in range(7) if plate[at] != evidence.text[at]]
    assert len(different) <= 1
    for at in different:
        assert evidence.confidences[at] < LIMITS.min_character
        assert plate[at] in lookalikes(evidence.text[at])
    if evidence.doubt is not None:
        at = evidence.doubt.position - 1
        assert evidence.doubt.other in lookalikes(evidence.doubt.enrolled)
        assert {evidence.doubt.other, plate[at]} <= {text[at] for text, _ in readings}


@given(tracks())
@example(ONE_WAY)
def test_every_sign_that_is_sure_is_the_enrolled_plates_own(track: tuple[list[str], list[Reading]]) -> None:
    enrolled, readings = track
    decision = _opened(enrolled, readings)
    if decision is None or decision.subject is None:
        return
    evidence, plate = decision.evidence, decision.subject.id
    assert isinstance(evidence, PlateEvidence)
    for at, share in enumerate(evidence.confidences):
        if share >= LIMITS.min_character:
            assert plate[at] == evidence.text[at]
    doubtful = [share for share in evidence.confidences if share < LIMITS.min_character]
    assert len(doubtful) <= 1
    assert bool(doubtful) == (evidence.doubt is not None)


@given(tracks())
@example(ONE_WAY)
@example((["辽A12B45"], [("辽A12B45", (0.97,) * 7), *[("辽A12B45", (0.3,) * 7)] * 9]))
def test_a_barrier_opens_only_after_enough_clear_readings_of_what_it_opens_for(
    track: tuple[list[str], list[Reading]],
) -> None:
    enrolled, readings = track
    decision = _opened(enrolled, readings)
    if decision is None or decision.subject is None:
        return
    plate = decision.subject.id
    near = [text for text, shares in readings if min(shares) >= 0.5 and _distance(text, plate) <= 1]
    assert len(near) >= LIMITS.min_frames


@st.composite
def doubtful_tracks(draw: st.DrawFn) -> tuple[str, str, list[Reading]]:
    """Two plates that differ in one lookalike, and a vehicle that was read both ways."""
    plate = draw(plates)
    place = draw(st.integers(2, 6))
    others = sorted(lookalikes(plate[place]))
    assume(others)
    other = plate[:place] + draw(st.sampled_from(others)) + plate[place + 1 :]
    assume(all(classify(text, PlateColour.BLUE) for text in (plate, other)))
    order = draw(st.permutations([plate] * 5 + [other] * draw(st.integers(2, 8))))
    return plate, other, [(text, (draw(st.floats(0.9, 1)),) * 7) for text in order]


@given(doubtful_tracks())
@example(("辽A12B45", "辽A12845", ONE_WAY[1]))
def test_of_two_enrolled_plates_that_a_doubtful_reading_fits_neither_opens(
    track: tuple[str, str, list[Reading]],
) -> None:
    one, other, readings = track
    decision = _opened([one, other], readings)
    # The first readings may all have agreed, and then they were sure.
    assert decision is None or (isinstance(decision.evidence, PlateEvidence) and decision.evidence.doubt is None)


@given(tracks())
@example(ONE_WAY)
def test_a_blocked_vehicle_stays_out_by_its_own_plate_and_by_any_lookalike(
    track: tuple[list[str], list[Reading]],
) -> None:
    enrolled, readings = track
    assert _opened(enrolled, readings, blocked=enrolled) is None


def _fits(plate: str, evidence: PlateEvidence) -> bool:
    """Whether the enrolled plate could be what was read: its sure signs are so, the doubtful one may be a lookalike."""
    return classify(plate, PlateColour.BLUE) is not None and all(
        own == read or (share < LIMITS.min_character and own in lookalikes(read))
        for own, read, share in zip(plate, evidence.text, evidence.confidences, strict=True)
    )


def _distance(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))
