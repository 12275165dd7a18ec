"""A door's or a turnstile's lock wired to a relay board."""

from __future__ import annotations

import threading

from gate.barrier.board.board import Contacts, Relays
from gate.barrier.board.wiring import LockWiring, shown
from gate.barrier.device import Drive, Inputs
from gate.errors import BarrierFault, ConfigRefused


class WiredLock:
    """A `BarrierDevice` on a relay board: `RAISE` frees the lock, `LOWER` locks it, `STOP` leaves it.

    Safe to use from several threads; the board is its own from here on. A command is given once, and once more after a
    `BarrierFault`: by the next reading that succeeds, as a board that missed one attempt may have restarted with its
    relay open, unless `STOP` came first, which a board that is taken as lost is told. Letting go opens the relay: a
    magnetic lock is free then, a strike locked but for its handle.

    Raises `ConfigRefused` where inputs are wired and there is nothing to read them from.
    """

    def __init__(self, relays: Relays, contacts: Contacts | None, wiring: LockWiring) -> None:
        if contacts is None and wiring.input_count:
            raise ConfigRefused("board.has_no_inputs")
        self._relays = relays
        self._contacts = contacts
        self._wiring = wiring
        self._lock = threading.Lock()
        self._given: Drive | None = None
        self._wanted: Drive | None = None

    def drive(self, command: Drive) -> None:
        """Free the lock or lock it. Raises `BarrierFault`; how it stands is then not known."""
        with self._lock:
            if command is Drive.STOP:
                self._wanted = self._given
            elif command is not self._given:
                self._give(command)

    def inputs(self) -> Inputs:
        """Every wired input now. Raises `BarrierFault` where the board does not answer or lacks a wired input."""
        with self._lock:
            try:
                read = self._contacts.read() if self._contacts is not None else ()
                inputs = shown(self._wiring.inputs, self._wiring.inverted, read)
            except BarrierFault:
                # A board that was away may have been without power: what it was told counts no more.
                self._given = None
                raise
            if self._given is None and self._wanted is not None:
                self._give(self._wanted)
            return inputs

    def close(self) -> None:
        """Open the relay as far as the board still listens, and let go of it."""
        with self._lock:
            self._given = self._wanted = None
            self._relays.close()

    def _give(self, command: Drive) -> None:
        self._given = None
        self._relays.switch(self._wiring.lock, on=(command is Drive.RAISE) is (self._wiring.style == "releases"))
        self._given = self._wanted = command
