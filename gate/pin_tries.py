"""Wrong PINs at the pads and readers of a gate: how many are free, and who waits for how long after them."""

from __future__ import annotations

from collections.abc import Callable

from enrollment.household import one_spelling
from gate.throttle import Throttle

FREE = 5
REMEMBERED = 10_000
LONGEST_PLACE_WAIT_S = 60.0
"""Whoever stands at a pad or a reader and guesses must not keep the neighbours out for long."""
SHORTEST_REFUSAL_S = 1.0
"""Every refusal takes so long: a PIN is checked slowly, and what does not exist would be answered at once."""


class PinTries:
    """Counts wrong tries for a pad or reader, and wrong PINs for a household at whatever pad or reader.

    After `FREE` of them the place waits, at most `LONGEST_PLACE_WAIT_S`, and the household for up to 15 minutes. `now`
    is the monotonic clock in seconds. From any thread.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._places = Throttle(free=FREE, limit=REMEMBERED, now=now, longest_delay_s=LONGEST_PLACE_WAIT_S)
        self._households = Throttle(free=FREE, limit=REMEMBERED, now=now)

    def begin(self, place: str, household: str = "") -> float:
        """Start a try at the pad or reader `place`: 0 where it may go on, else the seconds to wait.

        It counts as wrong, for the `household` too, however that is spelled, until `right` says otherwise.
        """
        wait_s = self._places.wait_s(place)
        if wait_s == 0 and household:
            wait_s = self._households.begin(one_spelling(household))
        return wait_s or self._places.begin(place)

    def right(self, place: str, household: str = "") -> None:
        """What was tried is known: forget what was wrong before."""
        self._places.succeeded(place)
        if household:
            self._households.succeeded(one_spelling(household))
