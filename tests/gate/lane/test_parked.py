"""Minutes in front of a lane whose eyes blink: who stays is decided once, and again only after having left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from enrollment.candidate import Subject, SubjectKind
from enrollment.gallery import Gallery, PlateBook
from gate.camera.frame import CameraHealth, CameraState, Frame
from gate.camera.region import Region
from gate.config import FaceLimits, PlateRules
from gate.decision.decision import Movement, Reason
from gate.decision.rules import Rules
from gate.lane.lane import LaneWorker, Opening, Outcome
from gate.lane.presence import Presence
from gate.lane.watching import FaceWatcher, PlateWatcher, Watcher
from gate.ledger.ledger import Passage
from gate.ledger.writer import Saved, WriterHealth
from models.sighting import (
    Box,
    FaceQuality,
    FaceSighting,
    Picture,
    PlateColour,
    PlateKind,
    PlateSighting,
)

RATE = 10
PLATE = "辽A12345"
CAR = Subject("v1", SubjectKind.VEHICLE, "h1")
RULES = Rules("in", (), FaceLimits(accept=0.45), PlateRules(), "v1", Movement.TOWARDS)
BEGIN = datetime(2026, 2, 17, 4, tzinfo=UTC)

Height = float | None
"""How high the plate or face is at a moment, None while it is not there."""


def _arrives(seconds: float, low: float = 16, high: float = 40) -> list[Height]:
    return list(np.linspace(low, high, int(seconds * RATE)))


def _stands(seconds: float, high: float = 40) -> list[Height]:
    return [high] * int(seconds * RATE)


def _leaves(seconds: float) -> list[Height]:
    return _arrives(seconds)[::-1]


def _nobody(seconds: float) -> list[Height]:
    return [None] * int(seconds * RATE)


class _Scene:
    """A camera on something that comes, stands and goes, and eyes that lose it for up to `blink_s` where it stands."""

    id = "cam"
    model_id = "fake@00000000"

    def __init__(self, heights: Sequence[Height], seed: int, blink_s: float, text: str | None = PLATE) -> None:
        self._heights = heights
        self._text = text
        self._rng = np.random.default_rng(seed)
        self._at = 0
        self._blind_until = 0
        self._blink = int(blink_s * RATE)

    def newest(self, after: int, timeout_s: float) -> Frame | None:
        if after >= len(self._heights):
            return None
        self._at = after
        height = self._heights[after]
        pixels = np.zeros((180, 320, 3), np.uint8)
        if height is not None:
            pixels[: int(4 * height), : int(6 * height)] = 200
        seconds = after / RATE
        return Frame("cam", after + 1, BEGIN + timedelta(seconds=seconds), 100 + seconds, pixels)

    def health(self) -> CameraHealth:
        return CameraHealth(CameraState.LIVE)

    def _seen(self) -> Box | None:
        height = self._heights[self._at]
        if height is None or self._at < self._blind_until:
            return None
        stands = self._at > 0 and self._heights[self._at - 1] == height
        if stands and self._blink and self._rng.random() < 0.1:
            self._blind_until = self._at + int(self._rng.integers(1, self._blink))
            return None
        height *= float(np.exp(self._rng.normal(0, 0.02)))
        return Box(20, 20, 20 + 3 * height, 20 + height)

    def see(self, picture: Picture) -> Sequence[PlateSighting]:
        box = self._seen()
        if box is None:
            return []
        text = self._text or "".join(self._rng.choice(list("ABCDEFGH123456"), 7))
        sure = 0.97 if self._text else 0.4
        kind = PlateKind.CAR if self._text else None
        corners = np.zeros((4, 2), np.float32)
        return [PlateSighting(box, corners, 1, 0.9, text, (sure,) * 7, PlateColour.BLUE, kind)]

    def find(self, picture: Picture) -> Sequence[FaceSighting]:
        box = self._seen()
        return (
            [] if box is None else [FaceSighting(box, np.zeros((5, 2), np.float32), 0.9, FaceQuality(1, 99, 1, 1, 1))]
        )

    def embed(self, picture: Picture, faces: Sequence[FaceSighting]) -> Sequence[FaceSighting]:
        own = np.eye(64, dtype=np.float32)[0] + self._rng.normal(0, 0.08, 64).astype(np.float32)
        return [replace(face, embedding=own / np.float32(np.linalg.norm(own))) for face in faces]


class _Record:
    """A writer and a barrier that only count."""

    def __init__(self) -> None:
        self.opened = 0
        self.outcomes: list[Outcome] = []

    def open_for(self, passage: str) -> Opening:
        self.opened += 1
        return Opening(opened=True, commanded_s=0.0)

    def submit(self, passage: Passage, jpeg: bytes | None = None, context_jpeg: bytes | None = None) -> Future[Saved]:
        saved: Future[Saved] = Future()
        saved.set_result(Saved(1, None))
        return saved

    def health(self) -> WriterHealth:
        return WriterHealth(0, 0, 0, 0, None)

    @property
    def reasons(self) -> list[Reason]:
        return [outcome.decision.reason for outcome in self.outcomes]


def _play(scene: _Scene, watcher: Watcher, rules: Rules = RULES) -> _Record:
    record = _Record()
    lane = LaneWorker(
        rules=lambda: rules,
        zone=ZoneInfo("Asia/Shanghai"),
        camera=scene,
        watcher=watcher,
        way=record,
        writer=record,  # type: ignore[arg-type]
        on_outcome=record.outcomes.append,
        presence=Presence(30),
        clock=lambda: 0.0,
    )
    while lane.step():
        pass
    return record


def _cars(book: dict[str, Subject]) -> Callable[[_Scene], Watcher]:
    return lambda scene: PlateWatcher(scene, lambda: PlateBook(book), PlateRules(), Region(()))


SEEDS = pytest.mark.parametrize("seed", range(4))


@SEEDS
@pytest.mark.parametrize("blink_s", [0, 3, 12])
def test_a_known_car_that_parks_before_the_gate_opens_it_once(seed: int, blink_s: float) -> None:
    scene = _Scene([*_arrives(4), *_stands(240)], seed, blink_s)
    record = _play(scene, _cars({PLATE: CAR})(scene))
    assert record.reasons == [Reason.KNOWN_VEHICLE]
    assert record.opened == 1


@SEEDS
@pytest.mark.parametrize("text", [PLATE, None], ids=["readable", "unreadable"])
def test_an_unknown_car_that_parks_before_the_gate_is_asked_about_once(seed: int, text: str | None) -> None:
    scene = _Scene([*_arrives(4), *_stands(240)], seed, 8, text)
    record = _play(scene, _cars({})(scene))
    assert record.reasons == [Reason.UNKNOWN_VEHICLE if text else Reason.UNREADABLE_PLATE]


@SEEDS
def test_a_car_that_left_and_comes_again_is_let_in_again(seed: int) -> None:
    way = [*_arrives(4), *_stands(60), *_leaves(3), *_nobody(40), *_arrives(4), *_stands(20)]
    scene = _Scene(way, seed, 5)
    assert _play(scene, _cars({PLATE: CAR})(scene)).opened == 2


@SEEDS
def test_a_known_car_that_leaves_by_the_lane_opens_nothing(seed: int) -> None:
    scene = _Scene([*_nobody(3), *_leaves(6), *_nobody(5)], seed, 0)
    record = _play(scene, _cars({PLATE: CAR})(scene))
    assert record.outcomes == []


@SEEDS
def test_a_car_found_standing_there_after_a_restart_is_asked_about_and_opens_when_it_drives_up(seed: int) -> None:
    scene = _Scene([*_stands(60, 20), *_arrives(3, 20), *_stands(30)], seed, 0)
    record = _play(scene, _cars({PLATE: CAR})(scene))
    assert record.reasons == [Reason.DIRECTION_UNCLEAR, Reason.KNOWN_VEHICLE]


@SEEDS
@pytest.mark.parametrize("blink_s", [0, 3, 12])
def test_a_stranger_who_waits_at_the_door_is_refused_once(seed: int, blink_s: float) -> None:
    scene = _Scene([*_arrives(3, 50, 90), *_stands(180, 90)], seed, blink_s)
    other = Subject("r1", SubjectKind.RESIDENT, "h1")
    gallery = Gallery.of(scene.model_id, [(other, [np.eye(64, dtype=np.float32)[1]])])
    watcher = FaceWatcher(scene, lambda: gallery, "in", RULES.faces, Region(()))
    assert _play(scene, watcher).reasons == [Reason.STRANGER]
