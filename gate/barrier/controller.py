"""A barrier at work: it watches its inputs, takes commands from any thread, and drives its device by the machine."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import structlog

from gate.barrier.act import ActKind, BarrierAct, Command
from gate.barrier.code import Code
from gate.barrier.device import BarrierDevice, Drive, Inputs
from gate.barrier.history import Done, History
from gate.barrier.interlock import Interlock
from gate.barrier.machine import Event, Lost, Machine, Order, Outcome, Tick
from gate.barrier.move import Book
from gate.barrier.reporter import Reporter
from gate.barrier.standing import State, Timing, Wish, unknown
from gate.barrier.transitions import ARM
from gate.errors import BarrierFault

log = structlog.get_logger("barrier")
T = TypeVar("T")

POLL_S = 0.03
"""Time between readings: a car at 5 m/s comes 15 cm further, well within a loop's reach."""
SILENT_POLL_S = 0.5
"""Time between attempts while the device does not answer."""
TRIES = 3
"""Attempts at one reading or drive before the device is taken as lost."""
REMEMBERED = 1024
"""Command ids that are known again."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a command.

    `refusal` is the code of the reason where it was not accepted. `repeated` is True for a command id that was done
    before: then this is the first receipt again. `driven_s` is the monotonic time at which the device had taken the
    command's first drive, None where nothing had to move. `state` is the state right after.
    """

    command_id: str
    accepted: bool
    state: State
    refusal: str | None = None
    driven_s: float | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class BarrierHealth:
    """A barrier now, for the console.

    `since_s` (monotonic) is when the state began; `inputs` is None while the device is silent; `fault` is the code of
    the present fault and `last_fault` of the latest one; `healthy` says whether the device answers; `wish` is what
    people want of it, `timed` whether a timed rule holds it open, `alarms` the codes of what calls for a person;
    `acts_waiting` are not recorded yet, `acts_dropped` never will be.
    """

    state: State
    since_s: float
    inputs: Inputs | None
    fault: str | None
    last_fault: str | None
    healthy: bool
    wish: Wish
    timed: bool
    alarms: tuple[str, ...]
    acts_waiting: int
    acts_dropped: int

    @property
    def held(self) -> bool:
        """Whether a person wants it held open."""
        return self.wish.held


