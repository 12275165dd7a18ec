"""The photos that are handed in with a table, as one zip file, each found by whose it is."""

from __future__ import annotations

import lzma
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from enrollment.errors import EntryRefused, PhotoRefused

MOST_PHOTOS = 100_000
MOST_BYTES = 30_000_000
"""Bytes of one photo, unpacked: a phone's are 3 to 12 million."""

DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, NotImplementedError)
"""What a damaged entry raises, each way of packing its own."""

UTF8 = 0x800
"""The flag of an entry whose name is UTF-8 (PKWARE APPNOTE 4.4.4, bit 11); without it Chinese Windows writes GBK."""


class PhotoPack:
    """An open pack. Nothing of it is ever unpacked to the disk: names only tell photos apart.

    A photo is somebody's by the name that the table tells, or by household and name in its own name
    (`3-2-501 张三.jpg`), or by the name alone where nobody else in the table has it.

    Raises:
        EntryRefused: `pack.unreadable`, `pack.damaged`, `pack.long` (too many photos).
    """

    def __init__(self, path: Path) -> None:
        try:
            self._packed = zipfile.ZipFile(path)
        except OSError as failed:
            raise EntryRefused("pack.unreadable", path=path, why=failed.strerror) from failed
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as wrong:
            raise EntryRefused("pack.damaged", path=path) from wrong
        entries = [entry for entry in self._packed.infolist() if _is_photo(entry)]
        if len(entries) > MOST_PHOTOS:
            self._packed.close()
            raise EntryRefused("pack.long", most=MOST_PHOTOS)
        self._by_name: dict[str, list[zipfile.ZipInfo]] = defaultdict(list)
        for entry in entries:
            name = PurePosixPath(_name(entry).replace("\\", "/")).name
            self._by_name[_folded(name)].append(entry)
            self._by_name[_folded(name.rpartition(".")[0])].append(entry)
        self._unused = {entry.filename: _name(entry) for entry in entries}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _raised: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._packed.close()

    @property
    def unused(self) -> tuple[str, ...]:
        """The photos that were nobody's so far, by their names in the pack."""
        return tuple(sorted(self._unused.values()))

    def find(self, told: str | None, household: str, name: str, *, alone: bool) -> str | None:
        """The key of somebody's photo, for `read`; None where there is none. `alone`: nobody else has that name.

        Raises:
            PhotoRefused: `photo.not_in_pack`, the table tells a name that no photo has; `photo.twice_in_pack`.
        """
        if told is not None:
            named = self._by_name.get(_folded(told))
            if not named:
                raise PhotoRefused("photo.not_in_pack", name=told)
            return self._only(named)
        for key in (f"{household}{name}", f"{household}-{name}", *([name] if alone else [])):
            named = self._by_name.get(_folded(key))
            if named:
                return self._only(named)
        return None

    def read(self, key: str) -> bytes:
        """The photo as it was packed, in memory.

        Raises:
            PhotoRefused: `photo.locked_in_pack` (a password), `photo.large_in_pack`, `photo.damaged_in_pack`.
        """
        try:
            with self._packed.open(key) as photo:
                # What an entry says of its own size is not believed.
                raw = photo.read(MOST_BYTES + 1)
        except RuntimeError as locked:
            raise PhotoRefused("photo.locked_in_pack") from locked
        except DAMAGED as wrong:
            raise PhotoRefused("photo.damaged_in_pack") from wrong
        if len(raw) > MOST_BYTES:
            raise PhotoRefused("photo.large_in_pack", most=MOST_BYTES // 1_000_000)
        return raw

    def _only(self, named: Iterable[zipfile.ZipInfo]) -> str:
        keys = {entry.filename for entry in named}
        if len(keys) > 1:
            raise PhotoRefused("photo.twice_in_pack", names=", ".join(sorted(_name(entry) for entry in named)))
        (key,) = keys
        self._unused.pop(key, None)
        return key


def _is_photo(entry: zipfile.ZipInfo) -> bool:
    """No folder, and nothing that a Mac adds of its own."""
    parts = entry.filename.split("/")
    return not entry.is_dir() and "__MACOSX" not in parts and not parts[-1].startswith(".")


def _name(entry: zipfile.ZipInfo) -> str:
    if entry.flag_bits & UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename


def _folded(name: str) -> str:
    """Without the spaces and underlines that people put between household and name, and without case."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in plain if not letter.isspace() and letter != "_")
