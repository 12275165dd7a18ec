from __future__ import annotations

import io
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.errors import PictureRefused
from models.picture import MAX_BYTES, decode_picture, load_picture


def _encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def _png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def _refusal(encoded: bytes) -> PictureRefused:
    with pytest.raises(PictureRefused) as refused:
        decode_picture(encoded)
    return refused.value


def _red(width: int = 40, height: int = 20, mode: str = "RGB") -> Image.Image:
    return Image.new("RGB", (width, height), (255, 0, 0)).convert(mode)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
def test_a_colour_picture_becomes_bgr(kind: str) -> None:
    picture = decode_picture(_encoded(_red(), kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert picture.shape == (20, 40, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert (picture == [0, 0, 255]).all()


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "RGBA"])
def test_every_mode_becomes_three_channels(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert decode_picture(_encoded(_red(mode=mode), kind)).shape == (20, 40, 3)


def test_sixteen_bits_become_eight() -> None:
    deep = Image.fromarray(np.full((20, 40), 0x8000, np.uint16))
    assert (decode_picture(_encoded(deep)) == 128).all()


def test_what_is_transparent_stands_on_white() -> None:
    assert (decode_picture(_encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)))) == 255).all()


def test_a_phone_held_sideways_gives_an_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    sideways = Image.new("RGB", (60, 30))
    sideways.paste((255, 255, 255), (0, 0, 10, 30))
    picture = decode_picture(_encoded(sideways, "JPEG", exif=exif, quality=95))
    assert picture.shape == (60, 30, 3)
    assert picture[:8].mean() > 200
    assert picture[20:].mean() < 50


def test_a_text_that_calls_itself_jpg_is_no_picture(tmp_path: Path) -> None:
    file = tmp_path / "portrait.jpg"
    file.write_text("张三的照片", "utf-8")
    with pytest.raises(PictureRefused) as refused:
        load_picture(file)
    assert refused.value.code == "picture.not_a_picture"


@pytest.mark.parametrize("encoded", [b"", b"\xff\xd8\xff", b"GIF89a", b"\0" * 5000])
def test_other_bytes_are_no_picture(encoded: bytes) -> None:
    assert _refusal(encoded).code == "picture.not_a_picture"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_file_is_refused_and_not_half_decoded(kind: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8))
    encoded = _encoded(noise, kind)
    assert _refusal(encoded[: int(len(encoded) * share)]).code in {"picture.truncated", "picture.not_a_picture"}


@pytest.mark.parametrize(("width", "height"), [(20_000, 10_000), (8_000, 5_001), (60_000, 60_000)])
def test_a_giant_is_refused_by_its_header(width: int, height: int) -> None:
    refusal = _refusal(_png_header(width, height))
    assert refusal.code == "picture.too_large"
    assert refusal.facts == {"most": 40}


def test_a_speck_is_refused() -> None:
    assert _refusal(_encoded(_red(200, 15))).code == "picture.too_small"


def test_too_many_bytes_are_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "heavy.jpg"
    with file.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(PictureRefused) as refused:
        load_picture(file)
    assert refused.value.code == "picture.too_heavy"
    assert _refusal(b"\0" * (MAX_BYTES + 1)).code == "picture.too_heavy"


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.jpg", "picture.missing"), (tmp_path, "picture.unreadable")):
        with pytest.raises(PictureRefused) as refused:
            load_picture(path)
        assert refused.value.code == code
        assert refused.value.facts["path"] == path


def test_the_first_pictures_may_be_decoded_by_several_threads() -> None:
    encoded = [_encoded(_red(), kind) for kind in ("JPEG", "PNG", "WEBP", "BMP")] * 5
    together = threading.Barrier(4)

    def decode(bytes_: bytes) -> tuple[int, ...]:
        together.wait()
        return decode_picture(bytes_).shape

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(decode, encoded)) == {(20, 40, 3)}


def _heic(picture: Image.Image, **options: object) -> bytes:
    return _encoded(picture, "HEIF", quality=90, **options)


def test_a_phones_heic_is_decoded_upright() -> None:
    sides = Image.new("RGB", (128, 64), (255, 0, 0))
    sides.paste((0, 0, 255), (64, 0, 128, 64))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode_picture(_heic(sides, exif=exif.tobytes()))
    assert picture.shape == (128, 64, 3)
    assert picture[10, 32].argmax() == 2, "what was left is above"
    assert picture[120, 32].argmax() == 0


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.99])
def test_a_heic_that_is_cut_short_is_refused(share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    whole = _heic(Image.fromarray(noise))
    assert _refusal(whole[: int(len(whole) * share)]).code in {"picture.truncated", "picture.not_a_picture"}


def test_a_heic_that_claims_more_pixels_than_are_taken_is_refused_by_its_header() -> None:
    whole = _heic(_red(64, 64))
    at = whole.index(b"ispe") + 8
    claimed = whole[:at] + struct.pack(">II", 20_000, 10_000) + whole[at + 8 :]
    assert _refusal(claimed).code in {"picture.too_large", "picture.not_a_picture"}
