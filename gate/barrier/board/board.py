"""What a relay board looks like to the gate: outputs that switch, and inputs that are read.

A driver speaks one board's protocol and knows nothing of barriers; `gate.barrier.board.wiring` says which relay is the
motor's "up" and which input the closed limit.
"""

from __future__ import annotations

from typing import Protocol


class Relays(Protocol):
    """The outputs of a board, by channel number from 0.

    Every method answers within the driver's own timeout and raises `BarrierFault` when the board does not answer, or
    answers something else than was asked. A command whose answer was lost is never sent again blindly: the driver reads
    the output back first, where the board can tell, and sends again only what did not arrive.
    """

    def switch(self, channel: int, *, on: bool) -> None:
        """Set one relay and know that it is set."""
        ...

    def pulse(self, channel: int, duration_s: float) -> None:
        """Close one relay for so long. Returns once it is closed; it opens by itself, by the board where it can."""
        ...

    def close(self) -> None:
        """Switch every relay off as far as the board still listens, and let go of it. May be called twice."""
        ...


class Contacts(Protocol):
    """The inputs of a board, by channel number from 0."""

    def read(self) -> tuple[bool, ...]:
        """Every input now, True for a closed contact. Raises `BarrierFault` when the board does not answer."""
        ...
