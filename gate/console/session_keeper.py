"""The thread that carries the staff's sign-ins over a restart: nobody who asks for a page waits for the database."""

from __future__ import annotations

import threading

import structlog

from enrollment.errors import StoreBusy
from enrollment.sign_ins import SignIns
from gate.console.sessions import Sessions

log = structlog.get_logger("sessions")

EVERY_S = 60.0
"""How far the last use that the database knows of may lie behind the last one."""
BUSY_S = 2.0
"""A database that takes nothing now is asked again so soon."""
SIGN_OUT_S = 0.5
"""How long a sign-out waits for the database at most."""
STOP_S = 2.0


class SessionKeeper:
    """Writes who signs in and out at once, and uses every minute; `start` brings back who was signed in before.

    While the database takes nothing, whoever is signed in stays so, and it is told once it takes something.
    """

    def __init__(self, sessions: Sessions, sign_ins: SignIns) -> None:
        self._sessions = sessions
        self._sign_ins = sign_ins
        self._restored = False
        self._away = False
        self._stopping = False
        self._there: frozenset[str] | None = None
        self._trying: frozenset[str] = frozenset()
        self._settled = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="sessions", daemon=True)

    def start(self) -> None:
        """Bring back who was signed in, and begin to write; where the database is busy, the thread brings them back."""
        self.turn()
        self._thread.start()

    def stop(self) -> None:
        """Write the last uses and end."""
        self._stopping = True
        self._sessions.changed.set()
        self._thread.join(STOP_S)

    def signed_out(self, key: str) -> bool:
        """Wait until the database has forgotten a session that was closed; False where that takes too long.

        It is forgotten later then, unless the gate is killed before.
        """
        with self._settled:
            return self._settled.wait_for(
                lambda: key not in (self._there or ()) and key not in self._trying, SIGN_OUT_S
            )

    def turn(self, every_s: float = EVERY_S) -> float:
        """Write what is due; how many seconds to rest before the next turn."""
        try:
            if not self._restored:
                self._sessions.restore(self._sign_ins.living())
                self._restored = True
            self._write(every_s)
        except StoreBusy as busy:
            if not self._away:
                log.warning("sessions.not_kept", code=busy.code)
            self._away = True
            return BUSY_S
        if self._away:
            log.info("sessions.kept_again")
        self._away = False
        return EVERY_S

    def _write(self, every_s: float) -> None:
        keys, uses = self._sessions.unwritten(every_s)
        if keys == self._there and not uses:
            return
        with self._settled:
            self._trying = keys
        try:
            self._sign_ins.keep(keys, uses)
            self._there = keys
            self._sessions.written(uses)
        finally:
            with self._settled:
                self._trying = frozenset()
                self._settled.notify_all()

    def _run(self) -> None:
        rest_s = EVERY_S
        while not self._stopping:
            self._sessions.changed.wait(rest_s)
            self._sessions.changed.clear()
            rest_s = self.turn()
        self.turn(0.0)
