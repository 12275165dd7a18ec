"""What a pad needs of the gate: to show what was typed or read, and to hear what came of it."""

from __future__ import annotations

from typing import Protocol

from gate.lane.presented import Presented


class PadWay(Protocol):
    """Shows credentials to a lane. Every method may be called from any thread."""

    def card(self, lane_id: str, number: str) -> Presented:
        """Show a card."""
        ...

    def pin(self, lane_id: str, household: str, pin: str) -> Presented:
        """Show a resident's PIN, or a visitor's where there is no household."""
        ...
