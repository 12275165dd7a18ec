"""Reading QR codes from a lane's pictures.

zxing-cpp, because of what drawn frames of 720p show (a phone held at up to 50 degrees, small, dark, blurred, behind a
reflection): it reads more of them than OpenCV's detectors do, in 1.4 ms instead of 25 to 55.
"""

from __future__ import annotations

import numpy as np
import zxingcpp

from enrollment.gate_code import HOLDER_SIGNS, PREFIX
from gate.camera.frame import Luma
from gate.camera.region import Region

QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
LOOK_EVERY_S = 0.25
AGAIN_S = 5.0
"""A code that stays in sight was shown once; out of sight for so long, it is shown again."""
APART_S = 1.0
"""New codes are taken a second apart at least: whoever flashes forged ones at a camera fills no record with them."""
MOST_KEPT = 200
LONGEST = 100


class CodeReader:
    """Gives each holder's code once while it stays in sight. Times are monotonic seconds of the frames."""

    def __init__(self, region: Region | None = None) -> None:
        self._region = region or Region()
        self._looked_s = float("-inf")
        self._taken_s = float("-inf")
        self._seen: dict[str, float] = {}

    def read(self, luma: Luma, at_s: float) -> tuple[str, ...]:
        """The codes meant for a gate that have come into sight; looks four times a second."""
        if at_s - self._looked_s < LOOK_EVERY_S:
            return ()
        self._looked_s = at_s
        height, width = luma.shape
        left, top, right, bottom = self._region.crop(width, height)
        part = np.ascontiguousarray(luma[top:bottom, left:right])
        found = zxingcpp.read_barcodes(part, formats=QR, try_invert=False)
        texts = dict.fromkeys(one.text for one in found if one.text.startswith(PREFIX) and len(one.text) <= LONGEST)
        return tuple(text for text in texts if self._is_new(text[:HOLDER_SIGNS], at_s))

    def _is_new(self, holder: str, at_s: float) -> bool:
        """A holder's next code is no other code: who stands there for half a minute came once."""
        for gone in [name for name, seen_s in self._seen.items() if at_s - seen_s >= AGAIN_S]:
            del self._seen[gone]
        new = holder not in self._seen
        if new and (at_s - self._taken_s < APART_S or len(self._seen) >= MOST_KEPT):
            return False
        if new:
            self._taken_s = at_s
        self._seen[holder] = at_s
        return new
