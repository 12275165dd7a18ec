"""What somebody signed with, made small: the strokes drawn on a screen, or the scan of a sheet."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from enrollment.consent import LARGEST_SIGNATURE, Signature
from enrollment.errors import EntryRefused
from models.picture import decode_picture

INK = 128
"""Grey level below which a pixel of a drawing is ink, half way from black to white."""

LEAST_INK_PX = 40
"""A dot is not a signature: the shortest stroke of a pen 3 pixels wide that is one has about as many pixels."""

DRAWN_WIDTH_PX = 480
SCAN_SIDE_PX = 1600
"""A4 at 137 dots per inch: printed text and a signature can be read."""

SCAN_QUALITY = 60


def drawn(encoded: bytes) -> Signature:
    """A signature drawn on a screen, dark on light: cut to its strokes, at most 480 pixels wide, in black and white.

    Raises:
        EntryRefused: `consent.signature_needed`, nothing was drawn.
        PictureRefused: it is no picture.
    """
    grey = cv2.cvtColor(decode_picture(encoded), cv2.COLOR_BGR2GRAY)
    ink = grey < INK
    if int(ink.sum()) < LEAST_INK_PX:
        raise EntryRefused("consent.signature_needed")
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    strokes = Image.fromarray(grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    strokes.thumbnail((DRAWN_WIDTH_PX, DRAWN_WIDTH_PX))
    small = io.BytesIO()
    strokes.convert("1").save(small, "PNG", optimize=True)
    return Signature("image/png", small.getvalue())


def scanned(data: bytes) -> Signature:
    """The scan of a signed sheet: a PDF as it is, a picture in grey, upright, at most 1600 pixels a side.

    Nothing of a picture's file, such as where it was taken, goes along.

    Raises:
        EntryRefused: `consent.signature_large`, a PDF of more than 2 MB.
        PictureRefused: neither a PDF nor a picture.
    """
    if data.startswith(b"%PDF-"):
        return Signature("application/pdf", data)
    sheet = Image.fromarray(cv2.cvtColor(decode_picture(data), cv2.COLOR_BGR2GRAY))
    sheet.thumbnail((SCAN_SIDE_PX, SCAN_SIDE_PX))
    small = io.BytesIO()
    sheet.save(small, "JPEG", quality=SCAN_QUALITY)
    if small.tell() > LARGEST_SIGNATURE:
        raise EntryRefused("consent.signature_large", size=small.tell(), largest=LARGEST_SIGNATURE)
    return Signature("image/jpeg", small.getvalue())
