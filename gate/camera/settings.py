"""`[[camera]]` in gate.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from gate.part import Id, Part, checked_url, refusal

STREAMS = ("rtsp", "file")
"""What a small stream may be and may stand beside: decoded pictures that lean on each other."""


class CameraPart(Part):
    """A camera: where its pictures come from.

    `url` is `rtsp://host/path`, `usb:0` or `usb:/dev/video0`, `file:clip.mp4` or `folder:pictures`.
    """

    id: Id
    url: str = Field(min_length=1)
    substream: str | None = Field(
        default=None,
        description="small second stream of the same camera, watched for movement so that the large one can rest",
    )
    username: str | None = None
    password_file: Path | None = Field(default=None, description="file that holds the password, not readable by others")
    loop: bool = Field(default=False, description="play a file or folder again from the start")
    frames_per_s: float = Field(default=5.0, gt=0, le=60, description="pace of a folder of pictures")
    stall_after_s: float = Field(default=3.0, gt=0, le=120, description="no picture for so long is a stall")

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        return checked_url(url, "camera", ("rtsp", "usb", "file", "folder"), {"rtsp"})

    @field_validator("substream")
    @classmethod
    def _streamed(cls, url: str | None) -> str | None:
        return None if url is None else checked_url(url, "camera", STREAMS, {"rtsp"})

    @model_validator(mode="after")
    def _rests(self) -> Self:
        if self.substream is not None and self.url.partition(":")[0] not in STREAMS:
            raise refusal("config.substream_alone")
        return self

    @property
    def small(self) -> CameraPart | None:
        """The second stream as a camera of its own, with the same sign-in; None where there is none."""
        if self.substream is None:
            return None
        return self.model_copy(update={"id": f"{self.id}-small", "url": self.substream, "substream": None})

    def anchored(self, folder: Path) -> CameraPart:
        """The same camera with the files in it relative to the folder of gate.toml."""
        password = self.password_file and folder / self.password_file
        small = self.substream and _anchored(self.substream, folder)
        return self.model_copy(
            update={"url": _anchored(self.url, folder), "substream": small, "password_file": password}
        )


def _anchored(url: str, folder: Path) -> str:
    scheme, _, rest = url.partition(":")
    return f"{scheme}:{folder / rest}" if scheme in {"file", "folder"} else url
