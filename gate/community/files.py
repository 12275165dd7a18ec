"""A folder that gets a CSV or XLSX file from time to time: whole or not at all, each event with its key."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook

from gate.community.destination import Away
from gate.community.event import BODY, Event
from gate.community.settings import FilesPart

COLUMNS = tuple(name for name in BODY if name != "picture")


class Files:
    """One folder. A file is named after the numbers of its first and last event, `menwei-17-4021.csv`."""

    batch = 5000
    fields: Mapping[str, str] = {name: name for name in COLUMNS}

    def __init__(self, part: FilesPart, clock: Callable[[], float] = time.monotonic) -> None:
        self._part = part
        self._clock = clock
        self._next_s = clock()
        self.address = str(part.folder)

    def send(self, events: Sequence[Event]) -> None:
        """Write a file."""
        name = f"menwei-{events[0].seq}-{events[-1].seq}.{self._part.form}"
        rows = [list(COLUMNS), *([_cell(event, field) for field in COLUMNS] for event in events)]
        content = _csv(rows) if self._part.form == "csv" else _xlsx(rows)
        part = self._part.folder / f".{name}.part"
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._part.folder / name)
            _sync(self._part.folder)
        except OSError as failed:
            why = failed.strerror or type(failed).__name__
            raise Away("community.folder", address=self.address, why=why) from None
        self._next_s = self._clock() + self._part.every_s

    def rest_s(self) -> float:
        """Until the next file is due."""
        return max(0.0, self._next_s - self._clock())

    def tick(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def _cell(event: Event, field: str) -> str:
    value = getattr(event, field)
    if value is None:
        return ""
    if field == "at":
        return event.at.isoformat()
    text = str(value)
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
