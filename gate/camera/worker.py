"""One camera and the thread that reads it: newest frame only, reconnecting by itself, harming nobody else."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from gate.backoff import Backoff
from gate.camera.decoder import SILENT
from gate.camera.frame import CameraHealth, CameraState, Frame, FrameSource, Image, luma_of
from gate.camera.image import Demand
from gate.camera.latest import Change, Latest
from gate.camera.lookout import Lookout
from gate.camera.region import Region
from gate.camera.source import is_live, open_source
from gate.camera.stillness import Stillness
from gate.config import CameraPart
from gate.errors import CameraFault
from models.sighting import Picture

log = structlog.get_logger("camera")

STEADY_S = 10.0
"""A connection that gave pictures for so long was a good one: the next failure starts the backoff afresh."""

LONGEST_REST = 0.75
"""A stream at rest gives a picture within this share of `stall_after_s`, so that it does not pass for a stalled one."""

FROZEN_AFTER_S = 10.0
"""No picture that was not there before, bit for bit, for so long: no live sensor is that quiet."""

Listener = Callable[[str, CameraHealth], None]
"""Told the camera's id and its health after each change of its state or of the reason for it."""


class CameraWorker:
    """Implements `Camera`: reads a source in one thread and keeps its newest frame for whoever asks.

    States: `connecting` until the first picture; `live`; `stalled` when nothing came for `stall_after_s` or the picture
    repeats itself; `lost` when the connection broke or cannot be made; `ended` after the last picture of a file.
    Whatever happens it tries again, without limit, with backoff and jitter.

    An old picture is never given out: outside `live` and `ended` there is no newest frame, and a frozen picture is
    counted but not handed on, for it says nothing about who stands there now.

    `on_change` is called from the camera's own thread, or from the one that noticed the silence of a hanging driver. It
    must return soon and not raise.
    """

    def __init__(
        self,
        camera: str,
        opener: Callable[[], FrameSource],
        *,
        stall_after_s: float | None = None,
        frozen_after_s: float | None = None,
        backoff: Backoff | None = None,
        on_change: Listener | None = None,
        beside: CameraWorker | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """`opener` connects, blocking, and raises `CameraFault`. None for `stall_after_s` or `frozen_after_s` is never.

        `beside` reads the camera's small stream, and is started and stopped with this one. `clock` is monotonic
        seconds, `now` aware UTC, `chance` 0 to 1; `wait` sleeps for so many seconds and says whether to stop instead.
        """
        self.id = camera
        self._opener = opener
        self._stall_after_s = stall_after_s
        self._frozen_after_s = frozen_after_s
        self._backoff = backoff or Backoff()
        self._on_change = on_change
        self._beside = beside
        self._clock = clock
        self._now = now
        self._chance = chance
        self._stopping = threading.Event()
        self._wait = wait or self._stopping.wait
        self._latest = Latest(camera)
        self._connected_s: float | None = None
        self._source: FrameSource | None = None
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera}", daemon=True)

    def start(self) -> None:
        """Begin reading. A worker is started once."""
        if self._beside is not None:
            self._beside.start()
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the reading and wait for it, but no longer than `timeout_s`.

        A read that is under way cannot be broken off from outside: it ends by the timeouts it was opened with. A thread
        that takes longer is left to end by itself, holding up neither the caller nor the end of the process.
        """
        self._stopping.set()
        source = self._source
        if source is not None:
            source.close()
        if self._beside is not None:
            self._beside.stop(timeout_s)
        if self._thread.ident is None:
            return
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            log.warning("camera.still_reading", camera=self.id, waited_s=timeout_s)

    def newest(self, after: int, timeout_s: float) -> Frame | None:
        """The newest frame with a number above `after`, waiting up to `timeout_s`; None when there is none."""
        frame = self._latest.newest(after, timeout_s)
        if frame is None:
            self._notice_silence()
        return frame

    def health(self) -> CameraHealth:
        """State and counters now."""
        self._notice_silence()
        return self._latest.health

    @property
    def last_frame_s(self) -> float | None:
        """When the last picture came, on the monotonic clock; None before the first."""
        return self._latest.health.last_frame_s

    @property
    def fault(self) -> CameraFault | None:
        """Why the camera is not live, with the facts for its sentence; None when it is."""
        return self._latest.fault

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            if not self._stopping.is_set() and self._latest.health.state is not CameraState.ENDED:
                self._shift(CameraState.LOST, CameraFault("camera.crashed", camera=self.id))

    def _serve(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._follow(again=failures > 0)
            except CameraFault as fault:
                if self._stopping.is_set():
                    return
                failures = 1 if self._was_steady() else failures + 1
                self._shift(CameraState.STALLED if fault.code == SILENT else CameraState.LOST, fault)
            else:
                if not self._stopping.is_set():
                    self._shift(CameraState.ENDED)
                return
            if self._wait(self._backoff.delay_s(failures, self._chance())):
                return

    def _follow(self, *, again: bool) -> None:
        """Read one connection until it ends (returns) or breaks (raises `CameraFault`)."""
        self._connected_s = None
        source = self._source = self._opener()
        try:
            self._connected_s = self._clock()
            if again:
                self._latest.reconnected()
            stillness = Stillness()
            while not self._stopping.is_set():
                picture = source.read()
                if picture is None:
                    return
                self._receive(picture, stillness)
        finally:
            self._source = None
            source.close()

    def _was_steady(self) -> bool:
        last_s = self._latest.health.last_frame_s
        return self._connected_s is not None and last_s is not None and last_s - self._connected_s >= STEADY_S

    def _receive(self, picture: Picture | Image, stillness: Stillness) -> None:
        taken_s = self._clock()
        frozen_after_s = self._frozen_after_s
        if frozen_after_s is not None and stillness.lasting_s(luma_of(picture), taken_s) >= frozen_after_s:
            frozen = CameraFault("camera.frozen", camera=self.id, after_s=frozen_after_s)
            self._announce(self._latest.pass_over(frozen, taken_s))
        else:
            self._announce(self._latest.put(picture, self._now(), taken_s))

    def _notice_silence(self) -> None:
        """The source's own timeout says so first, except where a driver hangs and the reading thread with it."""
        if self._stall_after_s is not None and not self._stopping.is_set():
            self._announce(self._latest.stall_if_silent(self._stall_after_s, self._clock()))

    def _shift(self, state: CameraState, fault: CameraFault | None = None) -> None:
        self._announce(self._latest.enter(state, fault, self._clock()))

    def _announce(self, change: Change | None) -> None:
        """Say once that it broke and once that it recovered, and tell the listener."""
        if change is None:
            return
        if change.breaks:
            facts = change.fault.facts if change.fault else {}
            state = str(change.after.state)
            log.warning("camera.broken", camera=self.id, state=state, reason=change.after.reason, facts=facts)
        elif change.mends:
            log.info("camera.recovered", camera=self.id, after_s=round(change.broken_for_s, 3))
        if self._on_change is not None:
            self._on_change(self.id, change.after)


