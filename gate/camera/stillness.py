"""Noticing a picture that stands still: a sensor or an encoder that hangs while the connection stays alive."""

from __future__ import annotations

import zlib
from collections import OrderedDict

from gate.camera.frame import Luma

ROWS = 16
"""One row in so many is looked at: the noise of a live sensor is everywhere, and reading it all would cost too much."""

MEMORY = 128
"""Pictures remembered. A frozen scene that is encoded again and again gives not one picture but a few, repeated with
each group of pictures; a group seldom holds more than 100."""


class Stillness:
    """Measures for how long a connection has shown nothing that it had not shown before, bit for bit.

    Measured with x264 and x265 at fixed quality and at fixed rate: once a frozen scene has settled every picture is one
    of the last group's, while noise of four grey levels makes each group a new one.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._new_s = 0.0

    def lasting_s(self, luma: Luma, at_s: float) -> float:
        """Seconds on the monotonic clock since the last new picture; 0 for a new one."""
        mark = zlib.crc32(luma[::ROWS].tobytes())
        if mark not in self._seen:
            self._new_s = at_s
            if len(self._seen) == MEMORY:
                self._seen.popitem(last=False)
        self._seen[mark] = None
        self._seen.move_to_end(mark)
        return at_s - self._new_s
