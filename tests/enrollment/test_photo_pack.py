from __future__ import annotations

import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrollment.errors import EntryRefused, PhotoRefused
from enrollment.photo_pack import PhotoPack


def _packed(path: Path, files: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "3-2-501 张三.jpg",
        "3-2-501_张三.JPG",
        "3-2-501-张三.jpeg",
        "3-2-501张三.png",
        "三号楼/二单元/3-2-501 张三.jpg",
        "../../../etc/3-2-501 张三.jpg",
        "照片\\3-2-501 张三.jpg",
        "３-２-５０１　张三.jpg",
        "张三.jpg",
    ],
)
def test_a_photo_is_found_however_household_and_name_are_joined(tmp_path: Path, name: str) -> None:
    with PhotoPack(_packed(tmp_path / "a.zip", {name: b"photo", "别人.jpg": b"other"})) as pack:
        key = pack.find(None, "3-2-501", "张三", alone=True)
        assert key is not None
        assert pack.read(key) == b"photo"
        assert pack.unused == ("别人.jpg",)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.zip"]


@pytest.mark.parametrize("name", ["𠮷田㛃", "阿依古丽·买买提", "B", "乌兰图雅" * 5])
def test_rare_and_long_names_are_told_apart(tmp_path: Path, name: str) -> None:
    files = {f"1-1-1 {name}.jpg": b"one", f"1-1-11 {name}.jpg": b"two"}
    with PhotoPack(_packed(tmp_path / "a.zip", files)) as pack:
        assert pack.read(str(pack.find(None, "1-1-1", name, alone=False))) == b"one"
        assert pack.read(str(pack.find(None, "1-1-11", name, alone=False))) == b"two"


def test_a_name_that_several_have_finds_nobody_by_itself(tmp_path: Path) -> None:
    with PhotoPack(_packed(tmp_path / "a.zip", {"张三.jpg": b"photo"})) as pack:
        assert pack.find(None, "3-2-501", "张三", alone=False) is None
        assert pack.unused == ("张三.jpg",)


def test_names_as_chinese_windows_writes_them_are_read(tmp_path: Path) -> None:
    path = _packed(tmp_path / "a.zip", {"123456789.jpg": b"photo"})
    # Without the flag for UTF-8 the bytes of a name are what the computer uses: GBK.
    path.write_bytes(path.read_bytes().replace(b"123456789.jpg", "1-1 张三".encode("gbk") + b"1.jpg"))
    with PhotoPack(path) as pack:
        assert pack.unused == ("1-1 张三1.jpg",)
        assert pack.read(str(pack.find("1-1张三1.jpg", "", "", alone=False))) == b"photo"


@pytest.mark.parametrize(
    ("told", "files", "code"),
    [
        ("b.jpg", {"a.jpg": b""}, "photo.not_in_pack"),
        (None, {"1-1-1 张三.jpg": b"", "1-1-1张三.png": b""}, "photo.twice_in_pack"),
        (None, {"a/1-1-1 张三.jpg": b"", "b/1-1-1 张三.jpg": b""}, "photo.twice_in_pack"),
    ],
)
def test_what_does_not_name_one_photo_is_refused(
    tmp_path: Path, told: str | None, files: dict[str, bytes], code: str
) -> None:
    with PhotoPack(_packed(tmp_path / "a.zip", files)) as pack, pytest.raises(PhotoRefused) as refused:
        pack.find(told, "1-1-1", "张三", alone=True)
    assert refused.value.code == code


def test_a_bomb_is_never_unpacked_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enrollment.photo_pack.MOST_BYTES", 1000)
    path = _packed(tmp_path / "a.zip", {"张三.jpg": bytes(10_000_000)}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 20_000
    with PhotoPack(path) as pack, pytest.raises(PhotoRefused) as refused:
        pack.read(str(pack.find(None, "1-1-1", "张三", alone=True)))
    assert refused.value.code == "photo.large_in_pack"


@pytest.mark.parametrize(("at", "value"), [(40, 0x55), (6, 1)])
def test_a_damaged_or_locked_photo_costs_itself_alone(tmp_path: Path, at: int, value: int) -> None:
    path = _packed(tmp_path / "a.zip", {"a.jpg": b"x" * 100, "b.jpg": b"whole"})
    raw = bytearray(path.read_bytes())
    raw[at] ^= value
    if at == 6:
        raw[raw.index(b"PK\x01\x02") + 8] ^= value
    path.write_bytes(raw)
    with PhotoPack(path) as pack:
        with pytest.raises(PhotoRefused, match="damaged_in_pack" if at == 40 else "locked_in_pack"):
            pack.read("a.jpg")
        assert pack.read("b.jpg") == b"whole"


def test_too_many_photos_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enrollment.photo_pack.MOST_PHOTOS", 1)
    with pytest.raises(EntryRefused, match=r"pack\.long"):
        PhotoPack(_packed(tmp_path / "a.zip", {"a.jpg": b"", "b.jpg": b""}))


HOW = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bz2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


@pytest.mark.parametrize("how", HOW)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4))
def test_whatever_is_damaged_is_refused_in_words(tmp_path: Path, how: str, changes: list[tuple[float, int]]) -> None:
    path = _packed(tmp_path / "a.zip", {"a.jpg": bytes(range(256)) * 4, "b.jpg": b"photo" * 50}, HOW[how])
    raw = bytearray(path.read_bytes())
    for place, flip in changes:
        raw[int(place * len(raw))] ^= flip
    path.write_bytes(raw)
    with suppress(EntryRefused), PhotoPack(path) as pack:
        for key in ("a.jpg", "b.jpg"):
            with suppress(PhotoRefused):
                pack.read(pack.find(key, "", "", alone=False) or "")
