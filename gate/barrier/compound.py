"""Every barrier of the compound at once: emergency, lockdown, and a fire that one of them hears."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from gate.barrier.act import Command
from gate.barrier.controller import Barrier, Receipt

log = structlog.get_logger("barrier")
T = TypeVar("T")

FOR_ALL = frozenset({Command.EMERGENCY, Command.ALL_CLEAR, Command.LOCKDOWN, Command.RELEASE})
"""What may be asked of all barriers at once."""
_AT_ONCE = 16


class Compound:
    """Gives one command to every barrier, side by side: a board that does not answer delays nobody else."""

    def __init__(self, barriers: Mapping[str, Barrier]) -> None:
        self._barriers = barriers
        for barrier in barriers.values():
            barrier.on_fire = self._spread
            barrier.fire_anywhere = self._burning

    def order(self, kind: Command, *, command_id: str, cause: str, who: str = "", why: str = "") -> dict[str, Receipt]:
        """The receipt of each barrier by its id. Raises ValueError for a command that is not for all."""
        if kind not in FOR_ALL:
            raise ValueError(f"{kind} is not for every barrier at once")
        return self._side_by_side(
            lambda barrier: barrier.command(
                kind, command_id=f"{command_id}:{barrier.id}", cause=cause, who=who, why=why
            )
        )

    def _spread(self, origin: Barrier, alarm: str) -> None:
        """A fire alarm wired to one board opens them all; one that is in emergency already is not told again."""
        log.error("barrier.fire_opens_all", heard_by=origin.id)

        def open_up(barrier: Barrier) -> None:
            if not barrier.standing().wish.emergency:
                barrier.command(Command.EMERGENCY, command_id=f"fire:{alarm}:{barrier.id}", cause="fire")

        self._side_by_side(open_up)

    def _burning(self) -> bool:
        return any(barrier.hears_fire for barrier in self._barriers.values())

    def _side_by_side(self, call: Callable[[Barrier], T]) -> dict[str, T]:
        if not self._barriers:
            return {}
        with ThreadPoolExecutor(min(_AT_ONCE, len(self._barriers))) as pool:
            return dict(zip(self._barriers, pool.map(call, self._barriers.values()), strict=True))
