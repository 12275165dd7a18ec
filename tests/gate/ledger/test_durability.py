"""A row that was acknowledged is there, and the chain whole, whenever the gate is killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enrollment.database import open_database, upgrade, writing
from gate.ledger.ledger import begin
from gate.ledger.tables import MIGRATIONS
from gate.ledger.verify import verify
from tests.databases import Database
from tests.gate.ledger.kill_driver import SIGNER
from tests.gate.ledger.power_cut import cuts, trace

ROOT = Path(__file__).parents[3]

KILLS = int(os.environ.get("GATE_KILLS", "12"))
"""Each takes a tenth of a second or more; `GATE_KILLS=500` is for a night."""


DRIVER = [sys.executable, "-m", "tests.gate.ledger.kill_driver"]


def test_a_gate_that_is_killed_at_any_moment_has_lost_nothing_that_it_acknowledged(
    database: Database, tmp_path: Path
) -> None:
    command = [*DRIVER, database.address, str(tmp_path), str(KILLS), "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    # The writers log each loss of their server to the same output.
    told = json.loads(next(line for line in reversed(done.stdout.splitlines()) if line.startswith("{")))
    assert (told["kills"], told["lost"], told["broken"]) == (KILLS, [], "")
    assert told["acknowledged"] >= KILLS
    assert told["rows"] > told["acknowledged"]


CUTS = int(os.environ.get("GATE_CUTS", "12"))


def test_what_was_acknowledged_survives_a_power_cut_that_drops_unsynced_writes(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("there is no strace to watch the writes: apt install strace")
    site, log = tmp_path / "site", tmp_path / "strace.log"
    site.mkdir()
    _begin(site)
    names = [site / name for name in ("menwei.db", "menwei.db-wal")]
    before = {path: path.read_bytes() if path.exists() else b"" for path in names}
    writer = [*DRIVER, str(names[0]), str(site), "write", "150"]
    done = trace(writer, log, ROOT)
    if "ptrace" in done.stderr:
        pytest.skip(f"nothing may be traced here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 150
    seen = set()
    for number, (files, told) in enumerate(cuts(log, before, CUTS, seed=1)):
        place = tmp_path / f"cut{number}"
        place.mkdir()
        for path, content in files.items():
            (place / path.name).write_bytes(content)
        engine = open_database(place / "menwei.db")
        proof = verify(engine, key=SIGNER.public)
        with engine.connect() as connection:
            kept = dict(connection.exec_driver_sql("SELECT id, seq FROM passage").fetchall())
        engine.dispose()
        assert proof.first_broken is None, number
        assert not [line for line in told if kept.get(line.split()[0]) != int(line.split()[1])], number
        seen.add(len(told))
    assert max(seen) > 0
    assert len(seen) > 2, "the cuts must fall at different moments of the writing"


def _begin(site: Path) -> None:
    engine = open_database(site / "menwei.db")
    upgrade(engine, MIGRATIONS)
    with writing(engine) as session:
        begin(session, SIGNER, datetime.now(UTC))
    engine.dispose()
