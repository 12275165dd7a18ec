from __future__ import annotations

from pathlib import Path

import pytest

from gate.bench import loading
from gate.bench.pages import measure
from gate.config import load_config
from gate.errors import GateError
from samples.archive import fill
from tests.gate.console.conftest import CHROMIUM


@pytest.mark.starter
def test_every_page_answers_over_a_compound_with_a_past(tmp_path: Path) -> None:
    filled = fill(tmp_path / "compound", days=1, per_day=200)
    score = measure(load_config(filled.config), rounds=1)
    assert score.residents > 2000
    assert score.passages == 200
    names = {page.name for page in score.pages}
    assert {"/", "/audit/rows", "/enrolment/households/…", "/audit/search plate", "/community", "/connections"} <= names
    assert "/parking" in names
    assert all(page.median_ms > 0 for page in score.pages)
    assert score.slowest in score.pages


@pytest.mark.starter
def test_the_live_page_is_loaded_with_all_that_it_shows(tmp_path: Path) -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Chromium to try the pages in a browser")
    filled = fill(tmp_path / "compound", days=1, per_day=200)
    load = loading.measure(load_config(filled.config), times=2, slowdown=None)
    assert (load.passages, load.questions, load.times) == (100, load.lanes, 2)
    assert load.slowdown == pytest.approx(max(1, load.index / loading.OLD_PC), abs=0.1)
    assert 0 < load.cold.median_ms <= load.cold.p95_ms


def test_without_a_browser_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GateError, match=r"bench_pages\.no_browser"):
        loading._loads("http://127.0.0.1:9", "token", {}, 1, 1)
