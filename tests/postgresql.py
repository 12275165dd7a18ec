"""A real PostgreSQL server for the tests, from the system's own package, on a socket in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "postgres"


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.skip("there is no PostgreSQL server: apt install postgresql")
    return found[-1]


@contextmanager
def running() -> Iterator[str]:
    """A server that ends with the block; the address of its database `postgres`.

    The server refuses to run as root and a socket's path is short, so its folder lies right under the system's own.
    """
    programs = _programs()
    as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="menwei-pg-", ignore_cleanup_errors=True) as made:
        if as_user:
            shutil.chown(made, USER)
        with _serving(Path(made), programs, as_user) as url:
            yield url


@contextmanager
def _serving(folder: Path, programs: Path, as_user: list[str]) -> Iterator[str]:
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, capture_output=True, cwd="/")

    run(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-U", USER)
    options = f"-c listen_addresses= -k {folder} -c fsync=off"
    run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://{USER}@/postgres?host={folder}"
    finally:
        run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
