"""The running gate's view of the register: reloaded as a whole within a second of any change, by any process.

A right that begins by its date is a change too.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from enrollment.candidate import Subject
from enrollment.database import reading
from enrollment.errors import StoreBusy
from enrollment.gallery import Gallery, PlateBook, load_gallery, load_plate_book, version_in
from enrollment.keyring import Keyring
from enrollment.subjects import next_start, resident_subjects

log = structlog.get_logger("register")

LOOK_EVERY_S = 0.5


class RegisterWatch:
    """Holds the current gallery and plate book; a lane takes whichever is current when it searches."""

    def __init__(self, engine: Engine, keyring: Keyring, model_id: str | None) -> None:
        self._engine = engine
        self._keyring = keyring
        self._model_id = model_id
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="register", daemon=True)
        self._stale = False
        self._version, self._next_start = self._look()
        self._gallery: Gallery | None = None
        self._gallery = self._load_gallery()
        self._book = load_plate_book(engine)
        self._people = self._load_people()

    def gallery(self) -> Gallery:
        """The gallery of the embedder in use. Raises LookupError when no lane has a face model."""
        if self._gallery is None:
            raise LookupError("no face embedder is open")
        return self._gallery

    def book(self) -> PlateBook:
        """The enrolled plates."""
        return self._book

    def people(self) -> Mapping[str, Subject]:
        """The living residents by id, for whoever comes by card, PIN or code."""
        return self._people

    @property
    def fresh(self) -> bool:
        """Whether the last look at the register succeeded: if not, a block or an erasure may not be in force yet."""
        return not self._stale

    def start(self) -> None:
        """Begin looking for changes."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Stop looking."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def refresh(self) -> bool:
        """Look once; True when something had changed and the new state is in force."""
        version, next_start = self._look()
        if (version, next_start) == (self._version, self._next_start):
            return False
        self._gallery, self._book = self._load_gallery(), load_plate_book(self._engine)
        self._people = self._load_people()
        self._version, self._next_start = version, next_start
        log.info("register.reloaded", version=version, plates=len(self._book.vehicles))
        return True

    def _look(self) -> tuple[int, datetime | None]:
        """The register's version, and when the next right begins: one that has begun makes way for a later one."""
        with reading(self._engine) as session:
            return version_in(session), next_start(session)

    def _load_gallery(self) -> Gallery | None:
        if not self._model_id:
            return None
        return load_gallery(self._engine, self._keyring, self._model_id, self._gallery)

    def _load_people(self) -> Mapping[str, Subject]:
        with reading(self._engine) as session:
            return resident_subjects(session)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            try:
                self.refresh()
            except (StoreBusy, SQLAlchemyError) as failed:
                if not self._stale:
                    log.warning("register.stale", why=type(failed).__name__)
                self._stale = True
            else:
                if self._stale:
                    log.info("register.fresh")
                self._stale = False
