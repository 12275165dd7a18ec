"""What a pad needs of the gate: to show what was typed or read, and to hear whether the way opened."""

from __future__ import annotations

from typing import Protocol


class PadWay(Protocol):
    """Shows credentials to a lane. Every method may be called from any thread."""

    def card(self, lane_id: str, number: str) -> bool:
        """Show a card; whether the way opened."""
        ...

    def pin(self, lane_id: str, household: str, pin: str) -> bool:
        """Show a resident's PIN, or a visitor's where there is no household; whether the way opened."""
        ...
