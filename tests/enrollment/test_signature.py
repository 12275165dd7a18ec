from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from enrollment.consent import LARGEST_SIGNATURE
from enrollment.errors import EntryRefused
from enrollment.signature import DRAWN_WIDTH_PX, SCAN_SIDE_PX, drawn, scanned
from models.errors import PictureRefused


def _encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def _sheet(width: int = 960, height: int = 320) -> Image.Image:
    return Image.new("RGB", (width, height), "white")


def test_a_drawing_is_cut_to_its_strokes_and_made_small() -> None:
    sheet = _sheet()
    sheet.paste((22, 32, 43), (100, 100, 900, 106))
    kept = drawn(_encoded(sheet))
    assert kept.media_type == "image/png"
    assert len(kept.data) < 500
    small = Image.open(io.BytesIO(kept.data))
    assert (small.mode, small.width) == ("1", DRAWN_WIDTH_PX)


@pytest.mark.parametrize("dot", [None, (10, 10, 14, 14)])
def test_an_empty_sheet_or_a_dot_is_no_signature(dot: tuple[int, int, int, int] | None) -> None:
    sheet = _sheet()
    if dot:
        sheet.paste("black", dot)
    with pytest.raises(EntryRefused) as refused:
        drawn(_encoded(sheet))
    assert refused.value.code == "consent.signature_needed"


def test_a_transparent_canvas_is_an_empty_one() -> None:
    with pytest.raises(EntryRefused):
        drawn(_encoded(Image.new("RGBA", (960, 320), (0, 0, 0, 0))))


def test_a_scan_is_kept_in_grey_upright_and_without_its_notes() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a maker of cameras"
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 255, (2000, 3000, 3), dtype=np.uint8))
    kept = scanned(_encoded(noise, "JPEG", exif=exif))
    assert len(kept.data) < LARGEST_SIGNATURE
    small = Image.open(io.BytesIO(kept.data))
    assert (small.mode, small.height) == ("L", SCAN_SIDE_PX)
    assert b"maker" not in kept.data


def test_a_pdf_is_kept_as_it_is_within_its_bound() -> None:
    assert scanned(b"%PDF-1.7 sheet").media_type == "application/pdf"
    with pytest.raises(EntryRefused) as refused:
        scanned(b"%PDF-" + bytes(LARGEST_SIGNATURE))
    assert refused.value.code == "consent.signature_large"


def test_what_is_neither_is_refused() -> None:
    with pytest.raises(PictureRefused):
        scanned(b"<svg onload=alert(1)>")
    with pytest.raises(PictureRefused):
        drawn(b"%PDF-1.7")
