"""Pictures on disk: sealed with the compound's key, named by the hash of their content, kept for some days.

The name stands in the row of the chain, so a picture is bound to its row, and whoever holds the picture alone can check
that it is the one of the row.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from enrollment.errors import KeyUnusable
from enrollment.keyring import Keyring
from gate.errors import LedgerBroken, LedgerUnwritable

SNAPSHOT_ID = re.compile(r"\d{8}-[0-9a-f]{64}")
CONTEXT = b"snapshot"
DOUBT_DAYS = 7


class Snapshots:
    """Keeps pictures as `<folder>/<day>/<sha256 of the JPEG>`, sealed; an id is `<day>-<sha256>`."""

    def __init__(self, folder: Path, keyring: Keyring, days: int) -> None:
        self._folder = folder
        self._keyring = keyring
        self._days = days

    def keep(self, jpeg: bytes, moment: datetime) -> str:
        """Seal a picture, write it durably, and return its id. Raises `LedgerUnwritable` when the disk refuses."""
        sealed = self._keyring.seal(jpeg, CONTEXT)
        name = f"{moment.astimezone(UTC):%Y%m%d}-{hashlib.sha256(jpeg).hexdigest()}"
        path = self._path(name)
        part = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
            with os.fdopen(handle, "wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            Path(part).replace(path)
        except OSError as failed:
            if part:
                Path(part).unlink(missing_ok=True)
            raise LedgerUnwritable("ledger.snapshot_unwritable", why=failed.strerror) from failed
        return name

    def look(self, snapshot: str) -> bytes | None:
        """The picture, None where there is none of that name.

        Raises:
            LedgerBroken: `ledger.snapshot_altered`, the file is not what was written; `ledger.snapshot_swapped`, it is
                another picture that this gate took.
        """
        if not SNAPSHOT_ID.fullmatch(snapshot):
            return None
        try:
            sealed = self._path(snapshot).read_bytes()
        except FileNotFoundError:
            return None
        try:
            jpeg = self._keyring.open_sealed(sealed, CONTEXT)
        except KeyUnusable as foreign:
            raise LedgerBroken("ledger.snapshot_altered", snapshot=snapshot) from foreign
        if hashlib.sha256(jpeg).hexdigest() != snapshot.partition("-")[2]:
            raise LedgerBroken("ledger.snapshot_swapped", snapshot=snapshot)
        return jpeg

    def erase(self, snapshot: str) -> bool:
        """Delete one picture; whether it was there. Raises `LedgerUnwritable` when the disk refuses."""
        if not SNAPSHOT_ID.fullmatch(snapshot):
            return False
        try:
            self._path(snapshot).unlink()
        except FileNotFoundError:
            return False
        except OSError as failed:
            raise LedgerUnwritable("ledger.snapshot_unwritable", why=failed.strerror) from failed
        return True

    def due(self, today: date) -> tuple[str, ...]:
        """The days (`20260217`) whose pictures are to go.

        Nothing goes while the last day with pictures before `today` lies more than a week back: a clock that has jumped
        must not delete the evidence. A day of pictures under the right clock ends the doubt.
        """
        days = sorted(day.name for day in self._folder.glob("[0-9]" * 8))
        before = [day for day in days if day < f"{today:%Y%m%d}"]
        if before and before[-1] < f"{today - timedelta(days=DOUBT_DAYS):%Y%m%d}":
            return ()
        oldest = f"{today - timedelta(days=self._days):%Y%m%d}"
        return tuple(day for day in days if day < oldest)

    def days(self) -> tuple[date, ...]:
        """The days that have pictures, in UTC."""
        named = sorted(day.name for day in self._folder.glob("[0-9]" * 8))
        return tuple(datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC).date() for name in named)

    def count(self, day: str) -> int:
        """How many pictures a day has."""
        return sum(1 for _ in (self._folder / day).iterdir())

    def delete(self, day: str) -> None:
        """Delete a day's pictures."""
        shutil.rmtree(self._folder / day)

    def _path(self, snapshot: str) -> Path:
        day, _, digest = snapshot.partition("-")
        return self._folder / day / digest
