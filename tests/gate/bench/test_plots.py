from __future__ import annotations

from importlib import util
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.bench.plots import check_plots, draw_faces
from gate.bench.verification import spread_of
from gate.errors import GateError


@pytest.fixture
def spread() -> object:
    rows = np.random.default_rng(1).normal(size=(60, 8)).astype(np.float32)
    return spread_of(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.arange(60) // 3)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_curve_and_the_scores_are_drawn_with_labels_that_the_font_has(
    language: str, spread: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_LANG", language)
    # A sign that the font lacks is a warning, and a warning is an error here.
    files = draw_faces({"base": spread}, tmp_path / "new" / "folder")  # type: ignore[dict-item]
    assert [file.name for file in files] == ["roc.png", "scores.png"]
    for file in files:
        drawn = cv2.imread(str(file))
        assert drawn.shape[0] > 400
        assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 20


def test_without_the_font_the_labels_are_english(
    spread: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.bench.plots.FONT", ("no_such_package_at_all", "none.otf"))
    assert draw_faces({"base": spread}, tmp_path)  # type: ignore[dict-item]


def test_a_folder_that_cannot_be_written_is_said(spread: object, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(GateError) as refused:
        draw_faces({"base": spread}, tmp_path / "file")  # type: ignore[dict-item]
    assert refused.value.code == "bench.plots_unwritable"


def test_without_matplotlib_it_is_said_before_anything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    check_plots()
    monkeypatch.setattr(util, "find_spec", lambda _name: None)
    with pytest.raises(GateError) as refused:
        check_plots()
    assert refused.value.code == "bench.no_matplotlib"
