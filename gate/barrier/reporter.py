"""Hands a barrier's acts to whoever records them, on a thread of its own: a slow disk never keeps eyes off the arm."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable

import structlog

from gate.barrier.act import BarrierAct
from gate.errors import LedgerUnwritable

log = structlog.get_logger("barrier")

RETRY_S = 1.0


class Reporter:
    """Delivers acts in order, one at a time. Safe to use from several threads.

    An act that cannot be recorded (`LedgerUnwritable`) waits and is tried again; at most `limit` wait, then the oldest
    are dropped and counted. Any other error of `on_act` costs that one act and is logged.
    """

    def __init__(self, barrier_id: str, on_act: Callable[[BarrierAct], None], limit: int = 1000) -> None:
        self._log = log.bind(barrier=barrier_id)
        self._on_act = on_act
        self._limit = limit
        self._acts: deque[BarrierAct] = deque()
        self._changed = threading.Condition()
        self._one_at_a_time = threading.Lock()
        self._stopping = False
        self._broken = False
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"barrier-acts-{barrier_id}", daemon=True)

    @property
    def waiting(self) -> int:
        """Acts not recorded yet."""
        with self._changed:
            return len(self._acts)

    @property
    def dropped(self) -> int:
        """Acts that were never recorded because too many waited."""
        with self._changed:
            return self._dropped

    def report(self, acts: Iterable[BarrierAct]) -> None:
        """Queue acts; never waits."""
        with self._changed:
            self._acts.extend(acts)
            while len(self._acts) > self._limit:
                self._acts.popleft()
                self._dropped += 1
            self._changed.notify_all()

    def deliver(self) -> bool:
        """Record everything that waits. False where the record refused; the rest then waits for the next call."""
        with self._one_at_a_time:
            while True:
                with self._changed:
                    if not self._acts:
                        return True
                    act = self._acts[0]
                if not self._recorded(act):
                    return False
                with self._changed:
                    if self._acts and self._acts[0] is act:
                        self._acts.popleft()

    def start(self) -> None:
        """Deliver from now on as acts come."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Deliver what waits, within `timeout_s`, and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self.waiting:
            self._log.error("barrier.acts_not_recorded", acts=self.waiting)

    def _recorded(self, act: BarrierAct) -> bool:
        try:
            self._on_act(act)
        except LedgerUnwritable as refused:
            if not self._broken:
                self._log.error("barrier.acts_waiting", code=refused.code)
            self._broken = True
            return False
        except Exception:  # noqa: BLE001 - the listener is not ours: one act is lost, the log has it, the rest goes on
            self._log.exception("barrier.act_not_taken", kind=act.kind, cause=act.cause)
            return True
        if self._broken:
            self._log.info("barrier.acts_recorded_again")
        self._broken = False
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._acts or self._stopping)
                stopping = self._stopping
            delivered = self.deliver()
            if stopping:
                return
            if not delivered:
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, RETRY_S)
