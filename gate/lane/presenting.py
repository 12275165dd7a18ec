"""What is shown at a lane by other ways than its camera, at a pad or a card reader: the way of every passage."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from enrollment.card_number import CardNumber, EightDigits
from gate.decision.moment import Direction
from gate.lane.lane import LaneWorker
from gate.lane.presented import Presented
from gate.lane.showing import Showing, Shown


class Presenting:
    """Shows credentials to the lanes of a gate, from any thread; each method gives what came of it.

    `directions` are those of the lanes, `worker` gives the one at work at a lane now.
    """

    def __init__(
        self, showing: Showing, directions: Mapping[str, Direction], worker: Callable[[str], LaneWorker]
    ) -> None:
        self._showing = showing
        self._directions = directions
        self._worker = worker

    def card(self, lane_id: str, number: str | CardNumber, eight: EightDigits | None = None) -> Presented:
        """A card, as it was typed or as a reader has read it; `eight` as in `Credentials.find_card`."""
        return self._show(lane_id, self._showing.card(number, eight), datetime.now(UTC))

    def pin(self, lane_id: str, household: str, pin: str) -> Presented:
        """A resident's PIN, or a visitor's where there is no household."""
        at = datetime.now(UTC)
        if household:
            return self._show(lane_id, self._showing.resident_pin(household, pin), at)
        return self._show(lane_id, self._showing.visitor_pin(pin, at, self._directions[lane_id]), at)

    def _show(self, lane_id: str, shown: Shown, at: datetime) -> Presented:
        outcome = self._worker(lane_id).show(shown, at, time.monotonic())
        return Presented(outcome.decision.verdict, outcome.opened)
