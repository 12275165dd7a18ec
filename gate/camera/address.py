"""Where an RTSP camera is, once with its password for the connection and once without for everything else."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from gate.config import CameraPart
from gate.errors import CameraFault


@dataclass(frozen=True, slots=True)
class RtspAddress:
    """`secret` opens the connection and appears nowhere else; `shown` is the host alone.

    The path is not shown either: many recorders expect a user and a password inside it.
    """

    shown: str
    secret: str = field(repr=False)


def rtsp_address(part: CameraPart) -> RtspAddress:
    """The address of an `rtsp://` camera, its password read from `password_file` and joined in memory.

    Raises:
        CameraFault: `camera.username_missing`, `camera.password_unreadable`, `camera.password_exposed`.
    """
    url = urlsplit(part.url)
    shown = f"{url.scheme}://{url.netloc}"
    if part.username is None:
        if part.password_file is not None:
            raise CameraFault("camera.username_missing", address=shown)
        return RtspAddress(shown, part.url)
    login = quote(part.username, safe="")
    if part.password_file is not None:
        login += ":" + quote(read_password(part.password_file), safe="")
    return RtspAddress(shown, url._replace(netloc=f"{login}@{url.netloc}").geturl())


def read_password(path: Path) -> str:
    """The first line of a password file that only its owner can read.

    Raises:
        CameraFault: `camera.password_unreadable`, or `camera.password_exposed` where others may read it.
    """
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise CameraFault("camera.password_exposed", path=path, mode=f"{stat.S_IMODE(mode):04o}")
            return file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as unreadable:
        why = getattr(unreadable, "strerror", None) or type(unreadable).__name__
        raise CameraFault("camera.password_unreadable", path=path, why=why) from None
