"""Putting bytes in their place whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from models.catalog import Content
from models.errors import ModelCorrupt
from models.mirror import digest

Progress = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes there will be."""

CHUNK = 1 << 20
READABLE = 0o644


def holds(file: Path, content: Content) -> bool:
    """Whether the file is there and has exactly this content; one that cannot be read has not."""
    try:
        return file.stat().st_size == content.bytes and digest(file) == content.sha256
    except OSError:
        return False


def place(source: IO[bytes], target: Path, content: Content, progress: Progress) -> None:
    """Copy a stream to `target`, checked, synced to the disk and renamed in one step; no trace of a failed copy stays.

    Raises:
        ModelCorrupt: `models.corrupt_source`, the stream holds something else.
        OSError: the disk does not take it.
    """
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            hashed, have = hashlib.sha256(), 0
            while have <= content.bytes and (chunk := source.read(CHUNK)):
                have += file.write(chunk)
                hashed.update(chunk)
                progress(have, content.bytes)
            if hashed.hexdigest() != content.sha256:
                raise ModelCorrupt("models.corrupt_source", address=getattr(source, "name", target.name))
            file.flush()
            os.fsync(file.fileno())
        promote(Path(name), target)
    finally:
        Path(name).unlink(missing_ok=True)


def promote(part: Path, target: Path) -> None:
    """Make a whole, synced file the one at `target` in one step that a power cut cannot halve."""
    part.chmod(READABLE)
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