def open_camera(
    part: CameraPart,
    *,
    regions: Sequence[Region] = (),
    on_change: Listener | None = None,
    frozen_after_s: float | None = FROZEN_AFTER_S,
) -> CameraWorker:
    """The worker of a camera of gate.toml, not started yet.

    Files and folders neither stall nor freeze: `stall_after_s` and `frozen_after_s` hold for RTSP and USB cameras.
    None for `frozen_after_s` allows a camera that plays a short scene again and again.

    A camera with a `substream` has that watched for movement within the `regions`, and rests while there is none.
    """
    if part.small is None:
        return _worker(part, lambda: open_source(part), frozen_after_s, on_change)
    lookout, small = Lookout(regions), part.small
    beside = _worker(small, lambda: lookout.seeing(open_source(small)), frozen_after_s)

    def calm() -> bool:
        last_s = worker.last_frame_s
        shown = last_s is not None and time.monotonic() - last_s <= LONGEST_REST * part.stall_after_s
        return shown and lookout.calm and beside.health().state is CameraState.LIVE

    worker = _worker(part, lambda: open_source(part, Demand(calm)), frozen_after_s, on_change, beside)
    return worker


def _worker(
    part: CameraPart,
    opener: Callable[[], FrameSource],
    frozen_after_s: float | None,
    on_change: Listener | None = None,
    beside: CameraWorker | None = None,
) -> CameraWorker:
    live = is_live(part)
    return CameraWorker(
        part.id,
        opener,
        stall_after_s=part.stall_after_s if live else None,
        frozen_after_s=frozen_after_s if live else None,
        on_change=on_change,
        beside=beside,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What a camera showed when it was tried: the size of its picture in pixels, and a first frame."""

    width: int
    height: int
    frame: Frame


def probe(part: CameraPart, timeout_s: float = 10.0) -> Probe:
    """Open the camera, take one frame and close it again, all within about `timeout_s`.

    Raises:
        CameraFault: why there is no frame.
    """
    settled = threading.Event()
    alone = part.model_copy(update={"substream": None})
    worker = open_camera(alone, on_change=lambda _camera, _health: settled.set())
    worker.start()
    try:
        settled.wait(timeout_s)
        frame, fault = worker.newest(0, 0), worker.fault
    finally:
        worker.stop(timeout_s=1.0)
    if frame is None:
        raise fault or CameraFault(SILENT, address=part.id, after_s=timeout_s)
    return Probe(frame.pixels.shape[1], frame.pixels.shape[0], frame)
