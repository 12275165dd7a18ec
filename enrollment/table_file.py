"""Reading tables that people hand in, .xlsx or .csv, within bounds."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from openpyxl import load_workbook

from enrollment.errors import EntryRefused

MOST_BYTES = 50_000_000
MOST_UNPACKED = 500_000_000
"""Bytes of everything in an .xlsx, as its own directory tells; ten thousand people take a hundredth of it."""

MOST_ROWS = 50_000
MOST_EMPTY = 1_000
"""So many empty rows one after the other are the end: a spreadsheet may claim a million of them."""

MOST_COLUMNS = 50
LONGEST_CELL = 1_000


def rows_of(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows that hold anything, by their number in the file from 1, as trimmed text up to the last filled cell.

    A .csv is read as UTF-8 or, where it is none, as GB18030.

    Raises:
        EntryRefused: `table.unreadable`, `table.kind`, `table.large`, `table.long` (too many rows), `table.damaged`.
    """
    read = {".csv": _csv, ".xlsx": _xlsx}.get(path.suffix.lower())
    if read is None:
        raise EntryRefused("table.kind", path=path)
    try:
        raw = path.read_bytes() if path.stat().st_size <= MOST_BYTES else None
    except OSError as failed:
        raise EntryRefused("table.unreadable", path=path, why=failed.strerror) from failed
    if raw is None:
        raise EntryRefused("table.large", most=MOST_BYTES // 1_000_000)
    empty = 0
    for number, row in enumerate(read(raw), 1):
        if any(row):
            empty = 0
            if number > MOST_ROWS:
                raise EntryRefused("table.long", most=MOST_ROWS)
            yield number, row[: max(place for place, cell in enumerate(row, 1) if cell)]
        else:
            empty += 1
            if empty >= MOST_EMPTY:
                return


def _csv(raw: bytes) -> Iterator[tuple[str, ...]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise EntryRefused("table.damaged")
    try:
        for row in csv.reader(io.StringIO(text)):
            yield tuple(_text(cell) for cell in row[:MOST_COLUMNS])
    except csv.Error as wrong:
        raise EntryRefused("table.damaged") from wrong


def _xlsx(raw: bytes) -> Iterator[tuple[str, ...]]:
    try:
        _refuse_bomb(raw)
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        try:
            for row in book.worksheets[0].iter_rows(max_col=MOST_COLUMNS, values_only=True):
                yield tuple(_text(cell) for cell in row)
        finally:
            book.close()
    except EntryRefused:
        raise
    except Exception as wrong:
        # The library raises whatever a broken file provokes.
        raise EntryRefused("table.damaged") from wrong


def _refuse_bomb(raw: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
            raise EntryRefused("table.large", most=MOST_UNPACKED // 1_000_000)


def _text(cell: object) -> str:
    """A cell as people see it: a day without its midnight, a whole number without its point."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    # What a spreadsheet was kept from taking for a formula comes back with the mark that kept it from it.
    text = str(cell)[:LONGEST_CELL].strip()
    return text[1:] if text.startswith("'") and text[1:2] in {"=", "+", "-", "@"} else text
