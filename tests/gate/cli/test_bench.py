from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import gate.cli.bench
import samples.stills
from gate.cli import app
from gate.errors import GateError
from models.cast import Cast
from models.sighting import Picture, PlateColour
from tests.gate.bench.toys import FacesByShade, PlatesByShade, plate, write


def _gate(*words: str) -> Result:
    return CliRunner().invoke(app, ["bench", *words])


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of cars and one of people, and recognisers that know them by their grey."""
    seen = {
        1: [plate("辽A12345")],
        2: [plate("辽AD12346", colour=PlateColour.GREEN)],
        3: [],
        4: [plate("辽A55555")],
    }
    for shade, name in enumerate(("辽A12345", "辽AD12345", "辽A33333"), 1):
        write(tmp_path / "plates" / f"{name}.png", shade)
    write(tmp_path / "plates" / "辽A55555.png", 4, width=94, height=24)
    write(tmp_path / "plates" / "IMG_1.png", 5)
    (tmp_path / "plates" / "辽A66666.jpg").write_text("no picture")
    for person, shade in (("张三", 10), ("李四", 60), ("王五", 110)):
        for take in range(6):
            write(tmp_path / "faces" / person / f"{take}.png", shade + take)
    monkeypatch.setattr(gate.cli.bench, "open_plate_recogniser", lambda *_: PlatesByShade(seen))
    monkeypatch.setattr(gate.cli.bench, "open_face_recogniser", lambda *_: FacesByShade())
    return tmp_path


BASE = ("--pack", "base")


def _measured(*words: str) -> dict[str, dict[str, object]]:
    done = _gate("accuracy", "--json", *BASE, *words)
    assert done.exit_code == 0, done.output
    measured: dict[str, dict[str, object]] = json.loads(done.stdout)
    return measured


def test_without_photographs_it_says_what_it_needs() -> None:
    done = _gate("accuracy")
    assert done.exit_code == 2
    assert "--plates" in done.stderr


def test_plots_without_faces_are_refused(tmp_path: Path) -> None:
    done = _gate("accuracy", "--plates", str(tmp_path), "--plots", str(tmp_path))
    assert done.exit_code == 2
    assert "--faces" in done.stderr


def test_json_has_a_key_for_everything_measured_of_plates(toys: Path) -> None:
    plates = _measured("--plates", str(toys / "plates"))["plates"]
    assert plates["models"] == ["plate-detect", "plate-rec-color"]
    shares = {key: plates[key] for key in ("pictures", "found", "exact", "accepted", "exact_of_accepted")}
    assert shares == {"pictures": 5, "found": 0.6, "exact": 0.4, "accepted": 0.6, "exact_of_accepted": 2 / 3}
    assert (plates["accepted_wrong"], plates["crops"], plates["excluded"]) == (0.2, 1, 0)
    assert plates["refused"] == [["辽A66666.jpg", "picture.not_a_picture"]]
    assert plates["notes"] == [{"file": "IMG_1.png", "code": "bench.row_not_a_plate", "detail": "IMG1"}]
    assert plates["confusions"]["5"] == {"5": 6, "6": 1}  # type: ignore[index]
    (green,) = [group for group in plates["by_colour"] if group["colour"] == "green"]  # type: ignore[attr-defined]
    assert (green["by"], green["pictures"], green["exact"], green["accepted_wrong"]) == ("name", 1, 0, 1)
    assert [(band["from_px"], band["pictures"]) for band in plates["by_height"]] == [(None, 2), (24, 3)]  # type: ignore[attr-defined]
    assert plates["characters"] == pytest.approx((1 + 7 / 8 + 0 + 1 + 0) / 5)


def test_json_has_a_key_for_everything_measured_of_faces(toys: Path) -> None:
    faces = _measured("--faces", str(toys / "faces"), "--pairs", "40", "--gallery", "2", "--gallery", "9")["faces"]
    assert faces["models"] == ["yunet-s", "mobilefacenet"]
    assert (faces["pairs"], faces["people"], faces["accuracy"], faces["seed"]) == (40, 3, 1, 1)
    assert [faces[f"tar_at_far_1e-{power}"] for power in (2, 3, 4)] == [1, 1, 1]
    assert faces["every_pair"] == {
        "same": 45,
        "different": 108,
        **{f"{what}_at_far_1e-{power}": None for power in (2, 3, 4) for what in ("tar", "threshold")},
    }
    two, all_ = faces["identification"]  # type: ignore[misc]
    assert (two["wanted"], two["people"], all_["wanted"], all_["people"]) == (2, 2, 9, 3)
    assert (all_["accept"], all_["margin"], all_["ranked_first"]) == (0.45, 0.08, 1)
    assert "spread" not in faces
    assert "operating" not in faces


def test_the_rules_in_force_are_those_of_the_configuration(toys: Path) -> None:
    (toys / "gate.toml").write_text(
        "[faces]\naccept = 0.7\nmargin = 0.2\n[models]\npack = 'base'\nface_finder = 'yunet-n'\n"
    )
    done = _gate("accuracy", "--json", "--faces", str(toys / "faces"), "--config", str(toys / "gate.toml"))
    faces = json.loads(done.stdout)["faces"]
    (tried,) = faces["identification"]  # type: ignore[misc]
    assert (tried["accept"], tried["margin"]) == (0.7, 0.2)
    assert faces["models"] == ["yunet-n", "mobilefacenet"]


def test_a_pack_is_measured_and_what_it_borrows_is_said(toys: Path) -> None:
    done = _gate("accuracy", "--json", "--pack", "yunet", "--faces", str(toys / "faces"), "--pairs", "40")
    measured = json.loads(done.stdout)
    assert measured["pack"] == "yunet"
    assert measured["faces"]["models"] == ["yunet-n", Cast.of_pack("starter").face_embedder]
    assert Cast.of_pack("starter").face_embedder in done.stderr
    assert isinstance(_gate("accuracy", "--pack", "liveness", "--faces", str(toys / "faces")).exception, GateError)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "zh",
            [
                "5 张照片，整牌正确 40.0%",
                "危险",
                "5→6 ×1",
                "蓝（按读出）",
                "没找到",
                "3 人的图库",
                "只够 3 人",
            ],
        ),
        (
            "en",
            [
                "5 photographs, exact 40.0%",
                "dangerous",
                "5→6 ×1",
                "blue (as read)",
                "not found",
                "gallery of 3 people",
                "the folder gives 3",
            ],
        ),
    ],
)
def test_what_was_measured_is_printed_in_both_languages(
    language: str, said: list[str], toys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_LANG", language)
    folders = ("--plates", str(toys / "plates"), "--faces", str(toys / "faces"))
    done = _gate("accuracy", *BASE, *folders, "--pairs", "40", "--plots", str(toys / "plots"))
    assert done.exit_code == 0, done.output
    for words in said:
        assert words in done.stdout
    assert "IMG_1.png" in done.stderr
    assert "辽A66666.jpg" in done.stderr
    assert (toys / "plots" / "roc.png").exists()


def test_real_plates_and_faces_are_measured(mirror: Path, data: Path) -> None:
    folders = ("--plates", str(data / "plates" / "scenes"), "--faces", str(data / "faces" / "lfw"))
    measured = _measured(*folders, "--limit", "40", "--seed", "3")
    plates, faces = measured["plates"], measured["faces"]
    assert plates["pictures"] == 40
    assert plates["exact"] > 0.85  # type: ignore[operator]
    assert plates["found"] > 0.97  # type: ignore[operator]
    assert faces["pairs"] == 40
    assert faces["accuracy"] > 0.92  # type: ignore[operator]
    assert faces["tar_at_far_1e-3"] > 0.9  # type: ignore[operator]
    assert faces["tar_at_far_1e-2"] >= faces["tar_at_far_1e-3"]  # type: ignore[operator]


def test_real_crops_are_read_and_none_that_was_learned_from_is_asked_for(mirror: Path, data: Path) -> None:
    crops = str(data / "plates" / "crops")
    plates = _measured("--plates", crops, "--limit", "60")["plates"]
    assert (plates["pictures"], plates["crops"], plates["excluded"]) == (60, 60, 0)
    assert plates["exact"] > 0.8  # type: ignore[operator]
    held_out = _measured("--plates", crops, "--limit", "60", "--seen", "exclude")["plates"]
    assert held_out["excluded"] > 100  # type: ignore[operator]


def _grey(_size: int) -> list[Picture]:
    return [np.full((180, 320, 3), 90, np.uint8)]


@pytest.mark.parametrize("as_json", [True, False])
def test_packs_are_timed_against_each_other(
    mirror: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, as_json: bool
) -> None:
    (tmp_path / "gate.toml").write_text("[models]\npack = 'base'\n")
    for name in ("streets", "wickets", "plates", "faces"):
        monkeypatch.setattr(samples.stills, name, _grey)
    words = (
        "speed",
        "--pack",
        "base",
        "--against",
        "yunet,base",
        "--rounds",
        "1",
        "--config",
        str(tmp_path / "gate.toml"),
    )
    done = _gate(*words, *(["--json"] if as_json else []))
    assert done.exit_code == 0, done.output
    if not as_json:
        assert "base / yunet" in done.stdout
        assert f"{237_823:,}" in done.stdout
        return
    speed = json.loads(done.stdout)
    assert speed["rounds"] == 1
    assert speed["machine"]["cores"] >= 1
    (row,) = [
        row for row in speed["timings"] if (row["work"], row["longest_px"], row["threads"]) == ("face-finder", 320, 2)
    ]
    assert set(row["ms"]) == {"base", "yunet"}
    assert set(row["ratios"]) == {"yunet"}
