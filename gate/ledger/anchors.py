"""Checkpoints kept outside the database: in folders such as a USB stick or a share, and with the community system."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from enrollment.database import reading
from enrollment.errors import StoreBusy
from gate.errors import GateError
from gate.ledger.checkpoint import LINE, Checkpoint
from gate.ledger.verify import last_checkpoint

log = structlog.get_logger("anchors")

FILE = "menwei-anchors.txt"
EVERY_S = 3600.0
AGAIN_S = (10.0, 60.0, 300.0)
"""How long after a failure a place is tried again, before it waits for the next hour."""
SOFT_END = re.compile(r"=\r?\n")
QUOTED = re.compile(r"^[> ]+", re.MULTILINE)
"""What mail does to a long line: the soft ends of quoted-printable, and the marks of a quotation."""


class AnchorAway(GateError):
    """A place did not take a checkpoint now; it is tried again."""


class Place(Protocol):
    """Somewhere outside this box. `name` is what logs call it."""

    @property
    def name(self) -> str:
        """Without any secret."""

    def note(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint. Raises `AnchorAway`."""


class Folder:
    """A folder, whose file gets a line each time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def note(self, checkpoint: Checkpoint) -> None:
        """Append a line and put it on the medium."""
        file = self._path / FILE
        try:
            with file.open("a", encoding="utf-8") as opened:
                opened.write(f"{checkpoint}\n")
                opened.flush()
                os.fsync(opened.fileno())
        except OSError as failed:
            raise AnchorAway("ledger.anchor_unwritable", path=file, why=failed.strerror) from failed


def anchors_of(text: str) -> tuple[Checkpoint, ...]:
    """Every checkpoint in a text: an anchor file, an e-mail quoted and wrapped, what the community system was sent."""
    plain = " ".join(QUOTED.sub("", SOFT_END.sub("", text)).split())
    found = (Checkpoint.parse(line[0]) for line in LINE.finditer(plain))
    return tuple(checkpoint for checkpoint in found if checkpoint)


def read_anchors(files: Iterable[Path]) -> tuple[Checkpoint, ...]:
    """Every checkpoint in these files."""
    return tuple(found for file in files for found in anchors_of(file.read_text("utf-8", errors="replace")))


class AnchorKeeper:
    """Every hour, and at the start and the end, gives the newest checkpoint to each place.

    A place that does not take it (a stick that is not plugged in) is tried again a few times, then every hour; it holds
    nobody up. The log says once that it is away and once that it is back.
    """

    def __init__(
        self,
        engine: Engine,
        places: Sequence[Place],
        every_s: float = EVERY_S,
        again_s: Sequence[float] = AGAIN_S,
    ) -> None:
        self._engine = engine
        self._every_s = every_s
        self._again_s = tuple(again_s)
        self._written: dict[Place, int] = dict.fromkeys(places, 0)
        self._away: set[Place] = set()
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

    def write(self, *, only_away: bool = False) -> bool:
        """Give the newest checkpoint to the places that have not got it; whether all have it now."""
        try:
            with reading(self._engine) as session:
                newest = last_checkpoint(session)
        except (StoreBusy, SQLAlchemyError):
            return False
        for place, seq in self._written.items():
            if newest is not None and newest.seq > seq and (place in self._away or not only_away):
                self._give(place, newest)
        return not self._away

    def _give(self, place: Place, newest: Checkpoint) -> None:
        try:
            place.note(newest)
        except GateError as failed:
            if place not in self._away:
                log.warning("anchors.away", place=place.name, code=failed.code, why=failed.facts.get("why"))
            self._away.add(place)
            return
        if place in self._away:
            log.info("anchors.back", place=place.name)
        self._away.discard(place)
        self._written[place] = newest.seq

    def _run(self) -> None:
        again = iter(self._again_s)
        whole = self.write()
        while True:
            pause_s = None if whole else next(again, None)
            if self._stopping.wait(self._every_s if pause_s is None else pause_s):
                self.write()
                return
            if pause_s is None:
                again = iter(self._again_s)
            whole = self.write(only_away=pause_s is not None)
