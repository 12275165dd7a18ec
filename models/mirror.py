"""Mirrors: folders and web servers that hold the same files, for sites that cannot reach the published addresses."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from models.catalog import Content

CHUNK = 1 << 20
MOST_FILES = 100_000
"""A mirror folder is walked no further than this, so that a mirror set to `/` does not walk the whole disk."""


@dataclass(frozen=True, slots=True)
class FolderMirror:
    """A folder. Files are known by their content, whatever they are called and wherever in it they lie."""

    folder: Path

    def find(self, content: Content) -> Path | None:
        """A file with exactly this content; only files of the right size are read. None where there is none."""
        for file in self._files():
            try:
                if file.stat().st_size == content.bytes and digest(file) == content.sha256:
                    return file
            except OSError:
                continue  # gone or unreadable meanwhile: as good as not there
        return None

    def _files(self) -> Iterator[Path]:
        seen = 0
        for folder, _, names in os.walk(self.folder):
            for name in sorted(names):
                seen += 1
                if seen > MOST_FILES:
                    return
                yield Path(folder, name)


@dataclass(frozen=True, slots=True)
class WebMirror:
    """A web server that has each file under its name in the catalogue, or under its SHA-256, right below `base`."""

    base: str

    def addresses(self, file: str, content: Content) -> tuple[str, str]:
        """Where the file may be."""
        base = self.base.rstrip("/")
        return f"{base}/{file}", f"{base}/{content.sha256}"


Mirror: TypeAlias = FolderMirror | WebMirror


def parse_mirrors(value: str) -> Sequence[Mirror]:
    """The mirrors of a comma-separated list of folders and http(s) addresses, in its order."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    return [
        WebMirror(part) if part.startswith(("https://", "http://")) else FolderMirror(Path(part).expanduser())
        for part in parts
    ]


def digest(file: Path) -> str:
    """The SHA-256 of a file, 64 hex digits."""
    hashed = hashlib.sha256()
    with file.open("rb") as bytes_:
        while chunk := bytes_.read(CHUNK):
            hashed.update(chunk)
    return hashed.hexdigest()
