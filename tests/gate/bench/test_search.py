"""The measure measures what it says: every way to search is tried, and a wrong one is found out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import util
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gate.bench import search
from gate.bench.search import measure
from gate.cli import app


@pytest.fixture(autouse=True)
def _small_and_silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(search, "BIG", 1024)
    monkeypatch.setattr(search, "QUIET", 5)
    monkeypatch.setattr("gate.cli.bench_search.log_to_stderr", lambda _level: None)
    with capture_logs():
        yield


def test_every_way_to_search_agrees_and_is_timed(tmp_path: Path) -> None:
    score = measure(tmp_path, 300, 16, 64)
    assert (score.templates, score.size, score.disagreed) == (300, 16, 0)
    assert score.megabytes == pytest.approx(300 * 16 * 4 / 1e6, abs=0.005)
    assert (score.faiss is None) == (util.find_spec("faiss") is None)
    assert score.changes == 2 * search.CHANGES
    for times in (score.gallery, score.numpy, score.quiet, score.changing):
        assert 0 < times.p50 <= times.p99 <= times.longest
    assert score.at_bandwidth_ms > 0


def test_a_search_that_finds_somebody_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_faiss", lambda matrix: lambda face: int((matrix @ face).argmin()))
    assert measure(tmp_path, 100, 16, 32).disagreed == 32


def test_the_command_prints_one_document() -> None:
    result = CliRunner().invoke(
        app, ["bench", "search", "--templates", "50", "--size", "8", "--rounds", "10", "--json"]
    )
    assert result.exit_code == 0, result.output
    assert {"ratio", "gallery", "numpy", "faiss", "changing", "memory_gb_s"} <= json.loads(result.stdout).keys()


@pytest.mark.parametrize(("language", "said"), [("zh", "内存带宽"), ("en", "memory's bandwidth")])
def test_without_faiss_it_says_so_in_words(language: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_LANG", language)
    monkeypatch.setattr(search, "_faiss", lambda _matrix: None)
    result = CliRunner().invoke(app, ["bench", "search", "--templates", "50", "--size", "8", "--rounds", "10"])
    assert result.exit_code == 0, result.output
    assert said in result.output
    assert "menwei[bench]" in result.output
