"""Every barrier of a configuration, opened and joined: past wishes, timed rules, interlocked pairs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from gate.barrier.act import BarrierAct
from gate.barrier.compound import Compound
from gate.barrier.controller import Barrier
from gate.barrier.devices import Setting, open_barrier
from gate.barrier.interlock import Interlock
from gate.barrier.settings import BarrierPart
from gate.barrier.timed import held_now
from gate.barrier.wishes import FILE, Wishes
from gate.config import Config


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Barriers:
    """Opens them at once; `start` sets them going, `stop` ends them. `on_act` hears each act with its barrier's id.

    `clock` is monotonic seconds, `wall` gives aware UTC: timed rules go by it. Raises `ConfigRefused`.
    """

    def __init__(
        self,
        config: Config,
        on_act: Callable[[str, BarrierAct], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._zone = ZoneInfo(config.compound.timezone)
        self._wall = wall
        self._wishes = Wishes(config.storage.folder / FILE)
        pairs: dict[str, Interlock] = {}
        for part in config.interlock:
            pairs |= dict.fromkeys(part.barriers, Interlock())
        self.by_id: dict[str, Barrier] = {
            part.id: open_barrier(part, partial(on_act, part.id), clock, self._setting(part, pairs.get(part.id)))
            for part in config.barrier
        }
        self.compound = Compound(self.by_id)

    def start(self) -> None:
        """Read the inputs of each, go to its safe state, and watch from now on."""
        self._wishes.start()
        for barrier in self.by_id.values():
            barrier.start()

    def stop(self) -> None:
        """Stop watching and let go of the devices."""
        for barrier in self.by_id.values():
            barrier.stop()
        self._wishes.stop()

    def _setting(self, part: BarrierPart, interlock: Interlock | None) -> Setting:
        return Setting(
            wish=self._wishes.of(part.id),
            on_wish=partial(self._wishes.remember, part.id),
            timed=partial(self._timed, part) if part.held_open else lambda: False,
            interlock=interlock,
        )

    def _timed(self, part: BarrierPart) -> bool:
        return held_now(part.held_open, self._wall().astimezone(self._zone))
