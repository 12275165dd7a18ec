"""What is typed or read at a pad, shown to its lane of the running gate: the same way as every passage."""

from __future__ import annotations

from gate.decision.decision import Verdict
from gate.running import RunningGate


class GatePadWay:
    """Implements `gate.console.pad.way.PadWay` over a running gate."""

    def __init__(self, gate: RunningGate) -> None:
        self._presenting = gate.presenting

    def card(self, lane_id: str, number: str) -> bool:
        """Show a card; whether the way opened."""
        return self._presenting.card(lane_id, number) is Verdict.OPEN

    def pin(self, lane_id: str, household: str, pin: str) -> bool:
        """Show a resident's PIN, or a visitor's where there is no household; whether the way opened."""
        return self._presenting.pin(lane_id, household, pin) is Verdict.OPEN
