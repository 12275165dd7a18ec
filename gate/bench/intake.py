"""How a whole compound with photos is taken in: how fast, in how much memory, and what `kill -9` leaves behind.

The import runs in processes of its own, as the command line runs it. The first ones are killed in the middle; the last
one ends. Each photo is taken for one person's, so that further photos of somebody are told to be very like the first.
"""

from __future__ import annotations

import csv
import os
import random
import re
import resource
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from enrollment.name import clean_name
from gate.config import load_config
from gate.site import open_site

SUFFIXES = {".jpg", ".jpeg", ".png"}
IMPORTED = 0, 1
"""Exit codes of an import that ended: everything was taken in, or some rows have problems."""

DAY_SIGNED = "2026-01-01"


@dataclass(frozen=True, slots=True)
class IntakeScore:
    """`seconds` of all runs together with `kills` in between; `last_s` of the last one alone, over what was left.

    `peak_mb` is the largest resident memory of any run, `again_s` how long the same import takes with nothing to do.
    `doubles` are people or faces entered twice; `refused` are photos with a problem, each of which the file of rejected
    rows holds.
    """

    people: int
    residents: int
    faces: int
    refused: int
    doubles: int
    kills: int
    seconds: float
    last_s: float
    again_s: float
    peak_mb: float
    packed_mb: float

    @property
    def rate(self) -> float:
        """People a second."""
        return self.people / self.seconds


def measure(photos: Path, folder: Path, people: int, kills: int, seed: int) -> IntakeScore:
    """Import so many people, each with the next photo below `photos`, which are gone through again where they are
    fewer; `folder` is empty and takes everything.

    Raises:
        RuntimeError: an import broke off by itself; its words go along.
    """
    found = sorted(path for path in photos.rglob("*") if path.suffix.lower() in SUFFIXES)
    chosen = list(islice(cycle(found), people))
    _write(chosen, folder)
    rng, seconds, killed = random.Random(seed), 0.0, 0  # noqa: S311 - when to kill is no secret
    while killed < kills:
        began = time.monotonic()
        ended = _run(folder, kill_after_s=rng.uniform(2.0, 2.0 + len(chosen) / 200))
        seconds += time.monotonic() - began
        if ended:
            break
        killed += 1
    began = time.monotonic()
    _run(folder)
    last_s = time.monotonic() - began
    began = time.monotonic()
    _run(folder)
    again_s = time.monotonic() - began
    residents, faces, doubles = _entered(folder)
    return IntakeScore(
        people=len(chosen),
        residents=residents,
        faces=faces,
        refused=_refused(folder / "rejected.csv"),
        doubles=doubles,
        kills=killed,
        seconds=seconds + last_s,
        last_s=last_s,
        again_s=again_s,
        peak_mb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        packed_mb=(folder / "photos.zip").stat().st_size / 1e6,
    )


def _write(photos: Sequence[Path], folder: Path) -> None:
    (folder / "gate.toml").write_text('[storage]\nfolder = "var"\n', "utf-8")
    with (
        zipfile.ZipFile(folder / "photos.zip", "w", zipfile.ZIP_STORED) as packed,
        (folder / "people.csv").open("w", encoding="utf-8", newline="") as file,
    ):
        table = csv.writer(file)
        table.writerow(("household", "name", "sheet about faces signed on"))
        for number, photo in enumerate(photos):
            home = f"{number // 100 + 1}-{number // 25 % 4 + 1}-{number % 25 + 101}"
            name = clean_name(re.sub(r"[\W_0-9]+", " ", photo.stem).strip() or "x")
            packed.write(photo, f"{home} {name}{photo.suffix}")
            table.writerow((home, name, DAY_SIGNED))


def _run(folder: Path, kill_after_s: float | None = None) -> bool:
    """Whether the import came to its end. Raises `RuntimeError` where it broke off by itself."""
    files = [str(folder / name) for name in ("people.csv", "photos.zip", "rejected.csv", "gate.toml")]
    options = ["--photos", files[1], "--rejected", files[2], "--config", files[3]]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "gate", "enroll", "import", files[0], *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env=os.environ | {"GATE_LANG": "en"},
    )
    try:
        said, _ = process.communicate(timeout=kill_after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return False
    if process.returncode not in IMPORTED:
        raise RuntimeError(said)
    return True


def _refused(rejected: Path) -> int:
    """How many rows are handed back; without one there is no file."""
    if not rejected.exists():
        return 0
    with rejected.open(encoding="utf-8-sig", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def _entered(folder: Path) -> tuple[int, int, int]:
    with open_site(load_config(folder / "gate.toml")) as site:
        residents = site.register.residents()
    twice = Counter((one.household, one.name) for one in residents)
    doubles = sum(times - 1 for times in twice.values()) + sum(max(one.templates - 1, 0) for one in residents)
    return len(residents), sum(one.templates for one in residents), doubles
