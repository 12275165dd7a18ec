"""A lane whose camera is cut and frozen recovers, and the lane beside it never misses a passage."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import av
import numpy as np
from sqlalchemy import Engine

from enrollment.candidate import Subject, SubjectKind
from enrollment.database import open_database, upgrade
from enrollment.gallery import PlateBook
from enrollment.keyring import Keyring
from gate.camera.frame import CameraHealth, CameraState
from gate.camera.region import Region
from gate.camera.worker import CameraWorker, open_camera
from gate.config import CameraPart, FaceLimits, PlateRules
from gate.decision.rules import Rules
from gate.lane.lane import LaneWorker, Opening, Outcome
from gate.lane.presence import Presence
from gate.lane.supervisor import Supervisor
from gate.lane.watching import PlateWatcher
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import MIGRATIONS
from gate.ledger.verify import verify
from gate.ledger.writer import LedgerWriter
from models.sighting import Box, Picture, PlateColour, PlateKind, PlateSighting

RATE = 15
SHOWN, DARK = 12, 6
"""Frames that a plate is shown, and frames of an empty road after it."""
PLATES = [f"辽{letter}{str(digit) * 5}" for letter in "AB" for digit in range(10)]
WAIT_S = 60.0


def _picture(number: int | None) -> Picture:
    """An empty road, or a plate's number as bright blocks: a marker and five bits."""
    picture = np.full((240, 320, 3), 40, np.uint8)
    if number is not None:
        for place, bit in enumerate([1, *(number >> n & 1 for n in range(5))]):
            picture[100:140, 10 + 50 * place : 50 + 50 * place] = 220 if bit else 40
    return picture


class _BlockReader:
    """Reads the blocks back: a plate recogniser for pictures that need no network."""

    def see(self, picture: Picture) -> Sequence[PlateSighting]:
        bright = [picture[110:130, 20 + 50 * place : 40 + 50 * place].mean() > 130 for place in range(6)]
        number = sum(bit << n for n, bit in enumerate(bright[1:]))
        if not bright[0] or number >= len(PLATES):
            return []
        text, corners = PLATES[number], np.zeros((4, 2), np.float32)
        box = Box(10, 100, 310, 140)
        return [PlateSighting(box, corners, 1, 0.99, text, (0.99,) * 7, PlateColour.BLUE, PlateKind.CAR)]


def _film(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "g": "5"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for number in range(len(PLATES)):
            for count in range(SHOWN + DARK):
                frame = av.VideoFrame.from_ndarray(_picture(number if count < SHOWN else None), format="bgr24")
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


class _Lane:
    """A real lane on a real camera; only the reader and the arm are simple."""

    def __init__(self, camera: CameraPart, writer: LedgerWriter) -> None:
        self.changed = threading.Condition()
        self.states: list[CameraState] = []
        self.outcomes: list[Outcome] = []
        self._id = camera.id
        self._writer = writer
        self.camera: CameraWorker = open_camera(camera, on_change=self._state)
        self.supervisor = Supervisor(camera.id, self._build)

    def open_for(self, passage: str) -> Opening:
        return Opening(opened=True, commanded_s=None)

    def _state(self, camera: str, health: CameraHealth) -> None:
        with self.changed:
            self.states.append(health.state)
            self.changed.notify_all()

    def _decided(self, outcome: Outcome) -> None:
        with self.changed:
            self.outcomes.append(outcome)
            self.changed.notify_all()

    def _build(self) -> LaneWorker:
        book = PlateBook({plate: Subject(plate, SubjectKind.VEHICLE, "h") for plate in PLATES})
        return LaneWorker(
            rules=lambda: Rules(self._id, (), FaceLimits(accept=0.45, repeat_s=0), PlateRules(repeat_s=0), "v1"),
            zone=ZoneInfo("Asia/Shanghai"),
            camera=self.camera,
            watcher=PlateWatcher(_BlockReader(), lambda: book, PlateRules(), Region(())),
            way=self,
            writer=self._writer,
            on_outcome=self._decided,
            presence=Presence(0),
        )

    def wait(self, until: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(until, WAIT_S), (self.states, len(self.outcomes))

    def wait_for_one_more(self) -> None:
        count = len(self.outcomes)
        self.wait(lambda: len(self.outcomes) > count)

    def wait_for_state(self, state: CameraState) -> None:
        self.wait(lambda: self.states[-1:] == [state])

    def __enter__(self) -> Self:
        self.camera.start()
        self.supervisor.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.supervisor.stop()
        self.camera.stop(timeout_s=10)


def _writer(engine: Engine, folder: Path) -> LedgerWriter:
    return LedgerWriter(engine, Snapshots(folder / "snapshots", Keyring(b"k" * 32), days=30))


def test_a_lane_recovers_and_its_neighbour_misses_nothing(rtsp_server: Callable[..., Any], tmp_path: Path) -> None:
    film = _film(tmp_path / "film.mp4")
    server = rtsp_server(codec="h264", video=film)
    engine = open_database(tmp_path / "menwei.db")
    upgrade(engine, MIGRATIONS)
    writer = _writer(engine, tmp_path)
    writer.start()
    with ExitStack() as stack:
        broken = stack.enter_context(_Lane(CameraPart(id="north", url=server.url, stall_after_s=1.5), writer))
        broken.wait_for_one_more()
        beside = stack.enter_context(_Lane(CameraPart(id="south", url=f"file:{film}"), writer))
        beside.wait_for_one_more()

        server.cut()
        broken.wait_for_state(CameraState.LOST)
        server.restore()
        broken.wait_for_state(CameraState.LIVE)
        broken.wait_for_one_more()

        server.freeze()
        broken.wait_for_state(CameraState.STALLED)
        server.thaw()
        broken.wait_for_state(CameraState.LIVE)
        broken.wait_for_one_more()

        beside.wait_for_state(CameraState.ENDED)
        beside.wait(lambda: len(beside.outcomes) >= len(PLATES))
    writer.stop()
    assert [outcome.passage.subject for outcome in beside.outcomes] == PLATES
    assert set(beside.states) <= {CameraState.CONNECTING, CameraState.LIVE, CameraState.ENDED}
    proof = verify(engine)
    assert proof.first_broken is None
    assert proof.passages == len(beside.outcomes) + len(broken.outcomes)
    engine.dispose()
