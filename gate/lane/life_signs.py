"""The signs of life of one face, added up over its track.

Three layers: the network's marks, a frame that comes along with the face, and whether the landmarks turn as those of
a head or of a flat sheet. Nothing here decides; `gate.decision.liveness` says what is a doubt.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gate.decision.liveness import Liveness
from models.sighting import Box, FaceSighting, Points, Rim

KEPT = 40
"""So many sightings are kept; what came before is forgotten."""

SUREST = 0.98
"""One frame's mark counts no more than this to either side: none outvotes all others."""

RIM_FRAMES, RIM_SHARE = 2, 0.5
"""A frame about a face is believed while so many sightings, and such a share of all, agree on it."""
ALIKE = 0.15
"""Two rims are one when place and size differ by less than this share of their size: the finder's box wavers by 5 %,
and a screen has two rims, that of its case and its own."""

TURN_FRAMES = 6
TURNED = 0.18
"""How much narrower or lower the landmarks became, as a logarithm: about 33 degrees."""
IN_DEPTH, IN_PLANE = 2.6, 1.7
"""The third singular value of all landmarks against the fourth, which is noise alone: a head's lies above the first,
a sheet's below the second (Tomasi and Kanade: "Shape and motion from image streams", 1992: a rigid body gives rank 3,
a flat one rank 2)."""
DEEP = 0.012
"""The least movement in depth, in heights of the face: what a turn of ten degrees does to a nose."""


@dataclass(slots=True, eq=False)
class LifeSigns:
    """What the embedded sightings of one track say."""

    _live: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    _rims: deque[Rim | None] = field(default_factory=lambda: deque(maxlen=KEPT))
    _shapes: deque[NDArray[np.float64]] = field(default_factory=lambda: deque(maxlen=KEPT))
    _frames: int = 0

    def add(self, sighting: FaceSighting) -> None:
        """Note one embedded sighting."""
        self._frames += 1
        if sighting.live is not None:
            self._live.append(sighting.live)
        self._rims.append(sighting.rim)
        self._shapes.append(_shape(sighting.landmarks, sighting.box))

    def weigh(self) -> Liveness:
        """The evidence so far."""
        live = together(self._live)
        agreeing = 0.0 if live is None else sum((one >= 0.5) == (live >= 0.5) for one in self._live) / len(self._live)
        return Liveness(self._frames, live, agreeing, comes_along(tuple(self._rims)), turns_flat(tuple(self._shapes)))


def together(marks: Sequence[float]) -> float | None:
    """The mark of several frames: the mean of their log-odds, as a share again; None without any."""
    if not marks:
        return None
    odds = [math.log(one / (1 - one)) for one in (min(SUREST, max(1 - SUREST, mark)) for mark in marks)]
    return round(1 / (1 + math.exp(-sum(odds) / len(odds))), 4)


def comes_along(seen: Sequence[Rim | None]) -> bool:
    """Whether one frame stays about the face. A door or a notice behind it does not, once the face moves or grows."""
    rims = [rim for rim in seen if rim is not None]
    most = max((sum(_alike(model, rim) for rim in rims) for model in rims), default=0)
    return most >= max(RIM_FRAMES, RIM_SHARE * len(seen))


def _alike(one: Rim, other: Rim) -> bool:
    size = max(one.width, one.height)
    apart = (one.across - other.across, one.down - other.down, one.width - other.width, one.height - other.height)
    return max(map(abs, apart)) <= ALIKE * size


def _shape(landmarks: Points, box: Box) -> NDArray[np.float64]:
    """The landmarks about their own middle, in heights of the face (5 x 2)."""
    points = landmarks.astype(np.float64)
    return np.asarray((points - points.mean(0)) / box.height, np.float64)


def turns_flat(shapes: Sequence[NDArray[np.float64]]) -> bool | None:
    """True where the landmarks turned and stayed in one plane, False where they left it, None where it cannot be told.

    `shapes` are 5 x 2 each, centred. All of them stacked have as many singular values above the noise as the thing has
    dimensions. A sheet that does not turn says nothing: neither does a head.
    """
    if len(shapes) < TURN_FRAMES:
        return None
    stacked = np.concatenate([shape.T for shape in shapes])
    values = np.linalg.svd(stacked, compute_uv=False)
    depth, noise = values[2] / math.sqrt(len(shapes)), values[3] / math.sqrt(len(shapes))
    if depth >= DEEP and depth >= IN_DEPTH * noise:
        return False
    return True if _turn(shapes) >= TURNED and depth <= IN_PLANE * max(noise, DEEP / 4) else None


def _turn(shapes: Sequence[NDArray[np.float64]]) -> float:
    """How far the ratio of the shape's height to its width went, as a logarithm, without its extremes."""
    ratios = []
    for left, right, _, mouth_left, mouth_right in shapes:
        width = np.linalg.norm(right - left) + np.linalg.norm(mouth_right - mouth_left)
        height = np.linalg.norm((mouth_left + mouth_right - left - right) / 2)
        ratios.append(math.log(max(float(height), 1e-6) / max(float(width), 1e-6)))
    smooth = np.convolve(ratios, np.ones(3) / 3, "valid")
    return float(smooth.max() - smooth.min())
