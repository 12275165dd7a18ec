"""A password in a file of its own: it stays there until it is needed, and only its owner may read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gate.errors import GateError

MOST = 64 * 1024
"""Characters that are read of it."""


def read_password(path: Path, fault: type[GateError]) -> str:
    """The first line of the file as it is now. Raises as `read_private`."""
    return read_private(path, fault).partition("\n")[0].rstrip("\r")


def read_private(path: Path, fault: type[GateError]) -> str:
    """The whole file as it is now.

    Raises:
        GateError: of the kind `fault`: `password.unreadable`, or `password.exposed` where others may read the file.
    """
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise fault("password.exposed", path=path, mode=f"{stat.S_IMODE(mode):04o}")
            return file.read(MOST)
    except (OSError, UnicodeDecodeError) as unreadable:
        why = getattr(unreadable, "strerror", None) or type(unreadable).__name__
        raise fault("password.unreadable", path=path, why=why) from None
