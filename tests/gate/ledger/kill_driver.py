"""Starts a writer again and again and kills it with SIGKILL at a random moment; tells what was acknowledged.

    python -m tests.gate.ledger.kill_driver FOLDER KILLS SEED
    python -m tests.gate.ledger.kill_driver FOLDER write ENTRIES

Each writer is a fork of this process, so that hundreds of starts take no longer than their writing.
"""

from __future__ import annotations

import json
import math
import os
import random
import select
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from enrollment.database import open_database, upgrade, writing
from enrollment.keyring import Keyring
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Passage, begin
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import MIGRATIONS
from gate.ledger.verify import verify
from gate.ledger.writer import LedgerWriter

SIGNER = Signer(b"s" * 32)
LOAD = 25
"""Entries that are handed over at a time, before the first of them is waited for."""


def write_entries(folder: Path, told: int, run: int, most: float = math.inf) -> None:
    engine = open_database(folder / "menwei.db")
    snapshots = Snapshots(folder / "snapshots", Keyring(b"k" * 32), 30)
    writer = LedgerWriter(engine, snapshots, signer=SIGNER)
    writer.start()
    number = 0
    while number < most:
        saving = []
        for _ in range(LOAD):
            name, number = f"{run}-{number}", number + 1
            passage = Passage(name, datetime.now(UTC), "in", "open", "known_vehicle", "v", "r", {"n": number})
            saving.append((name, writer.submit(passage, b"jpeg" if number % 10 == 0 else None)))
            writer.note("barrier", act="opened", command_id=name)
        for name, future in saving:
            saved = future.result()
            os.write(told, f"{name} {saved.seq}\n".encode())
    os._exit(0)


def kill_one(folder: Path, run: int, after_s: float) -> list[str]:
    """Let a writer work for so long after its first acknowledgement; the lines that it told."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        try:
            write_entries(folder, theirs, run)
        finally:
            os._exit(3)
    os.close(theirs)
    heard, ends_s = b"", None
    while ends_s is None or time.monotonic() < ends_s:
        ready, _, _ = select.select([ours], [], [], None if ends_s is None else max(0.0, ends_s - time.monotonic()))
        if ready:
            got = os.read(ours, 65536)
            if not got:
                raise RuntimeError("the writer ended by itself")
            heard += got
            ends_s = ends_s or time.monotonic() + after_s
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while got := os.read(ours, 65536):
        heard += got
    os.close(ours)
    return heard.decode().splitlines()


def main() -> None:
    if sys.argv[2] == "write":
        write_entries(Path(sys.argv[1]), 1, 0, int(sys.argv[3]))
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    draw = random.Random(seed)
    engine = open_database(folder / "menwei.db")
    upgrade(engine, MIGRATIONS)
    with writing(engine) as session:
        begin(session, SIGNER, datetime.now(UTC))
    engine.dispose()
    acknowledged: dict[str, int] = {}
    for run in range(kills):
        for line in kill_one(folder, run, draw.uniform(0.0, 0.15)):
            name, _, seq = line.partition(" ")
            if seq:
                acknowledged[name] = int(seq)
    engine = open_database(folder / "menwei.db")
    snapshots = Snapshots(folder / "snapshots", Keyring(b"k" * 32), 30)
    proof = verify(engine, snapshots, key=SIGNER.public)
    with engine.connect() as connection:
        kept = dict(connection.exec_driver_sql("SELECT id, seq FROM passage").fetchall())
    lost = [name for name, seq in acknowledged.items() if kept.get(name) != seq]
    told = {"kills": kills, "acknowledged": len(acknowledged), "lost": lost, "rows": proof.rows}
    sys.stdout.write(json.dumps({**told, "broken": str(proof.first_broken or "")}) + "\n")


if __name__ == "__main__":
    main()
