"""Whether what is seen over time comes nearer or goes away."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from gate.decision.decision import Movement
from models.sighting import Box

WINDOW_S = 3.0
"""A movement is told from the sightings of so long."""
LONGEST = 90
"""Sightings that are remembered at most."""
FEWEST = 8
NEARER = 0.10
"""Growth of the height's logarithm that is a movement: from 8 m to 7.2 m. A finder's boxes jitter by 0.02 to 0.04."""
SURE = 5.0
"""So many standard errors of the fitted growth must it be, lest a parked car's jitter passes for a movement.

Of 300 cars that stood for 3 s none moved at a jitter of 0.05; without this 68 did. One that comes at 2.5 m/s is known
to come after 0.7 s at 12 pictures a second and after 1.6 s at 5."""


class Course:
    """The heights of one face or plate over time, and which way they say it moves.

    Height alone, because it says nearer and farther wherever the camera hangs; where a centre moves to when somebody
    comes nearer depends on how the camera is mounted, and a width changes when a head or a car turns.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque(maxlen=LONGEST)
        self.movement = Movement.UNSURE
        """The last clear movement: who came and now stands still has come."""

    def add(self, box: Box, at_s: float) -> None:
        """Note where it was seen; `at_s` grows from call to call."""
        self._seen.append((at_s, math.log(box.height)))
        while at_s - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
        if len(self._seen) >= FEWEST:
            self.movement = self._clear() or self.movement

    def _clear(self) -> Movement | None:
        """The movement that a straight line through the sightings shows, None where it shows none."""
        times, heights = np.array(self._seen).T
        times = times - times.mean()
        spread = float(times @ times)
        if spread == 0:
            return None
        slope = float(times @ heights) / spread
        rest = heights - heights.mean() - slope * times
        lasting = float(np.ptp(times))
        growth = slope * lasting
        error = lasting * math.sqrt(float(rest @ rest) / (len(heights) - 2) / spread)
        if abs(growth) < max(NEARER, SURE * error):
            return None
        return Movement.TOWARDS if growth > 0 else Movement.AWAY
