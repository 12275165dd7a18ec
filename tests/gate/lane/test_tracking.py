"""Who joins which track: by place, and by identity where there is one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.lane.tracking import ASLEEP_S, KNOWN_AGAIN_S, LOST_AFTER_S, MIN_ROW_PX, Tracker, face_tracker, plate_tracker
from models.sighting import (
    Box,
    Embedding,
    FaceQuality,
    FaceSighting,
    PlateColour,
    PlateKind,
    PlateSighting,
)

GOOD = FaceQuality(0.8, 100, 0.8, 0.9, 0.9)


def _unit(seed: int) -> Embedding:
    vector = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    return vector / np.linalg.norm(vector)


ANNA, BERT = _unit(1), _unit(2)


def _face(x: float, who: Embedding | None, y: float = 100, quality: FaceQuality = GOOD) -> FaceSighting:
    return FaceSighting(Box(x, y, x + 80, y + 100), np.zeros((5, 2), np.float32), 0.9, quality, who)


def _plate(x: float, text: str, confidence: float = 0.97, height: float = 30) -> PlateSighting:
    box = Box(x, 100, x + 100, 100 + height)
    corners = np.zeros((4, 2), np.float32)
    return PlateSighting(box, corners, 1, 0.9, text, (confidence,) * len(text), PlateColour.BLUE, PlateKind.CAR)


def _play(tracker: Tracker, frames: list[list[FaceSighting]], step_s: float = 0.05) -> None:
    for number, sightings in enumerate(frames):
        tracker.update(sightings, number * step_s)


def test_one_walker_is_one_track() -> None:
    tracker = face_tracker()
    _play(tracker, [[_face(100 + 10 * n, ANNA)] for n in range(20)])
    (track,) = tracker.tracks
    assert track.frames == 20
    assert track.template is not None
    assert float(track.template @ ANNA) == pytest.approx(1, abs=1e-5)


def test_two_side_by_side_stay_two() -> None:
    tracker = face_tracker()
    _play(tracker, [[_face(100 + 5 * n, ANNA), _face(400 - 5 * n, BERT)] for n in range(20)])
    assert len(tracker.tracks) == 2
    assert {track.frames for track in tracker.tracks} == {20}


def test_who_steps_in_front_does_not_inherit_the_evidence() -> None:
    tracker = face_tracker()
    _play(tracker, [[_face(100, ANNA)]] * 10 + [[_face(102, BERT)]] * 10)
    assert len(tracker.tracks) == 2
    first, second = tracker.tracks
    assert first.template is not None
    assert second.template is not None
    assert float(first.template @ ANNA) > 0.99
    assert float(second.template @ BERT) > 0.99


def test_crossing_faces_keep_their_names() -> None:
    tracker = face_tracker()
    _play(tracker, [[_face(100 + 20 * n, ANNA), _face(500 - 20 * n, BERT, y=110)] for n in range(21)])
    names = sorted(round(float(track.template @ ANNA)) for track in tracker.tracks if track.template is not None)
    assert names == [0, 1]


def test_a_track_ends_when_unseen() -> None:
    tracker = face_tracker()
    tracker.update([_face(100, ANNA)], 0.0)
    (first,) = tracker.tracks
    tracker.update([], LOST_AFTER_S)
    assert tracker.tracks == [first]
    tracker.update([_face(100, ANNA)], 2 * LOST_AFTER_S + 0.1)
    assert tracker.tracks != [first]


def test_a_poor_sighting_keeps_the_track_but_adds_no_evidence() -> None:
    tracker = face_tracker()
    _play(tracker, [[_face(100, ANNA)], [_face(101, None)], [_face(102, None)]])
    (track,) = tracker.tracks
    assert track.frames == 1
    assert track.last_s == pytest.approx(0.1)


def test_quality_weighs_the_template() -> None:
    tracker = face_tracker()
    poor = FaceQuality(0.05, 50, 0.1, 0.5, 0.5)
    blurred = (ANNA + BERT) / np.float32(np.linalg.norm(ANNA + BERT))
    tracker.update([_face(100, blurred, quality=poor)], 0.0)
    tracker.update([_face(100, ANNA)], 0.05)
    (track,) = tracker.tracks
    assert track.template is not None
    assert float(track.template @ ANNA) > 0.99


def test_a_car_behind_the_first_is_another_track() -> None:
    tracker = plate_tracker()
    for n in range(10):
        tracker.update([_plate(300, "辽A12345")], n * 0.05)
    for n in range(10):
        tracker.update([_plate(310, "吉B67890")], 0.5 + n * 0.05)
    assert [track.vote.elect().text for track in tracker.tracks] == ["辽A12345", "吉B67890"]


def test_a_misread_character_does_not_split_the_track() -> None:
    tracker = plate_tracker()
    for n in range(10):
        tracker.update([_plate(300, "辽A12345" if n % 3 else "辽A12346")], n * 0.05)
    (track,) = tracker.tracks
    assert track.vote.elect().text == "辽A12345"


def test_a_green_plate_after_a_blue_one_is_another_car_even_when_the_first_is_decided() -> None:
    tracker = plate_tracker()
    for n in range(10):
        tracker.update([_plate(300, "辽A12345")], n * 0.05)
    tracker.tracks[0].decided = tracker.tracks[0].settled = True
    for n in range(10):
        tracker.update([_plate(300, "辽AD12345")], 0.5 + n * 0.05)
    assert [track.vote.elect().text for track in tracker.tracks] == ["辽A12345", "辽AD12345"]


def test_a_plate_too_small_to_read_is_followed_but_does_not_vote() -> None:
    tracker = plate_tracker()
    for n in range(40):
        tracker.update([_plate(300, "辽A12845", height=MIN_ROW_PX - 2)], n * 0.05)
    tracker.update([_plate(300, "辽A12345")], 2.0)
    (track,) = tracker.tracks
    assert (track.vote.readings, track.vote.elect().text, track.lasting_s) == (1, "辽A12345", 0.0)


def test_the_time_of_a_face_counts_from_its_first_usable_sighting() -> None:
    tracker = face_tracker()
    _play(tracker, [[_face(100, None)]] * 40 + [[_face(100, ANNA)]] * 5, step_s=0.1)
    (track,) = tracker.tracks
    assert track.lasting_s == pytest.approx(0.4)


def test_a_face_that_cannot_be_known_keeps_no_decided_track_alive() -> None:
    tracker = face_tracker()
    _play(tracker, [[_face(100, ANNA)]] * 5)
    tracker.tracks[0].decided = True
    for n in range(30):
        tracker.update([_face(100, None)], 0.25 + n * 0.1)
    tracker.update([_face(100, BERT)], 3.5)
    assert not any(track.decided for track in tracker.tracks)


def test_what_is_looked_at_now_and_then_stays_one_track() -> None:
    tracker = plate_tracker()
    for at_s in np.arange(0, 20, LOST_AFTER_S * 1.3):
        tracker.update([_plate(300, "辽A12345")], float(at_s))
    assert tracker.tracks[0].vote.readings == 16


def test_after_a_blind_minute_nobody_is_who_they_were() -> None:
    tracker = plate_tracker()
    tracker.update([_plate(300, "辽A12345")], 0.0)
    first = tracker.tracks[0]
    tracker.update([_plate(300, "辽A12345")], ASLEEP_S + 0.1)
    assert first not in tracker.tracks


def _parked(tracker: Tracker, texts: list[str], start_s: float, x: float = 300, sure: float = 0.97) -> None:
    for n, text in enumerate(texts):
        tracker.update([_plate(x, text, sure)], start_s + 0.1 * n)


@pytest.mark.parametrize("gap_s", [1.5, 6.0, KNOWN_AGAIN_S - 1])
def test_a_parked_car_lost_from_sight_and_seen_again_is_the_same_again(gap_s: float) -> None:
    tracker = plate_tracker()
    _parked(tracker, ["辽A12345"] * 5, 0.0)
    tracker.tracks[0].decided = True
    for at_s in np.arange(0.5, gap_s, 1.0):
        tracker.update([], float(at_s))
    _parked(tracker, ["辽A12346", "辽A12345", "辽A12345"], gap_s + 0.4)
    (track,) = tracker.tracks
    assert (track.again, track.decided, track.vote.readings) == (True, False, 3)


@pytest.mark.parametrize(
    ("texts", "x", "sure", "again"),
    [
        (["吉B67890"] * 3, 300, 0.97, False),
        (["辽A12345"] * 3, 700, 0.97, False),
        (["?K3", "辽?A1"] * 2, 300, 0.3, True),
    ],
    ids=["another car in its place", "the same plate driving up", "unreadable in its place"],
)
def test_who_is_seen_next_is_judged_by_place_and_plate(texts: list[str], x: float, sure: float, again: bool) -> None:
    tracker = plate_tracker()
    _parked(tracker, ["辽A12345"] * 5, 0.0)
    tracker.tracks[0].decided = True
    tracker.update([], 1.0)
    _parked(tracker, texts, 2.0, x, sure)
    assert tracker.tracks[-1].again == again


def test_a_stranger_who_looks_away_for_a_while_is_known_again_and_another_one_is_not() -> None:
    for who, known in ((ANNA, True), (BERT, False)):
        tracker = face_tracker()
        tracker.update([_face(100, ANNA)], 0.0)
        tracker.tracks[0].decided = True
        for n in range(1, 8):
            tracker.update([], float(n))
        tracker.update([_face(400, who)], 8.0)
        (track,) = tracker.tracks
        assert track.again == known
        assert track.frames == 1


def test_a_track_that_was_never_decided_and_went_on_where_one_was_is_known_again_once_more() -> None:
    tracker = face_tracker()
    tracker.update([_face(100, ANNA)], 0.0)
    tracker.tracks[0].decided = True
    for at_s in (4.0, 8.0):
        tracker.update([], at_s - 2)
        tracker.update([_face(400, ANNA)], at_s)
        (track,) = tracker.tracks
        assert (track.again, track.decided) == (True, False)


SIZE = 512
"""Strangers' cosines stay under 0.2 in so many dimensions, as those of a good embedder do."""