class Barrier:
    """One barrier. Every method may be called from any thread.

    `clock` is monotonic seconds. `on_act` hears every act in order on a thread of its own and may be slow;
    `LedgerUnwritable` from it makes the act wait. With `presence_wired` a sensor under the arm that reads None even at
    the start has fallen silent, and the arm stays up. Until `start` nothing moves; `poll_once` and `deliver` do by hand
    what the threads do.

    `timed` says whether a timed rule wants it open now. `wish` is what was wanted before a restart, and `on_wish`
    hears, quickly, what is wanted from then on. Of an `interlock`'s barriers only one opens.
    """

    def __init__(
        self,
        barrier_id: str,
        device: BarrierDevice,
        timing: Timing,
        clock: Callable[[], float],
        on_act: Callable[[BarrierAct], None],
        *,
        presence_wired: bool = False,
        book: Book = ARM,
        timed: Callable[[], bool] = lambda: False,
        wish: Wish | None = None,
        on_wish: Callable[[Wish], None] = lambda _wish: None,
        interlock: Interlock | None = None,
        poll_s: float = POLL_S,
    ) -> None:
        self.id = barrier_id
        self.device = device
        self.on_fire: Callable[[Barrier, str], None] = lambda _barrier, _alarm: None
        """Hears of fire here, once for each alarm and again after a restart; told on a thread of its own."""
        self.fire_anywhere: Callable[[], bool] = lambda: False
        """Whether any barrier hears the fire alarm now: nobody gives the all clear then."""
        self._machine = Machine(timing, presence_wired, book)
        self._clock = clock
        self._timed = timed
        self._wish = wish or Wish()
        self._on_wish = on_wish
        self._interlock = interlock
        if interlock is not None:
            interlock.join(self)
        self._history = History()
        self._poll_s = poll_s
        self._log = log.bind(barrier=barrier_id)
        self._reporter = Reporter(barrier_id, on_act)
        self._lock = threading.Lock()
        self._standing = unknown(clock()).wishing(self._wish)
        self._begun = False
        self._fire_told = False
        self._healthy = True
        self._last_fault: str | None = None
        self._done: OrderedDict[str, Receipt] = OrderedDict()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"barrier-{barrier_id}", daemon=True)

    @property
    def kind(self) -> str:
        """What kind of barrier it is: the name of its table."""
        return self._machine.book.name

    @property
    def now_s(self) -> float:
        """Its own clock."""
        return self._clock()

    @property
    def shut(self) -> bool:
        """Whether it is known to be down or locked."""
        return self._standing.state is State.CLOSED

    @property
    def hears_fire(self) -> bool:
        """Whether its fire input is on; False while it is silent."""
        inputs = self._standing.inputs
        return inputs is not None and inputs.fire is True

    def command(self, kind: Command, *, command_id: str, cause: str, who: str = "", why: str = "") -> Receipt:
        """Do a command now. The same `command_id` is done once; a refused one may be tried again.

        `cause` is the code of who or what asks, for the record; `who` and `why` are for the console alone. Never raises
        for a device that fails: the receipt then carries `barrier.not_answering`.
        """
        given = Done(kind, command_id, cause, who, why, datetime.now(UTC), self._clock())
        # An emergency takes no turn: it must not wait for the other one's board to answer.
        interlock = self._interlock if kind in {Command.OPEN, Command.HOLD} else None
        turn = nullcontext(False) if interlock is None else interlock.turn(self)
        with turn as interlocked, self._lock:
            done = self._done.get(command_id)
            if done is not None:
                return replace(done, repeated=True)
            return self._carry_out(Order(kind, command_id, cause, interlocked, self.fire_anywhere()), given)

    def _carry_out(self, order: Order, given: Done) -> Receipt:
        self._history.add(given)
        outcome, driven_s = self._apply(order, self._clock())
        refusal: str | None = next((act.cause for act in outcome.acts if act.kind is ActKind.REFUSED), None)
        if outcome.drives and driven_s is None:
            refusal = Code.NOT_ANSWERING
        took_s = None if driven_s is None else driven_s - given.given_s
        self._history.answer(order.command_id, refusal, took_s)
        receipt = Receipt(order.command_id, refusal is None, self._standing.state, refusal, driven_s)
        if receipt.accepted:
            self._done[order.command_id] = receipt
            if len(self._done) > REMEMBERED:
                self._done.popitem(last=False)
        return receipt

    def poll_once(self) -> None:
        """Read the inputs once and do what follows."""
        with self._lock:
            now_s = self._clock()
            try:
                inputs = self._tried(self.device.inputs)
            except Exception as silent:  # noqa: BLE001 - a driver's slip is a lost device, also at the first reading
                self._lose(now_s, silent)
                return
            if self._begun:
                self._apply(Tick(inputs, self._timed()), now_s)
            else:
                self._begun = True
                self._follow(self._machine.start(inputs, now_s, self._standing.wish))
            if not self._healthy and self._standing.inputs is not None:
                self._healthy = True
                self._log.info("barrier.answers_again", state=self._standing.state)

    def deliver(self) -> bool:
        """Hand the waiting acts to `on_act`. False where the record refused one."""
        return self._reporter.deliver()

    def standing(self) -> BarrierHealth:
        """The barrier now."""
        with self._lock:
            standing = self._standing
            healthy = self._healthy and self._begun
            last_fault = self._last_fault
        return BarrierHealth(
            state=standing.state,
            since_s=standing.since_s,
            inputs=standing.inputs,
            fault=standing.code,
            last_fault=last_fault,
            healthy=healthy,
            wish=standing.wish,
            timed=standing.timed and not standing.timed_off,
            alarms=tuple(sorted(standing.alarms)),
            acts_waiting=self._reporter.waiting,
            acts_dropped=self._reporter.dropped,
        )

    def history(self, count: int = 20) -> tuple[Done, ...]:
        """The last commands since the start, newest first."""
        return self._history.latest(count)

    def start(self) -> None:
        """Read the inputs, go to a safe state, and watch from now on. May be called once."""
        self.poll_once()
        self._reporter.start()
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Stop watching and let go of the device, within about twice `timeout_s`. An arm coming down is stopped,
        a lock that was free for one is locked.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self._lock.acquire(timeout=timeout_s):
            try:
                if self._standing.state is State.CLOSING:
                    self._told(Drive.STOP)
                elif self._standing.state in {State.RELEASED, State.AJAR}:
                    self._told(Drive.LOWER)
            finally:
                self._lock.release()
        with contextlib.suppress(BarrierFault):
            self.device.close()
        self._reporter.stop(timeout_s)

    def _apply(self, event: Event, now_s: float) -> tuple[Outcome, float | None]:
        outcome = self._machine.step(self._standing, event, now_s)
        return outcome, self._follow(outcome)

    def _follow(self, outcome: Outcome) -> float | None:
        """Make an outcome real. The time at which the device had taken the first drive, None where it took none."""
        self._take(outcome)
        driven_s = None
        for drive in outcome.drives:
            try:
                self._tried(partial(self.device.drive, drive))
            except Exception as silent:  # noqa: BLE001 - the machine has moved on: a drive that was not given is told
                self._lose(outcome.standing.now_s, silent)
                break
            driven_s = self._clock() if driven_s is None else driven_s
        return driven_s

    def _take(self, outcome: Outcome) -> None:
        self._standing = outcome.standing
        self._last_fault = outcome.standing.code or self._last_fault
        self._history.follow(outcome.acts)
        self._reporter.report(outcome.acts)
        if outcome.standing.wish != self._wish:
            self._wish = outcome.standing.wish
            self._on_wish(self._wish)
        told, self._fire_told = self._fire_told, outcome.standing.fire
        if self._fire_told and not told:
            alarm = uuid.uuid4().hex
            threading.Thread(target=self.on_fire, args=(self, alarm), name=f"fire-{self.id}", daemon=True).start()

    def _tried(self, call: Callable[[], T]) -> T:
        """What a call to the device gave, after a few attempts while it is thought to answer, one while it is not."""
        for _ in range(TRIES - 1 if self._healthy else 0):
            with contextlib.suppress(BarrierFault):
                return call()
        return call()

    def _lose(self, now_s: float, why: Exception) -> None:
        """Take the device as lost: a fault until the inputs have been read again."""
        self._take(self._machine.step(self._standing, Lost(), now_s))
        if self._healthy:
            expected = isinstance(why, BarrierFault)
            self._log.error("barrier.not_answering", why=str(why), exc_info=None if expected else why)
            self._healthy = False
            self._told(Drive.STOP)

    def _told(self, last: Drive) -> None:
        """Tell the device, if it still listens: a last attempt, so whatever goes wrong in it changes nothing."""
        with contextlib.suppress(Exception):
            self.device.drive(last)

    def _run(self) -> None:
        while not self._stopping.wait(self._poll_s if self._healthy else SILENT_POLL_S):
            try:
                self.poll_once()
            except Exception as slip:  # noqa: BLE001 - nothing that goes wrong may leave the arm unwatched
                with self._lock:
                    self._lose(self._clock(), slip)
