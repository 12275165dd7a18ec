"""Passages as tables for a spreadsheet: CSV and XLSX. No cell is ever read as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from gate.archive import Entry
from gate.texts import Language, t

COLUMNS = ("seq", "at", "lane", "verdict", "reason", "who", "household", "opened_by", "rules", "id")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(entries: Sequence[Entry], lanes: Mapping[str, str], zone: tzinfo, language: Language) -> bytes:
    """UTF-8 with a mark at the start, without which a spreadsheet takes Chinese for something else."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in _rows(entries, lanes, zone, language):
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(entries: Sequence[Entry], lanes: Mapping[str, str], zone: tzinfo, language: Language) -> bytes:
    """One sheet with a heading that stays in view."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(t("audit.passages", language))
    sheet.freeze_panes = "A2"
    for column, width in zip("ABCDEFGHIJ", (10, 21, 14, 12, 34, 14, 12, 14, 15, 36), strict=True):
        sheet.column_dimensions[column].width = width
    for row in _rows(entries, lanes, zone, language):
        cells = [WriteOnlyCell(sheet, value=cell) for cell in row]
        for cell in cells:
            cell.data_type = "s"
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _rows(
    entries: Sequence[Entry], lanes: Mapping[str, str], zone: tzinfo, language: Language
) -> Iterator[tuple[str, ...]]:
    yield tuple(t(f"audit.column.{name}", language) for name in COLUMNS)
    for entry in entries:
        yield (
            str(entry.seq),
            f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            lanes.get(entry.lane, entry.lane),
            t(f"verdict.{entry.verdict}", language),
            t(f"reason.{entry.reason}", language),
            entry.label or "",
            entry.household,
            entry.opened_by or "",
            entry.rules,
            entry.id,
        )
