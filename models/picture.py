"""Decoding pictures that people hand in, within bounds and upright."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pillow_heif import HeifImageFile, register_heif_opener

from models.errors import PictureRefused
from models.sighting import Picture

MAX_BYTES = 30 * 1024 * 1024
MAX_PIXELS = 40_000_000
"""A phone's photo has 12 to 50 million; decoded, this many take 120 MB."""

MIN_SIDE_PX = 16

FORMATS = tuple(kind.format for kind in (JpegImageFile, PngImageFile, WebPImageFile, BmpImageFile, HeifImageFile))
"""What is decoded at all: fewer decoders are fewer ways in. Importing their modules registers the first four."""

# What lies beside the main picture of a phone's HEIC (thumbnails, depth, other shots) is not looked at.
register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def load_picture(path: Path) -> Picture:
    """The picture in a file, as `decode_picture` gives it.

    Raises:
        PictureRefused: `picture.missing`, `picture.unreadable`, or what `decode_picture` raises.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_heavy(size)
        with path.open("rb") as file:
            return decode_picture(file.read(MAX_BYTES + 1))
    except FileNotFoundError as missing:
        raise PictureRefused("picture.missing", path=path) from missing
    except OSError as failed:
        raise PictureRefused("picture.unreadable", path=path, why=failed.strerror or str(failed)) from failed


def decode_picture(encoded: bytes) -> Picture:
    """The picture as height x width x 3 BGR uint8, turned upright as its EXIF orientation says.

    Grey pictures get three equal channels, transparent ones stand on white, 16 bits become 8. The size is read from
    the header before anything is decoded.

    Raises:
        PictureRefused: `picture.too_heavy` above 30 MB, `picture.not_a_picture`, `picture.too_large` above 40
            million pixels, `picture.too_small` below 16 pixels, `picture.truncated` where it cannot be decoded whole.
    """
    if len(encoded) > MAX_BYTES:
        raise _too_heavy(len(encoded))
    picture = _open(encoded)
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise _too_large()
    if min(width, height) < MIN_SIDE_PX:
        raise PictureRefused("picture.too_small", width=width, height=height, least=MIN_SIDE_PX)
    try:
        picture.load()
        upright = ImageOps.exif_transpose(picture)
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, MemoryError) as broken:
        raise PictureRefused("picture.truncated") from broken
    if upright.width * upright.height > MAX_PIXELS:
        # A HEIC's pixels may be more than its header says.
        raise _too_large()
    return _bgr(upright)


def _open(encoded: bytes) -> Image.Image:
    """The picture with only its header read."""
    try:
        return Image.open(io.BytesIO(encoded), formats=FORMATS)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as bomb:
        raise _too_large() from bomb
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, RuntimeError) as other:
        raise PictureRefused("picture.not_a_picture") from other


def _bgr(picture: Image.Image) -> Picture:
    if picture.mode.startswith("I"):
        grey = np.asarray(picture).astype(np.int64) >> 8
        return np.asarray(cv2.cvtColor(grey.clip(0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:, :, ::-1])


def _too_heavy(size: int) -> PictureRefused:
    return PictureRefused("picture.too_heavy", megabytes=round(size / 2**20), most=MAX_BYTES // 2**20)


def _too_large() -> PictureRefused:
    return PictureRefused("picture.too_large", most=MAX_PIXELS // 1_000_000)
