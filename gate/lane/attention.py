"""Which frames of a lane are worth the networks' time: where something moves or somebody is not decided yet."""

from __future__ import annotations

from gate.camera.frame import Luma
from gate.camera.motion import Motion
from gate.camera.region import Region

LINGER_S = 1.5
"""A lane keeps looking for so long after the last movement: people stand still in front of a door."""
SCAN_S = 0.06
"""While something moves and nobody is undecided, frames that come sooner than this after the last look are left out:
every second one at 25 a second. As soon as somebody is seen who is not decided yet, every frame counts."""
IDLE_S = 2.0
"""Even a still scene is looked at this often, for what moves too slowly to be noticed."""


class Attention:
    """Leaves out frames of a still region: noticing that it is still costs 0.1 ms, where a finder costs 4 to 40."""

    def __init__(self, region: Region | None = None) -> None:
        self._motion = Motion(region)
        self._moved_s = float("-inf")
        self._looked_s = float("-inf")

    def worth(self, luma: Luma, at_s: float, *, waiting: bool) -> bool:
        """Whether to look at this frame; `waiting` says that somebody in the picture is not decided yet."""
        if self._motion.moved(luma):
            self._moved_s = at_s
        pause_s = 0.0 if waiting else SCAN_S if at_s - self._moved_s <= LINGER_S else IDLE_S
        if at_s - self._looked_s < pause_s:
            return False
        self._looked_s = at_s
        return True
