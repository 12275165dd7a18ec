"""The newest frame of a camera and its health: what the reading thread writes and everybody else reads."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from gate.camera.decoder import SILENT
from gate.camera.frame import CameraHealth, CameraState, Frame, Image
from gate.errors import CameraFault
from models.sighting import Picture

RATE_FRAMES = 25
"""The frame rate is the mean over the last so many frames."""

BROKEN = frozenset({CameraState.STALLED, CameraState.LOST})
"""States without a newest frame."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state, or of the reason for it. `broken_for_s` is the time since the camera was last in order."""

    before: CameraHealth
    after: CameraHealth
    fault: CameraFault | None
    broken_for_s: float

    @property
    def breaks(self) -> bool:
        """Whether the camera was in order before and no longer is."""
        return self.after.state in BROKEN and self.before.state not in BROKEN

    @property
    def mends(self) -> bool:
        """Whether the camera is in order again."""
        return self.before.state in BROKEN and self.after.state not in BROKEN


class Latest:
    """A slot for one frame, with the state and the counters, behind one lock. Every time is on the monotonic clock.

    What changes the state returns the `Change`, or None where nothing changed, so that it can be told without the lock.
    """

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._taken = True
        self._times: deque[float] = deque(maxlen=RATE_FRAMES)
        self._broken_s = 0.0
        self.health = CameraHealth(CameraState.CONNECTING)
        self.fault: CameraFault | None = None
        """Why the camera is not in order, with the facts for its sentence; None when it is."""

    def newest(self, after: int, timeout_s: float) -> Frame | None:
        """The frame, if its number is above `after`, waiting up to `timeout_s` for one."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None and self._frame.number > after, timeout_s)
            if self._frame is None or self._frame.number <= after:
                return None
            self._taken = True
            return self._frame

    def put(self, picture: Picture | Image, at: datetime, taken_s: float) -> Change | None:
        """Make this the newest frame: the camera is live."""
        with self._changed:
            self._drop_untaken()
            self._times.append(taken_s)
            lasting_s = self._times[-1] - self._times[0]
            self.health = replace(
                self.health,
                frames=self.health.frames + 1,
                frames_per_s=(len(self._times) - 1) / lasting_s if lasting_s > 0 else 0.0,
                last_frame_s=taken_s,
            )
            self._frame = Frame(self._camera, self.health.frames, at, taken_s, picture)
            self._taken = False
            self._changed.notify_all()
            return self._enter(CameraState.LIVE, None, taken_s)

    def pass_over(self, fault: CameraFault, taken_s: float) -> Change | None:
        """Count a frame that is not to be used, and stall for that fault."""
        with self._changed:
            self.health = replace(self.health, frames=self.health.frames + 1, last_frame_s=taken_s)
            return self._enter(CameraState.STALLED, fault, taken_s)

    def reconnected(self) -> None:
        """Count a connection that was made again."""
        with self._changed:
            self.health = replace(self.health, reconnects=self.health.reconnects + 1)

    def enter(self, state: CameraState, fault: CameraFault | None, now_s: float) -> Change | None:
        """Take on a state; `STALLED` and `LOST` forget the newest frame."""
        with self._changed:
            return self._enter(state, fault, now_s)

    def stall_if_silent(self, stall_after_s: float, now_s: float) -> Change | None:
        """Stall a live camera whose last frame is older than `stall_after_s`."""
        with self._changed:
            last_s = self.health.last_frame_s
            if self.health.state is not CameraState.LIVE or last_s is None or now_s - last_s <= stall_after_s:
                return None
            fault = CameraFault(SILENT, address=self._camera, after_s=stall_after_s)
            return self._enter(CameraState.STALLED, fault, now_s)

    def _drop_untaken(self) -> None:
        if not self._taken:
            self.health = replace(self.health, dropped=self.health.dropped + 1)
        self._taken = True

    def _enter(self, state: CameraState, fault: CameraFault | None, now_s: float) -> Change | None:
        self.fault = fault
        before, reason = self.health, fault.code if fault else None
        if (before.state, before.reason) == (state, reason):
            return None
        if state in BROKEN:
            self._drop_untaken()
            self._frame = None
            if before.state not in BROKEN:
                self._broken_s = now_s
        if state is not CameraState.LIVE:
            self._times.clear()
            self.health = replace(self.health, frames_per_s=0.0)
        stalls = before.stalls + (state is CameraState.STALLED and before.state is not CameraState.STALLED)
        self.health = replace(self.health, state=state, reason=reason, stalls=stalls)
        return Change(before, self.health, fault, now_s - self._broken_s)
