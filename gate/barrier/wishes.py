"""What people want of each barrier, kept on disk: a guard's hold outlives a restart and a power cut."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, fields
from pathlib import Path

import structlog

from gate.barrier.standing import Wish

log = structlog.get_logger("barrier")

FILE = "barriers.json"
RETRY_S = 1.0
LARGEST = 1_000_000
"""Bytes of a file that is read at all; one barrier takes about a hundred."""


class Wishes:
    """The file of wishes, written whole and at once on a thread of its own: a slow disk keeps no eyes off an arm."""

    def __init__(self, path: Path, retry_s: float = RETRY_S) -> None:
        self._path = path
        self._retry_s = retry_s
        self._changed = threading.Condition()
        self._wishes = _read(path)
        self._dirty = False
        self._stopping = False
        self._broken = False
        self._thread = threading.Thread(target=self._run, name="barrier-wishes", daemon=True)

    def of(self, barrier: str) -> Wish:
        """What was wanted of it last; nothing for one that is new."""
        with self._changed:
            return self._wishes.get(barrier, Wish())

    def remember(self, barrier: str, wish: Wish) -> None:
        """Take note; never waits for the disk."""
        with self._changed:
            self._wishes[barrier] = wish
            self._dirty = True
            self._changed.notify_all()

    def start(self) -> None:
        """Write from now on. May be called once."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Write what is not written yet, and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def write(self) -> bool:
        """Write if there is anything new. False where the disk refused."""
        with self._changed:
            if not self._dirty:
                return True
            text = json.dumps({name: asdict(wish) for name, wish in sorted(self._wishes.items())}, indent=1)
            self._dirty = False
        try:
            _replace(self._path, text)
        except OSError as refused:
            if not self._broken:
                log.error("barrier.wishes_unwritable", path=str(self._path), why=refused.strerror)
            self._broken = True
            with self._changed:
                self._dirty = True
            return False
        if self._broken:
            log.info("barrier.wishes_written_again")
        self._broken = False
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._dirty or self._stopping)
                stopping = self._stopping
            written = self.write()
            if stopping:
                return
            if not written:
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, self._retry_s)


def _replace(path: Path, text: str) -> None:
    """The whole file or the one before, whenever the power goes."""
    draft = path.with_suffix(".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> dict[str, Wish]:
    """What the file holds. Where any of it cannot be read the file is put aside as `<name>.broken`, in place of an
    earlier one, and said so: the barriers concerned then start without wishes.
    """
    try:
        with path.open("rb") as file:
            kept = json.loads(file.read(LARGEST))
        lost = [name for name, wish in kept.items() if not isinstance(wish, dict)]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as garbled:
        _put_aside(path, type(garbled).__name__, barriers="all")
        return {}
    if lost:
        _put_aside(path, "not a table", barriers=", ".join(lost))
    return {name: _wish(wish) for name, wish in kept.items() if name not in lost}


def _put_aside(path: Path, why: str, *, barriers: str) -> None:
    aside = path.with_name(f"{path.name}.broken")
    try:
        path.replace(aside)
    except OSError as refused:
        log.error("barrier.wishes_unreadable", path=str(path), why=why, barriers=barriers, stays=refused.strerror)
        return
    log.error("barrier.wishes_unreadable", path=str(path), why=why, barriers=barriers, put_aside=str(aside))


def _wish(kept: dict[str, object]) -> Wish:
    return Wish(**{field.name: kept.get(field.name) is True for field in fields(Wish)})
