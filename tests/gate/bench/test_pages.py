from __future__ import annotations

from pathlib import Path

import pytest

from gate.bench.pages import measure
from gate.config import load_config
from samples.archive import fill


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