def _seen(who: int, rng: np.random.Generator) -> Embedding:
    """One sighting of a person: near their own direction, as sightings in a row are (cosine about 0.75)."""
    vector = np.zeros(SIZE, np.float32)
    vector[who] = 1
    noisy = vector + rng.normal(0, 0.9 / np.sqrt(SIZE), SIZE).astype(np.float32)
    return noisy / np.float32(np.linalg.norm(noisy))


def _pure(tracker: Tracker, people: int) -> bool:
    """Whether each track's template is made of one person: like that one, and like nobody else."""
    templates = [track.template[:people] for track in tracker.tracks if track.template is not None]
    return all(np.sort(likes)[-1] > 0.55 and (np.sort(likes)[:-1] < 0.3).all() for likes in templates)


@given(frames=st.integers(1, 12), aside=st.floats(-60, 60), gap=st.integers(0, 3), seed=st.integers(0, 2**32 - 1))
def test_whoever_steps_in_front_whenever_inherits_nothing(frames: int, aside: float, gap: int, seed: int) -> None:
    tracker, rng = face_tracker(), np.random.default_rng(seed)
    played = [[_face(300, _seen(0, rng))] for _ in range(frames)]
    played += [[] for _ in range(gap)]
    played += [[_face(300 + aside, _seen(1, rng))] for _ in range(6)]
    _play(tracker, played)
    assert _pure(tracker, 2)
    assert max(track.frames for track in tracker.tracks if track.template is not None and track.template[1] > 0.5) == 6


@st.composite
def walks(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Where each of two or three people starts and how far they go a frame: they cross, meet and pass each other."""
    return draw(st.lists(st.tuples(st.floats(100, 900), st.floats(-30, 30)), min_size=2, max_size=3))


@given(walks(), st.floats(0, 0.4), st.integers(0, 2**32 - 1))
def test_faces_that_cross_never_swap_their_evidence(ways: list[tuple[float, float]], poor: float, seed: int) -> None:
    tracker, rng = face_tracker(), np.random.default_rng(seed)
    embedded = [0] * len(ways)
    for n in range(30):
        sightings = []
        for who, (start, step) in enumerate(ways):
            usable = rng.random() >= poor
            embedded[who] += usable
            sightings.append(_face(start + step * n, _seen(who, rng) if usable else None, y=100 + 8 * who))
        tracker.update(sightings, n * 0.05)
    assert _pure(tracker, len(ways))
    for who, count in enumerate(embedded):
        assert sum(t.frames for t in tracker.tracks if t.template is not None and t.template[who] > 0.5) <= count
