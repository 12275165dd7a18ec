"""A camera's small stream, watched for movement so that the large one can rest while there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from gate.camera.frame import FrameSource, Image, luma_of
from gate.camera.motion import Motion
from gate.camera.region import Region
from models.sighting import Picture

CALM_AFTER_S = 3.0
"""So long after the last movement the large stream rests: longer than a lane goes on looking after it."""

UNSEEN_S = 0.5
"""Without a picture of the small stream for so long nothing is known, and the large one is decoded as ever."""


class Lookout:
    """Whether nothing has moved for a while, as far as the small stream shows. Any thread may ask.

    Its pictures come through `seeing`, which may be called again for each new connection.
    """

    def __init__(self, regions: Sequence[Region] = (), clock: Callable[[], float] = time.monotonic) -> None:
        """What moves outside of all `regions` is no movement; none is the whole picture."""
        self._motions = [Motion(region) for region in regions or (Region(),)]
        self._clock = clock
        self._moved_s = self._seen_s = float("-inf")

    def see(self, picture: Picture | Image) -> None:
        """Look at the next picture."""
        luma, now_s = luma_of(picture), self._clock()
        moved = [motion.moved(luma) for motion in self._motions]  # each has to see it
        if any(moved) or now_s - self._seen_s > UNSEEN_S:
            self._moved_s = now_s
        self._seen_s = now_s

    @property
    def calm(self) -> bool:
        """Whether it sees, and has seen nothing move for `CALM_AFTER_S`."""
        now_s = self._clock()
        return now_s - self._seen_s <= UNSEEN_S and now_s - self._moved_s > CALM_AFTER_S

    def seeing(self, source: FrameSource) -> FrameSource:
        """The source, each of whose pictures is looked at as it is read."""
        return _Seen(source, self)


class _Seen:
    """Implements `FrameSource`."""

    def __init__(self, source: FrameSource, lookout: Lookout) -> None:
        self._source = source
        self._lookout = lookout

    def read(self) -> Picture | Image | None:
        picture = self._source.read()
        if picture is not None:
            self._lookout.see(picture)
        return picture

    def close(self) -> None:
        self._source.close()
