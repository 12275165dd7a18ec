"""What is typed or read at a pad, shown to its lane of the running gate: the same way as every passage."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from gate.decision.decision import Verdict
from gate.lane.showing import Shown
from gate.running import RunningGate


class GatePadWay:
    """Implements `gate.console.pad.way.PadWay` over a running gate."""

    def __init__(self, gate: RunningGate) -> None:
        self._gate = gate
        self._directions = {lane.id: lane.direction for lane in gate.config.lane}

    def card(self, lane_id: str, number: str) -> bool:
        """Show a card; whether the way opened."""
        return self._show(lane_id, self._gate.showing.card(number), datetime.now(UTC))

    def pin(self, lane_id: str, household: str, pin: str) -> bool:
        """Show a resident's PIN, or a visitor's where there is no household; whether the way opened."""
        at = datetime.now(UTC)
        if household:
            return self._show(lane_id, self._gate.showing.resident_pin(household, pin), at)
        return self._show(lane_id, self._gate.showing.visitor_pin(pin, at, self._directions[lane_id]), at)

    def _show(self, lane_id: str, shown: Shown, at: datetime) -> bool:
        lane = self._gate.supervisors[lane_id].worker
        return lane.show(shown, at, time.monotonic()).verdict is Verdict.OPEN
