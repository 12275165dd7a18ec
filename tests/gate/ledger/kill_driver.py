"""Starts a writer again and again and kills it with SIGKILL at a random moment; tells what was acknowledged.

    python -m tests.gate.ledger.kill_driver DATABASE FOLDER KILLS SEED
    python -m tests.gate.ledger.kill_driver DATABASE FOLDER write ENTRIES

DATABASE is migrated and empty; FOLDER takes the pictures. On PostgreSQL every other kill is of the server's own process
that serves the writer, after which the whole server recovers from its log.

Each writer is a fork of this process, so that hundreds of starts take no longer than their writing.
"""

from __future__ import annotations

import contextlib
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

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from enrollment.database import open_database, writing
from enrollment.errors import StoreBusy
from enrollment.keyring import Keyring
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Passage, begin
from gate.ledger.snapshots import Snapshots
from gate.ledger.verify import verify
from gate.ledger.writer import LedgerWriter

SIGNER = Signer(b"s" * 32)
LOAD = 25
"""Entries that are handed over at a time, before the first of them is waited for."""


def write_entries(database: str, folder: Path, told: int, run: int, most: float = math.inf) -> None:
    engine = open_database(database)
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


def kill_one(database: str, folder: Path, run: int, after_s: float) -> list[str]:
    """Let a writer work for so long after its first acknowledgement; the lines that it told."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        try:
            write_entries(database, folder, theirs, run)
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
    if run % 2 and database.startswith("postgresql"):
        kill_server_process(database)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while got := os.read(ours, 65536):
        heard += got
    os.close(ours)
    return heard.decode().splitlines()


def kill_server_process(database: str) -> None:
    """Kill the server's process at the other end of the writer's connection."""
    engine = open_database(database)
    with contextlib.suppress(DBAPIError), engine.connect() as connection:  # the server ends this connection too
        others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        for pid in connection.exec_driver_sql(others).scalars():
            os.kill(pid, signal.SIGKILL)
    engine.dispose()


def recovered(database: str) -> Engine:
    """The database once its server takes connections again."""
    for _ in range(200):
        engine = open_database(database, busy_s=30)
        try:
            with writing(engine):
                return engine
        except (StoreBusy, DBAPIError):
            engine.dispose()
            time.sleep(0.1)
    raise RuntimeError("the server does not come back")


def main() -> None:
    database, folder = sys.argv[1], Path(sys.argv[2])
    if sys.argv[3] == "write":
        write_entries(database, folder, 1, 0, int(sys.argv[4]))
    kills, seed = int(sys.argv[3]), int(sys.argv[4])
    draw = random.Random(seed)
    engine = open_database(database)
    with writing(engine) as session:
        begin(session, SIGNER, datetime.now(UTC))
    engine.dispose()
    acknowledged: dict[str, int] = {}
    for run in range(kills):
        for line in kill_one(database, folder, run, draw.uniform(0.0, 0.15)):
            name, _, seq = line.partition(" ")
            if seq:
                acknowledged[name] = int(seq)
        recovered(database).dispose()
    engine = recovered(database)
    snapshots = Snapshots(folder / "snapshots", Keyring(b"k" * 32), 30)
    proof = verify(engine, snapshots, key=SIGNER.public)
    with engine.connect() as connection:
        kept = dict(connection.exec_driver_sql("SELECT id, seq FROM passage").fetchall())
    lost = [name for name, seq in acknowledged.items() if kept.get(name) != seq]
    told = {"kills": kills, "acknowledged": len(acknowledged), "lost": lost, "rows": proof.rows}
    # A writer that was killed over a line of its log has left that line without an end.
    sys.stdout.write("\n" + json.dumps({**told, "broken": str(proof.first_broken or "")}) + "\n")


if __name__ == "__main__":
    main()
