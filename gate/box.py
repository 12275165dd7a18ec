"""Which of the boxes on a database this one is."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path


def box_of(folder: Path) -> str:
    """The box whose files lie in a folder, told by that and the machine's name: 32 hex digits."""
    return hashlib.sha256(f"{socket.gethostname()}:{folder.resolve()}".encode()).hexdigest()[:32]
