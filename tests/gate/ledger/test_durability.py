"""A row that was acknowledged is there, and the chain whole, whenever the gate is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

KILLS = int(os.environ.get("GATE_KILLS", "12"))
"""Each takes a tenth of a second or more; `GATE_KILLS=500` is for a night."""


def test_a_gate_that_is_killed_at_any_moment_has_lost_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.gate.ledger.kill_driver", str(tmp_path), str(KILLS), "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["kills"], told["lost"], told["broken"]) == (KILLS, [], "")
    assert told["acknowledged"] >= KILLS
    assert told["rows"] > told["acknowledged"]
