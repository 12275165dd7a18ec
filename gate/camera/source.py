"""From a line of gate.toml to an open camera."""

from __future__ import annotations

from pathlib import Path

from gate.camera.address import rtsp_address
from gate.camera.folder import PictureFolder
from gate.camera.frame import FrameSource
from gate.camera.image import Demand
from gate.camera.stream import VideoFile, open_rtsp, open_usb
from gate.config import CameraPart

LIVE = frozenset({"rtsp", "usb"})
"""Cameras that send by themselves: their silence is a fault, while a file may take its time."""


def open_source(part: CameraPart, demand: Demand | None = None) -> FrameSource:
    """Open the camera; blocks while it connects. A stream or a film may rest where `demand` says so.

    A password file is read again each time, so a changed password needs no restart. Raises `CameraFault`.
    """
    scheme, _, rest = part.url.partition(":")
    match scheme:
        case "rtsp":
            return open_rtsp(rtsp_address(part), part.stall_after_s, demand)
        case "usb":
            return open_usb(rest, part.stall_after_s)
        case "folder":
            return PictureFolder(Path(rest), part.frames_per_s, loop=part.loop)
        case _:
            return VideoFile(Path(rest), loop=part.loop, demand=demand)


def is_live(part: CameraPart) -> bool:
    """Whether the camera sends by itself."""
    return part.url.partition(":")[0] in LIVE
