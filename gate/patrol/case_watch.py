"""Closes the cases of cars that have left, while nobody looks at the list."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from enrollment.errors import StoreBusy

log = structlog.get_logger("patrol")

EVERY_S = 20.0


class CaseWatch:
    """Calls `settle` every `EVERY_S`; a database that does not answer is asked again the next time."""

    def __init__(self, settle: Callable[[], int]) -> None:
        self._settle = settle
        self._stopping = threading.Event()
        self._stale = False
        self._thread = threading.Thread(target=self._run, name="patrol", daemon=True)

    def start(self) -> None:
        """Begin looking."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Stop looking."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def look(self) -> None:
        """Look once."""
        try:
            self._settle()
        except (StoreBusy, SQLAlchemyError) as failed:
            if not self._stale:
                log.warning("patrol.stale", why=type(failed).__name__)
            self._stale = True
        else:
            self._stale = False

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            self.look()
