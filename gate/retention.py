"""Letting go in time: snapshots whose days are over are deleted once a day, also in a gate that runs for months."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import structlog

from gate.ledger.snapshots import Snapshots

log = structlog.get_logger("retention")

SWEEP_EVERY_S = 3600.0


class Retention:
    """Sweeps at the start and every hour, so that a box that slept for days catches up."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin sweeping."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Stop sweeping."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            try:
                days = self._snapshots.sweep(datetime.now(UTC).date())
            except OSError as failed:
                log.error("retention.failed", why=failed.strerror)
            else:
                if days:
                    log.info("retention.swept", days=days)
            if self._stopping.wait(SWEEP_EVERY_S):
                return
