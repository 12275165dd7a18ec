"""A folder that gets a CSV or XLSX file from time to time: whole or not at all, each event with its key.

With `pictures = true` the crop of whoever agreed lies beside it, `menwei-17.jpg` for the event of number 17, and is
there before the file that names it.
"""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from openpyxl import Workbook

from gate.community.destination import Away, Message
from gate.community.event import BODY, Event
from gate.community.settings import FilesPart
from gate.community.sftp import Sftp

COLUMNS = BODY
MOST_PICTURES = 500


class Shelf(Protocol):
    """Where files are put."""

    @property
    def address(self) -> str:
        """Without a secret."""
        ...

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Put files there in this order, each whole or not at all. Raises `Away`."""
        ...


class Folder:
    """A folder of this box, which may be a share or a stick."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.address = str(path)

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Write each under another name, then rename it."""
        try:
            for name, content in files:
                part = self._path / f".{name}.part"
                with part.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(self._path / name)
            _sync(self._path)
        except OSError as failed:
            why = failed.strerror or type(failed).__name__
            raise Away("community.folder", address=self.address, why=why) from None


class Files:
    """One place. A file is named after the numbers of its first and last event, `menwei-17-4021.csv`."""

    fields: Mapping[str, str] = {name: name for name in COLUMNS}

    def __init__(self, part: FilesPart, clock: Callable[[], float] = time.monotonic) -> None:
        self._part = part
        self._clock = clock
        self._next_s = clock()
        self._shelf: Shelf = Folder(part.folder) if part.folder else Sftp(part)
        self.batch = MOST_PICTURES if part.pictures else 5000
        self.address = self._shelf.address

    def render(self, event: Event) -> Sequence[Message]:
        """Its row."""
        return [Message(self._part.form, dict(zip(COLUMNS, _row(event), strict=True)))]

    def send(self, events: Sequence[Event]) -> None:
        """Write a file, after the pictures that it names."""
        rows = [list(COLUMNS), *map(_row, events)]
        content = _csv(rows) if self._part.form == "csv" else _xlsx(rows)
        pictures = [(_picture(event), event.picture) for event in events if event.picture]
        self._shelf.put([*pictures, (f"menwei-{events[0].seq}-{events[-1].seq}.{self._part.form}", content)])
        self._next_s = self._clock() + self._part.every_s

    def rest_s(self) -> float:
        """Until the next file is due."""
        return max(0.0, self._next_s - self._clock())

    def tick(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def _picture(event: Event) -> str:
    return f"menwei-{event.seq}.jpg" if event.picture else ""


def _row(event: Event) -> list[str]:
    told = {**event.body(), "picture": _picture(event)}
    return [_cell(str(told.get(name, ""))) for name in COLUMNS]


def _cell(text: str) -> str:
    # A spreadsheet would take these for a formula.
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode("utf-8-sig")


def _xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("menwei")
    for row in rows:
        sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
