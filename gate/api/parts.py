"""What the API works with: the console's desk, the site, and its own keys and counters."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

from anyio import CapacityLimiter

from gate.api.keys import ApiKeys
from gate.api.rates import Rates
from gate.community.registered import Webhooks
from gate.console.desk import Desk
from gate.site import Site
from gate.throttle import Throttle

USE_EVERY_S = 60.0
FREE_WRONG_KEYS = 10
AT_ONCE = 8
"""Requests that are worked on at a time; the others wait, and the console keeps threads for the guard."""


class Uses:
    """When each key was last noted as used, so that this is written once a minute. `now` is monotonic."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._noted: dict[str, float] = {}

    def due(self, key_id: str) -> bool:
        """Whether to note it now; it counts as noted."""
        now = self._now()
        with self._lock:
            due = now - self._noted.get(key_id, -USE_EVERY_S) >= USE_EVERY_S
            if due:
                self._noted[key_id] = now
            return due


@dataclass(frozen=True, slots=True)
class Parts:
    """`lanes` are the ids of the configuration; `record_refusal` takes an address and what was wrong with its key."""

    desk: Desk
    site: Site
    keys: ApiKeys
    webhooks: Webhooks
    rates: Rates
    uses: Uses
    wrong_keys: Throttle
    record_refusal: Callable[[str, str], None]
    working: CapacityLimiter

    @property
    def lanes(self) -> dict[str, str]:
        """The lanes' names by id."""
        return {lane.id: lane.name for lane in self.desk.watch.lanes()}

    def unknown_lane(self, named: Collection[str] | None) -> str | None:
        """The first of these lanes that is not there."""
        known = self.lanes
        return next((lane for lane in named or () if lane not in known), None)
