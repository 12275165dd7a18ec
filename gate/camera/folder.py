"""A folder of pictures, shown one after the other like a camera."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from gate.camera.decoder import opening_fault
from gate.camera.pace import Pace
from gate.errors import CameraFault
from models.errors import PictureRefused
from models.picture import load_picture
from models.sighting import Picture

log = structlog.get_logger("camera")

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


class PictureFolder:
    """The pictures of a folder in the order of their names, `frames_per_s` of them a second.

    A broken picture is left out, counted in `broken`, and reported once however often the folder is looped.
    """

    def __init__(
        self,
        folder: Path,
        frames_per_s: float,
        *,
        loop: bool = False,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """List the folder. `wait` sleeps for so many seconds and says whether the folder was closed meanwhile.

        Raises:
            CameraFault: `camera.not_there`, `camera.not_allowed`, `camera.unreadable`, `camera.no_picture`.
        """
        self._folder = folder
        try:
            files = sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS)
        except OSError as failed:
            raise opening_fault(failed, str(folder), "camera.unreadable") from None
        if not files:
            raise CameraFault("camera.no_picture", address=str(folder))
        self._files = files
        self._next = 0
        self._shown = 0
        self._step_s = 1 / frames_per_s
        self._loop = loop
        self._clock = clock
        self._closing = threading.Event()
        self._wait = wait or self._closing.wait
        self._pace = Pace(gap_s=math.inf)
        self._reported: set[Path] = set()

    @property
    def broken(self) -> int:
        """How many files are no usable pictures."""
        return len(self._reported)

    def read(self) -> Picture | None:
        """The next picture when it is due, None after the last one of a folder that is not looped.

        Raises:
            CameraFault: `camera.no_picture` where not one file is a picture, `camera.closed`.
        """
        while (file := self._following()) is not None:
            picture = self._load(file)
            if picture is not None:
                self._pause()
                return picture
        if not self._shown:
            raise CameraFault("camera.no_picture", address=str(self._folder))
        return None

    def _following(self) -> Path | None:
        if self._next == len(self._files) and self._loop and self._shown:
            self._next = 0
        if self._next == len(self._files):
            return None
        self._next += 1
        return self._files[self._next - 1]

    def _pause(self) -> None:
        due_s = self._shown * self._step_s
        self._shown += 1
        if self._wait(self._pace.delay_s(due_s, self._clock())):
            raise CameraFault("camera.closed", address=str(self._folder))

    def _load(self, file: Path) -> Picture | None:
        try:
            return load_picture(file)
        except PictureRefused as broken:
            if file not in self._reported:
                self._reported.add(file)
                log.warning("camera.picture_skipped", file=str(file), reason=broken.code)
            return None

    def close(self) -> None:
        """End the waiting for a picture that is not due yet."""
        self._closing.set()
