"""Who joins which track: by place, and by identity where there is one."""

from __future__ import annotations

import numpy as np
import pytest

from gate.lane.tracking import LOST_AFTER_S, MIN_ROW_PX, Tracker, face_tracker, plate_tracker
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
    tracker.update([_face(100, BERT, quality=poor)], 0.0)
    tracker.update([_face(100, ANNA)], 0.05)
    (track,) = tracker.tracks
    assert track.template is not None
    assert float(track.template @ ANNA) > 0.95


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
    tracker.update([_face(100, ANNA)], 3.5)
    assert not any(track.decided for track in tracker.tracks)
