"""A folder in which somebody leaves tables: taken when whole, then moved to `done` or, with the reason, to `rejected`.

A table is the form of `gate enroll form`, with columns for an id, `since` and `until` where there are any. One whose
name begins with `blocked` or `allowed` (黑名单, 白名单) is a list of plates, with a reason and an `until` if need be.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from enrollment.errors import EntryRefused
from enrollment.household import HouseholdCode
from enrollment.sources import News
from enrollment.table_file import rows_of
from enrollment.told import FIELDS, LISTS, ToldKind
from gate.community.destination import Away
from gate.community.registers.settings import DropSource
from gate.community.registers.source import Reading
from gate.texts import explain
from models.plate.grammar import normalise

log = structlog.get_logger("registers")

LISTED = {
    "blocked": ToldKind.BLOCKED,
    "黑名单": ToldKind.BLOCKED,
    "allowed": ToldKind.ALLOWED,
    "白名单": ToldKind.ALLOWED,
}
ENDINGS = (".csv", ".xlsx")


class Drop:
    """One folder. Files are taken one at a time, the oldest first."""

    fields: Mapping[str, str] = {name: name for names in FIELDS.values() for name in ("id", *names)}

    def __init__(self, part: DropSource, zone: ZoneInfo, wall: Callable[[], float] = time.time) -> None:
        self._part = part
        self._zone = zone
        self._wall = wall
        self._seen: dict[Path, tuple[int, int]] = {}
        self._taken: Path | None = None
        self.address = str(part.folder)
        self.rest_s: float | None = part.every_s

    def ask(self, tags: Mapping[str, str]) -> News | None:  # noqa: ARG002 - a file is new by being there
        """What the next whole file tells."""
        for path in self._whole_files():
            try:
                news = self._read(path)
            except EntryRefused as refused:
                self._reject(path, refused)
                continue
            self._taken = path
            return news
        return None

    def kept(self) -> None:
        """Move the file that was taken to `done`."""
        if self._taken is not None:
            self._move(self._taken, "done")
            self._taken = None

    def close(self) -> None:
        """Nothing."""

    def _whole_files(self) -> list[Path]:
        """The files that are as they were at the look before, and for `settle_s` at least, the oldest first."""
        try:
            found = {
                Path(entry.path): (entry.stat().st_size, entry.stat().st_mtime_ns)
                for entry in os.scandir(self._part.folder)
                if entry.is_file(follow_symlinks=False) and entry.name.lower().endswith(ENDINGS) and _is_plain(entry)
            }
        except OSError as failed:
            why = failed.strerror or type(failed).__name__
            raise Away("community.folder_unreadable", address=self.address, why=why) from None
        before, self._seen = self._seen, found
        settled = [path for path, state in found.items() if before.get(path) == state and self._is_old(state[1])]
        return sorted(settled, key=lambda path: (found[path][1], path.name))

    def _is_old(self, written_ns: int) -> bool:
        age_s = self._wall() - written_ns / 1e9
        # A file from the future: the clock was set back, or it is another machine's.
        return age_s >= self._part.settle_s or age_s < -60

    def _read(self, path: Path) -> News:
        reading, columns, kinds = Reading(self._zone), dict[str, int](), tuple[ToldKind, ...]()
        listed = next((kind for name, kind in LISTED.items() if path.name.lower().startswith(name)), None)
        for number, cells in rows_of(path):
            if not columns:
                columns = {reading.key(cell): place for place, cell in enumerate(cells) if cell}
                kinds = (listed,) if listed else _kinds(columns)
                continue
            raw = {name: cells[place] for name, place in columns.items() if place < len(cells) and cells[place]}
            for kind in kinds:
                _add(reading, kind, raw, number)
        if not kinds:
            raise EntryRefused("roster.no_heading")
        return News(reading.told, reading.wrong, kinds if self._part.whole else ())

    def _reject(self, path: Path, refused: EntryRefused) -> None:
        log.warning("registers.rejected", code=refused.code)
        moved = self._move(path, "rejected")
        moved.with_name(f"{moved.name}.txt").write_text(
            f"{explain(refused, 'zh')}\n{explain(refused, 'en')}\n", "utf-8", errors="replace"
        )

    def _move(self, path: Path, where: str) -> Path:
        folder = self._part.folder / where
        moved = folder / f"{datetime.fromtimestamp(self._wall(), UTC):%Y%m%dT%H%M%S%fZ}-{path.name}"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            path.replace(moved)
        except OSError as failed:
            why = failed.strerror or type(failed).__name__
            raise Away("community.folder", address=self.address, why=why) from None
        return moved


def _is_plain(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith((".", "~"))


def _kinds(columns: Mapping[str, int]) -> tuple[ToldKind, ...]:
    """What a table is about, by its heading."""
    if "household" not in columns:
        return ()
    told = {"name": ToldKind.PERSON, "plate": ToldKind.VEHICLE}
    return tuple(kind for name, kind in told.items() if name in columns)


def _add(reading: Reading, kind: ToldKind, raw: Mapping[str, str], number: int) -> None:
    """What a row tells of a kind: nothing, where it has no name or no plate. Without an id it has what it is."""
    if kind is ToldKind.PERSON:
        if raw.get("id"):
            reading.add(kind, raw["id"], raw, number)
        elif "name" in raw or "plate" not in raw:
            reading.add(kind, _home_and_name(raw), raw, number, made=True)
    elif "plate" in raw or kind in LISTS:
        of_vehicle = {name: text for name, text in raw.items() if name not in {"name", "phone"}}
        reading.add(kind, normalise(raw.get("plate", "")), of_vehicle, number, made=True)


def _home_and_name(raw: Mapping[str, str]) -> str:
    try:
        return f"{HouseholdCode.parse(raw.get('household', ''))} {raw.get('name', '')}"
    except EntryRefused:
        return "-"
