"""Whether what is seen over time comes nearer or goes away."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.decision.decision import Movement
from models.sighting import FaceSighting, PlateSighting

WINDOW_S = 3.0
"""A movement is told from the sightings of so long."""
LONGEST = 90
"""Sightings that are remembered at most."""

FEWEST = 4
"""With fewer sightings nothing is said; a face or a plate needs three to be known anyhow."""
JITTER = 0.015
"""What a size is expected to jitter by where too few sightings show it: the corners of a plate 20 px high by day."""
WEIGHT = 6
"""The expected jitter counts as much as so many sightings, and is soon outweighed by what is seen."""

STRAYED = 0.15
"""Standard deviation of the middle, in widths: what strays so far over the picture is no parked car. That is a way of
half a width. A parked car's middle strays by 0.005, and by 0.07 where the camera's pole sways by a tenth of a plate."""
GROWN, SURE = 0.04, 4.0
"""Growth of the size's logarithm, and how many standard errors of it, that is a direction where it strays as well."""

TALLER, SURE_TALLER = 0.5, 3.0
"""The height must take so much part in the growth, and be so many of its own standard errors: what comes out from
behind a pillar or a passer-by grows to one side only."""

FEWEST_STRAIGHT = 8
GROWN_STRAIGHT, SURE_STRAIGHT = 0.10, 6.0
"""The same for what comes straight at the camera, by the height alone: from 8 m to 7.2 m. Nothing else then says that
it moves, and it is asked anew with each picture: more is needed lest a parked car's jitter passes for a movement."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how large something is in a picture, in pixels: its size, its width and height, and its middle."""

    size: float
    width: float
    height: float
    x: float
    y: float

    @classmethod
    def of(cls, sighting: FaceSighting | PlateSighting) -> Place:
        """A face by its box, whose height stays when a head turns; a plate by its corners.

        The root of the area within a plate's corners jitters by half of what the height of its box does.
        """
        box = sighting.box
        if isinstance(sighting, PlateSighting):
            (x0, y0), (x1, y1), (x2, y2), (x3, y3) = sighting.corners.tolist()
            area = abs((x0 - x2) * (y1 - y3) - (x1 - x3) * (y0 - y2)) / 2
            if area > 1:
                return cls(math.sqrt(area), box.width, box.height, (x0 + x1 + x2 + x3) / 4, (y0 + y1 + y2 + y3) / 4)
        return cls(box.height, box.width, box.height, *box.centre)


class Course:
    """The places of one face or plate over time, and which way they say it moves.

    Growth alone says nearer or farther, for it does so wherever the camera hangs. That it strays over the picture
    says that it moves at all, which is sooner seen, and lets less growth do.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, ...]] = deque(maxlen=LONGEST)
        self.movement = Movement.UNSURE
        """The last clear movement: who came and now stands still has come."""

    def add(self, place: Place, at_s: float) -> None:
        """Note where it was seen; `at_s` grows from call to call."""
        self._seen.append((at_s, math.log(place.size), math.log(place.height), place.width, place.x, place.y))
        while at_s - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
        if len(self._seen) >= FEWEST:
            self.movement = self._clear() or self.movement

    def _clear(self) -> Movement | None:
        """The movement that straight lines through the sightings show, None where they show none."""
        times, sizes, heights, widths, *middle = np.array(self._seen).T
        if np.ptp(times) == 0:
            return None
        (growth, error), (taller, unsure) = _change(times, sizes), _change(times, heights)
        stray = math.hypot(*(float(line.std()) for line in middle)) / float(widths.mean())
        grows = abs(growth) >= max(GROWN, SURE * error)
        both = taller * growth > 0 and abs(taller) >= max(TALLER * abs(growth), SURE_TALLER * unsure)
        crossing = stray >= STRAYED and grows and both
        straight = len(sizes) >= FEWEST_STRAIGHT and abs(taller) >= max(GROWN_STRAIGHT, SURE_STRAIGHT * unsure)
        if not (crossing or straight):
            return None
        return Movement.TOWARDS if (growth if crossing else taller) > 0 else Movement.AWAY


def _change(times: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float]:
    """By how much the values change along a straight line, first to last, and the standard error of that."""
    times = times - times.mean()
    spread, lasting = float(times @ times), float(np.ptp(times))
    slope = float(times @ values) / spread
    rest = values - values.mean() - slope * times
    seen = float(rest @ rest)
    free = len(values) - 2
    variance = max((WEIGHT * JITTER**2 + seen) / (WEIGHT + free), seen / free)
    return slope * lasting, lasting * math.sqrt(variance / spread)
