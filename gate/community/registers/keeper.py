"""The threads that ask each source on its schedule and take over what needs nobody; a broken one blocks no other."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from enrollment.errors import StoreBusy
from enrollment.told import LISTS
from gate.backoff import Backoff
from gate.community.registers.registers import Registers
from gate.errors import GateError

log = structlog.get_logger("registers")

BACKOFF = Backoff(first_s=5.0, limit_s=900.0)
BUSY_S = 2.0
"""A database that takes nothing now is asked again so soon."""
UNHURRIED_S = 600.0
"""What nobody asks is looked at so often all the same: a deletion is a day old at some time, and waits no longer."""


class Keeper:
    """Serves one source. `start` and `stop` are of its thread; `turn` is one look, for whoever has none."""

    def __init__(
        self,
        registers: Registers,
        name: str,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registers = registers
        self._name = name
        self._chance = chance
        self._clock = clock
        self._version: int | None = None
        self._planned_s = 0.0
        self._failures = 0
        self._told: str | None = None
        self._stopping = False
        self._due = threading.Event()
        self._log = log.bind(source=name)
        self._thread = threading.Thread(target=self._run, name=f"register-{name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look now: something was pushed."""
        self._due.set()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End after what is being done."""
        self._stopping = True
        self._due.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def turn(self) -> float:
        """Ask, and take over what needs nobody; how many seconds to rest before the next turn. Raises `StoreBusy`."""
        rest_s = self._registers.source(self._name).rest_s
        try:
            news = self._registers.ask(self._name)
        except GateError as fault:
            self._failures += 1
            self._say(fault.code)
            return max(rest_s or 0.0, BACKOFF.delay_s(self._failures, self._chance()))
        self._failures = 0
        self._say(None)
        if self._registers.takes_over_by_itself(self._name) and self._is_due(news=news or rest_s is None):
            self._take_over()
        # Boxes and sources that were started together do not ask at the same moment for ever.
        return UNHURRIED_S if rest_s is None else rest_s * (1 + 0.1 * self._chance())

    def _is_due(self, *, news: bool) -> bool:
        """Whether a plan may be another than the last one: planning takes a while in a large compound."""
        unlike = news or self._registers.version() != self._version
        return unlike or self._clock() - self._planned_s > UNHURRIED_S

    def _take_over(self) -> None:
        """The lists first: a blocked plate does not wait until a whole compound has been compared."""
        self._version, self._planned_s = self._registers.version(), self._clock()
        self._registers.apply(self._name, kinds=LISTS)
        _, outcome = self._registers.apply(self._name)
        if outcome.left:
            self._log.warning("registers.left", steps=len(outcome.left), codes=_codes(outcome.left))

    def _say(self, code: str | None) -> None:
        """Once when it breaks, once when it recovers."""
        if code == self._told:
            return
        if code is not None:
            self._log.warning("registers.away", code=code)
        else:
            self._log.info("registers.back")
        self._told = code

    def _run(self) -> None:
        broken = False
        while not self._stopping:
            self._due.clear()
            try:
                rest_s = self.turn()
                broken = False
            except Exception as failed:  # noqa: BLE001 - whatever befalls it, the source's thread goes on
                rest_s = BUSY_S if isinstance(failed, StoreBusy) else BACKOFF.limit_s
                if not broken:
                    self._log.error("registers.broken", why=getattr(failed, "code", type(failed).__name__))
                broken = True
            if not self._stopping:
                self._due.wait(rest_s)


def _codes(left: Sequence[tuple[object, Exception]]) -> list[str]:
    return sorted({getattr(fault, "code", "") for _, fault in left})


class Keepers:
    """The threads of every source."""

    def __init__(self, registers: Registers) -> None:
        self._keepers = {name: Keeper(registers, name) for name in registers.names}
        self._registers = registers

    def start(self) -> None:
        """Begin asking, and let go of what nobody asks for any more."""
        try:
            self._registers.forget()
        except StoreBusy as busy:
            log.warning("registers.not_forgotten", why=busy.code)
        for keeper in self._keepers.values():
            keeper.start()

    def stop(self) -> None:
        """End all of them."""
        for keeper in self._keepers.values():
            keeper.stop(0.0)
        for keeper in self._keepers.values():
            keeper.stop()
        self._registers.close()

    def wake(self, name: str) -> None:
        """Look at a source now: it has pushed something."""
        self._keepers[name].wake()
