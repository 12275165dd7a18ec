"""Checkpoints kept outside the database: lines appended to a file in folders such as a USB stick or a share."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from enrollment.database import reading
from enrollment.errors import StoreBusy
from gate.ledger.checkpoint import Checkpoint
from gate.ledger.verify import last_checkpoint

log = structlog.get_logger("anchors")

FILE = "menwei-anchors.txt"
EVERY_S = 3600.0


def read_anchors(files: Iterable[Path]) -> tuple[Checkpoint, ...]:
    """Every checkpoint in these files, in whatever text it stands: an anchor file, a saved e-mail, notes typed off."""
    found = []
    for file in files:
        for line in file.read_text("utf-8", errors="replace").splitlines():
            checkpoint = Checkpoint.parse(line)
            if checkpoint:
                found.append(checkpoint)
    return tuple(found)


def write_anchor(folder: Path, checkpoint: Checkpoint) -> None:
    """Append a checkpoint to the folder's file and put it on the medium. Raises OSError where that fails."""
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(f"{checkpoint}\n")
        file.flush()
        os.fsync(file.fileno())


class AnchorKeeper:
    """Every hour, and at the start and the end, appends the newest checkpoint to each folder that is there.

    A stick that is not plugged in is passed over, and gets the newest line when it is back.
    """

    def __init__(self, engine: Engine, folders: Sequence[Path], every_s: float = EVERY_S) -> None:
        self._engine = engine
        self._every_s = every_s
        self._written: dict[Path, int] = dict.fromkeys(folders, 0)
        self._away: set[Path] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="anchors", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Write once more and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def write(self) -> None:
        """Append the newest checkpoint where it is not yet."""
        try:
            with reading(self._engine) as session:
                newest = last_checkpoint(session)
        except (StoreBusy, SQLAlchemyError):
            return
        for folder, seq in self._written.items():
            if newest is not None and newest.seq > seq:
                self._write_to(folder, newest)

    def _write_to(self, folder: Path, newest: Checkpoint) -> None:
        try:
            write_anchor(folder, newest)
        except OSError as failed:
            if folder not in self._away:
                log.warning("anchors.folder_away", folder=str(folder), why=failed.strerror)
            self._away.add(folder)
            return
        if folder in self._away:
            log.info("anchors.folder_back", folder=str(folder))
        self._away.discard(folder)
        self._written[folder] = newest.seq

    def _run(self) -> None:
        while True:
            self.write()
            if self._stopping.wait(self._every_s):
                self.write()
                return
