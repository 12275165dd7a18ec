"""Walks an installer through a barrier's wiring, input by input and movement by movement, and keeps what was found.

It works through the barrier's own machine, so nothing moves here that would not move at work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gate.barrier.act import Command
from gate.barrier.controller import Barrier
from gate.barrier.device import ARM_INPUTS, LOCK_INPUTS
from gate.barrier.standing import State

LOOK_S = 0.02
ANSWERS = 20
"""Readings from which the board's answering is judged."""
BY_HAND: dict[str, tuple[str, ...]] = {
    "arm": ("presence_at_motor", "arm_by_hand"),
    "door": ("exit_without_box", "free_without_power"),
    "turnstile": ("exit_without_box", "free_without_power"),
}
"""What no software can see: the installer tries it with the box unplugged, and answers."""


_OPENS = (Command.HOLD,), State.HELD
"""Open to stay, so that nothing comes down by itself while the installer looks and answers."""
_SHUTS = (Command.ALL_CLEAR, Command.RELEASE, Command.CLOSE), State.CLOSED


class Result(StrEnum):
    """What came of one check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_WIRED = "not_wired"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: of what kind, of which part, what came of it, and how many seconds or changes were seen."""

    kind: str
    name: str
    result: Result
    took_s: float | None = None
    changes: int | None = None
    why: str | None = None


class Installer(Protocol):
    """The person on the spot."""

    def ready(self, code: str, **facts: object) -> bool:
        """Ask whether to do the next check; False skips it."""
        ...

    def agrees(self, code: str, **facts: object) -> bool:
        """Ask whether something is as it should be."""
        ...

    def told(self, check: Check) -> None:
        """Hear what came of a check."""
        ...


class Commissioning:
    """The walk through one barrier, which is started already. `wait` passes the seconds it is given."""

    def __init__(
        self,
        barrier: Barrier,
        installer: Installer,
        clock: Callable[[], float],
        wait: Callable[[float], object],
        *,
        wait_s: float = 30.0,
        move_s: float = 40.0,
    ) -> None:
        self._barrier = barrier
        self._installer = installer
        self._clock = clock
        self._wait = wait
        self._wait_s = wait_s
        self._move_s = move_s
        self._number = 0

    def walk(self) -> Iterator[Check]:
        """Every check in turn: the board, its inputs, the movements, and what only hands can try."""
        for check in self._checks():
            self._installer.told(check)
            yield check

    def _checks(self) -> Iterator[Check]:
        board = self._board()
        yield board
        if board.result is Result.FAILED:
            return
        for name in ARM_INPUTS if self._barrier.kind == "arm" else LOCK_INPUTS:
            yield self._input(name)
        if self._barrier.standing().state is not State.CLOSED:
            # An input that was tried, such as the fire alarm, left it open: there must be a way to go.
            yield self._movement(Command.CLOSE, *_SHUTS)
        yield self._movement(Command.OPEN, *_OPENS)
        yield self._movement(Command.CLOSE, *_SHUTS)
        for name in BY_HAND[self._barrier.kind]:
            agrees = self._installer.agrees(f"commission.by_hand.{name}")
            yield Check("by_hand", name, Result.PASSED if agrees else Result.FAILED)

    def _board(self) -> Check:
        heard = 0
        for _ in range(ANSWERS):
            self._wait(LOOK_S * 2)
            heard += self._barrier.standing().healthy
        result = Result.PASSED if heard == ANSWERS else Result.FAILED
        why = None if result is Result.PASSED else "barrier.not_answering"
        return Check("board", "answers", result, changes=heard, why=why)

    def _input(self, name: str) -> Check:
        """Whether it changes, and changes back, when somebody makes it."""
        before = self._reads(name)
        if before is None:
            return Check("input", name, Result.NOT_WIRED)
        if not self._installer.ready(f"commission.input.{name}"):
            return Check("input", name, Result.SKIPPED)
        began_s = self._clock()
        last, changes, took_s = before, 0, None
        while self._clock() - began_s < self._wait_s:
            self._wait(LOOK_S)
            now = self._reads(name)
            if now is None or now is last:
                continue
            last, changes = now, changes + 1
            took_s = self._clock() - began_s if took_s is None else took_s
            if now is before and self._stays(name, reads=before):
                return Check("input", name, Result.PASSED, took_s, changes)
        why = "commission.never_changed" if changes == 0 else "commission.never_back"
        return Check("input", name, Result.FAILED, took_s, changes, why)

    def _stays(self, name: str, *, reads: bool) -> bool:
        for _ in range(15):
            self._wait(LOOK_S)
            if self._reads(name) is not reads:
                return False
        return True

    def _movement(self, command: Command, given: tuple[Command, ...], end: State) -> Check:
        """Whether the barrier goes where it is told, and its inputs say so."""
        if self._barrier.standing().state is end:
            return Check("movement", command, Result.SKIPPED, why="commission.already_there")
        if not self._installer.ready(f"commission.move.{command}"):
            return Check("movement", command, Result.SKIPPED)
        refusal = [self._command(each) for each in given][-1]
        if refusal is not None:
            return Check("movement", command, Result.FAILED, why=refusal)
        began_s = self._clock()
        while self._clock() - began_s < self._move_s:
            self._wait(LOOK_S)
            now = self._barrier.standing()
            if now.state is end:
                seen = self._installer.agrees(f"commission.seen.{command}")
                result = Result.PASSED if seen else Result.FAILED
                why = None if seen else "commission.not_seen"
                return Check("movement", command, result, self._clock() - began_s, why=why)
            if now.state is State.FAULT:
                return Check("movement", command, Result.FAILED, self._clock() - began_s, why=now.fault)
        return Check("movement", command, Result.FAILED, why="commission.never_arrived")

    def _command(self, command: Command) -> str | None:
        self._number += 1
        return self._barrier.command(command, command_id=f"commission-{self._number}", cause="commission").refusal

    def _reads(self, name: str) -> bool | None:
        inputs = self._barrier.standing().inputs
        reads: bool | None = None if inputs is None else getattr(inputs, name)
        return reads
