"""How the gate signs in to a board: a name, and a password that stays in its file until it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gate.errors import BarrierFault
from gate.password_file import read_password


@dataclass(frozen=True, slots=True)
class Login:
    """A user's name and the file whose first line is the password. The file is readable by its owner alone."""

    username: str
    password_file: Path

    def password(self) -> str:
        """The password as the file holds it now.

        Raises:
            BarrierFault: `password.unreadable`, or `password.exposed` where others may read it.
        """
        return read_password(self.password_file, BarrierFault)

    def changed_ns(self) -> int:
        """When the password file was last written; 0 where there is none."""
        try:
            return self.password_file.stat().st_mtime_ns
        except OSError:
            return 0
