"""The daily backup: made at its time, or at the next start where the box was off then, and the old ones rotated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from gate.backup import backups_in, make_backup, rotate
from gate.config import Config
from gate.site import Site
from models.errors import Fault

log = structlog.get_logger("backup")

LOOK_EVERY_S = 300.0
ACTOR = "schedule"


class BackupKeeper:
    """Looks every five minutes whether the backup of the day is due. Does nothing without `[backup] folder`."""

    def __init__(
        self,
        site: Site,
        config: Config,
        note: Callable[..., object],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._site = site
        self._config = config
        self._note = note
        self._now = now
        self._failed_for: datetime | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backup", daemon=True)

    def start(self) -> None:
        """Begin."""
        if self._config.backup.folder is not None:
            self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End; a backup under way is given up, and its part is no backup."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def look(self) -> bool:
        """Make the backup that is due, if any; whether one was made. A failure is a row once for each due time."""
        folder, due = self._config.backup.folder, self.due()
        if folder is None or due == self._failed_for or max(backups_in(folder), default=due - timedelta(days=1)) >= due:
            return False
        try:
            path, about = make_backup(self._site, self._config, folder, ACTOR)
            rotate(self._config, folder)
        except Fault as failed:
            self._failed_for = due
            log.error("backup.failed", code=failed.code)
            self._note("backup.failed", actor=ACTOR, code=failed.code)
            return False
        log.info("backup.made", file=path.name, rows=about.rows)
        return True

    def due(self) -> datetime:
        """The newest moment at which a backup should have been made."""
        settings, zone = self._config.backup, ZoneInfo(self._config.compound.timezone)
        now = self._now().astimezone(zone)
        today = datetime.combine(now.date(), settings.at, zone)
        return today if today <= now else datetime.combine(now.date() - timedelta(days=1), settings.at, zone)

    def _run(self) -> None:
        while True:
            self.look()
            if self._stopping.wait(LOOK_EVERY_S):
                return
