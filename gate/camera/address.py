"""Where an RTSP camera is, once with its password for the connection and once without for everything else."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from gate.config import CameraPart
from gate.errors import CameraFault
from gate.password_file import read_password


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
        CameraFault: `camera.username_missing`, `password.unreadable`, `password.exposed`.
    """
    url = urlsplit(part.url)
    shown = f"{url.scheme}://{url.netloc}"
    if part.username is None:
        if part.password_file is not None:
            raise CameraFault("camera.username_missing", address=shown)
        return RtspAddress(shown, part.url)
    login = quote(part.username, safe="")
    if part.password_file is not None:
        login += ":" + quote(read_password(part.password_file, CameraFault), safe="")
    return RtspAddress(shown, url._replace(netloc=f"{login}@{url.netloc}").geturl())
