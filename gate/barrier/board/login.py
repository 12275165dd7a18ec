"""How the gate signs in to a board: a name, and a password that stays in its file until it is needed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from gate.errors import BarrierFault


@dataclass(frozen=True, slots=True)
class Login:
    """A user's name and the file whose first line is the password. The file is readable by its owner alone."""

    username: str
    password_file: Path

    def password(self) -> str:
        """The password as the file holds it now.

        Raises:
            BarrierFault: `netboard.password_unreadable`, or `netboard.password_exposed` where others may read it.
        """
        path = self.password_file
        try:
            with path.open(encoding="utf-8") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & (stat.S_IRWXG | stat.S_IRWXO):
                    raise BarrierFault("netboard.password_exposed", path=path, mode=f"{stat.S_IMODE(mode):04o}")
                return file.readline().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as unreadable:
            why = getattr(unreadable, "strerror", None) or type(unreadable).__name__
            raise BarrierFault("netboard.password_unreadable", path=path, why=why) from None

    def changed_ns(self) -> int:
        """When the password file was last written; 0 where there is none."""
        try:
            return self.password_file.stat().st_mtime_ns
        except OSError:
            return 0
