"""The compound with a past: its record holds, its people are found, and it is told the same way each time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from enrollment.database import reading
from gate.config import load_config
from gate.ledger.search import Query, search_passages
from gate.ledger.verify import verify
from gate.site import open_site
from models.plate.grammar import classify
from models.sighting import PlateColour
from samples import archive, archive_people

UNTIL = datetime(2026, 11, 24, 4, tzinfo=UTC)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_people, "BUILDINGS", 1)
    monkeypatch.setattr(archive, "PICTURED", 5)


def _passages(folder: Path) -> list[tuple[str, str, str, str | None]]:
    with open_site(load_config(folder / "gate.toml")) as site:
        found = search_passages(site.engine, Query(), count=500)
        return [(row.id, row.at, row.verdict, row.subject) for row in found.rows]


@pytest.mark.usefixtures("small")
def test_the_record_holds_and_its_people_are_found(tmp_path: Path) -> None:
    filled = archive.fill(tmp_path, days=2, per_day=60, until=UNTIL)
    with open_site(load_config(filled.config)) as site:
        proof = verify(site.engine, site.snapshots, key=site.signer.public)
        assert (proof.first_broken, proof.rows, proof.passages, proof.signed) == (None, filled.rows, 120, filled.rows)
        assert proof.snapshots > 0
        assert len({resident.household for resident in site.register.residents()}) == 60
        assert all(classify(vehicle.plate, PlateColour.BLUE) for vehicle in site.register.vehicles())
        assert site.accounts.verify("auditor", filled.password) is not None
        with reading(site.engine):
            known = next(row for row in search_passages(site.engine, Query(verdict="open")).rows)
        assert site.register.find(known.subject) is not None


@pytest.mark.usefixtures("small")
def test_the_same_seed_tells_the_same_story(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        archive.fill(tmp_path / name, days=1, per_day=30, seed=seed, until=UNTIL)
    one, again, other = (_passages(tmp_path / name) for name in "abc")
    assert one == again
    assert one != other
