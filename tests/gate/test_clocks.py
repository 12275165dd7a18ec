from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from enrollment.database import writing
from enrollment.register import Register
from gate.cli import app
from gate.clocks import Clock, clocks
from gate.config import Config, Storage
from gate.ledger.ledger import Passage, append_note, append_passage
from gate.site import Site, open_site
from models.sighting import Box, FaceQuality, FaceSighting
from tests.consents import FACE

NOW = datetime.now(UTC)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return open_site(Config(storage=Storage(folder=tmp_path / "var")), create=True)


def _fill(site: Site, days: int) -> None:
    at = NOW - timedelta(days=days)
    with writing(site.engine) as session:
        picture = site.snapshots.keep(b"jpeg %d" % days, at)
        append_passage(session, Passage(f"p{days}", at, "east", "ask", "stranger", None, "v1", {}), picture)
        append_note(session, at, "manual.open", {}, "快递")


def _by_name(found: tuple[Clock, ...]) -> dict[str, Clock]:
    return {clock.name: clock for clock in found}


def test_each_class_has_its_clock_and_what_is_past_it_is_counted(site: Site) -> None:
    with site:
        for days in (400, 40, 1):
            _fill(site, days)
        found = _by_name(clocks(site, 30, NOW.date()))
    assert (found["probe"].days, found["probe"].kept) == (0, 0)
    assert (found["pictures"].kept, found["pictures"].overdue) == (3, 2)
    assert found["pictures"].oldest == (NOW - timedelta(days=400)).date()
    assert (found["passages"].days, found["passages"].kept, found["passages"].overdue) == (365, 3, 1)
    assert (found["remarks"].kept, found["remarks"].overdue) == (3, 1)
    assert (found["chain"].days, found["chain"].overdue) == (None, 0)


def test_a_face_whose_consent_is_over_is_overdue_until_the_sweep(site: Site) -> None:
    embedding = np.eye(32, dtype=np.float32)[0]
    quality = FaceQuality(0.8, 160, 0.9, 0.9, 0.9, ())
    face = FaceSighting(Box(0, 0, 9, 9), np.zeros((5, 2), np.float32), 0.9, quality, embedding=embedding)
    consent = replace(FACE, expires_at=NOW - timedelta(days=1))
    with site:
        earlier = Register(site.engine, site.keyring, lambda *_: None, now=lambda: NOW - timedelta(days=9))
        earlier.add_resident("张三", "3-2-501", face, "m1", "t", consent=consent)
        assert _by_name(clocks(site, 30, NOW.date()))["templates"].overdue == 1
        site.register.consents.end_expired("retention")
        after = _by_name(clocks(site, 30, NOW.date()))["templates"]
    assert (after.kept, after.overdue) == (0, 0)


@pytest.mark.parametrize(("days", "code"), [(1, 0), (40, 1)])
def test_the_command_shows_every_class_and_fails_where_one_is_overdue(tmp_path: Path, days: int, code: int) -> None:
    config = tmp_path / "gate.toml"
    config.write_text('[storage]\nfolder = "var"\n', "utf-8")
    with open_site(Config(storage=Storage(folder=tmp_path / "var")), create=True) as site:
        _fill(site, days)
    shown = CliRunner().invoke(app, ["retention", "--config", str(config)])
    assert shown.exit_code == code, shown.output
    for word in ("365", "30", "人脸特征", "不保存"):
        assert word in shown.output
