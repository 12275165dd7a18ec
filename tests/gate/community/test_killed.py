"""Nothing that was recorded is lost on its way, and nothing is kept twice, whoever is killed when."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Database
from tests.gate.community import peers
from tests.gate.community.test_webhook import ROOT, SECRET, Receiver

KILLS = int(os.environ.get("GATE_KILLS", "6"))
"""Of the gate and of the receiver by turns; `GATE_KILLS=500` is for a night."""


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    pem, secret = tmp_path / "peer.pem", tmp_path / "secret"
    pem.write_bytes(peers.certificate())
    secret.write_text(SECRET)
    secret.chmod(0o600)
    running = Receiver(pem, secret, tmp_path / "events.jsonl")
    yield running
    running.kill()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_acknowledged_passage_is_kept_once_by_the_receiver(
    database: Database, receiver: Receiver, tmp_path: Path
) -> None:
    driver = [sys.executable, "-m", "tests.gate.community.kill_driver", database.address, str(tmp_path), receiver.url]
    driver += [str(tmp_path / "secret"), str(tmp_path / "peer.pem")]
    draw, acknowledged = random.Random(1), set()
    for run in range(KILLS):
        with subprocess.Popen([*driver, str(run), "1000000"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as gate:
            assert gate.stdout is not None
            lines = [next(line for line in gate.stdout if line.strip().isdigit())]
            time.sleep(draw.uniform(0.0, 0.3))
            if run % 2:
                receiver.kill()
                time.sleep(draw.uniform(0.0, 0.2))
                receiver.start()
                time.sleep(draw.uniform(0.0, 0.2))
            gate.kill()
            lines += gate.stdout.readlines()
        # The gate logs what it cannot reach to the same output; a line cut short by the kill is no acknowledgement.
        acknowledged |= {int(line) for line in lines if line.endswith("\n") and line.strip().isdigit()}
    done = subprocess.run([*driver, "last", "1"], cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    got = [(str(event["id"]), event["data"]) for event in receiver.got]
    assert len({key for key, _ in got}) == len(got)
    assert acknowledged <= {int(key.partition("-")[0]) for key, _ in got}
    assert len(acknowledged) > KILLS
    order: dict[str, list[int]] = defaultdict(list)
    for _, data in got:
        order[data["subject"]].append(data["seq"])  # type: ignore[index]
    assert all(seqs == sorted(seqs) for seqs in order.values())
