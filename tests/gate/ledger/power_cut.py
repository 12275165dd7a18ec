"""A disk that forgets: what a writer told its files, and what of it was on the medium at any moment.

The writer runs under strace. From the log of its writes and syncs the files are built as a power cut would leave them:
everything that a sync had covered, and of what came after it any part, in any order.
"""

from __future__ import annotations

import ast
import random
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CALL = re.compile(r"^(\d+) +(\w+)\((\d+)<(.*?)>(?:, (\"(?:[^\"\\]|\\.)*\"), (\d+)(?:, (\d+))?|, (\d+))?\)?(.*)$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (fsync|fdatasync) resumed>.*= 0$")
SYNCS = ("fsync", "fdatasync")


@dataclass
class Medium:
    """One file: what is certain, and the changes since."""

    certain: bytearray
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def settle(self, count: int) -> None:
        """A sync covers the first `count` changes."""
        for place, data in self.pending[:count]:
            _apply(self.certain, place, data)
        del self.pending[:count]

    def after_a_cut(self, draw: random.Random) -> bytes:
        """The file once the power is back: a part of the changes made it, whole or only their first sectors."""
        image = bytearray(self.certain)
        for place, data in self.pending:
            luck = draw.random()
            if luck < 0.4:
                _apply(image, place, data)
            elif luck < 0.6 and data is not None:
                _apply(image, place, data[: 512 * draw.randint(0, len(data) // 512)])
        return bytes(image)


def trace(command: Sequence[str], log: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command and log what it writes and syncs."""
    calls = "trace=pwrite64,write,ftruncate,fsync,fdatasync"
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", calls, "-o", str(log)]
    return subprocess.run([*strace, *command], capture_output=True, text=True, cwd=cwd)


class Replay:
    """The files while the log is gone through line by line, and what was told on stdout."""

    def __init__(self, before: Mapping[Path, bytes]) -> None:
        self.media = {str(path): Medium(bytearray(content)) for path, content in before.items()}
        self.told = bytearray()
        self._syncing: dict[str, tuple[Medium, int]] = {}

    def step(self, line: str) -> None:
        if (resumed := RESUMED.match(line)) and resumed[1] in self._syncing:
            medium, count = self._syncing.pop(resumed[1])
            medium.settle(count)
        elif found := CALL.match(line):
            thread, call, handle, name, text, length, place, size, rest = found.groups()
            if call == "write" and handle == "1":
                self.told += _bytes(text)
            medium_of = self.media.get(_bytes(f'"{name}"').decode())
            if medium_of is None:
                return
            if call == "ftruncate":
                medium_of.pending.append((int(size), None))
            elif call == "pwrite64":
                data = _bytes(text)
                assert len(data) == int(length), "the log holds only a part of a write"
                medium_of.pending.append((int(place), data))
            elif call in SYNCS:
                self._sync(thread, medium_of, rest)

    def _sync(self, thread: str, medium: Medium, rest: str) -> None:
        if "unfinished" in rest:
            self._syncing[thread] = medium, len(medium.pending)
        elif rest.strip().endswith("= 0"):
            medium.settle(len(medium.pending))


def cuts(
    log: Path, before: Mapping[Path, bytes], moments: int, seed: int
) -> Iterator[tuple[dict[Path, bytes], list[str]]]:
    """The files after a cut at each of some random moments, and the lines that had been told on stdout by then."""
    lines, draw, replay = log.read_text("ascii").splitlines(), random.Random(seed), Replay(before)
    chosen = set(draw.sample(range(len(lines)), min(moments, len(lines))))
    for number, line in enumerate(lines):
        if number in chosen:
            files = {Path(name): medium.after_a_cut(draw) for name, medium in replay.media.items()}
            yield files, replay.told.decode().splitlines()
        replay.step(line)


def _bytes(text: str) -> bytes:
    data: bytes = ast.literal_eval(f"b{text}")
    return data


def _apply(image: bytearray, place: int, data: bytes | None) -> None:
    if data is None:
        del image[place:]
        image.extend(bytes(place - len(image)))
        return
    image.extend(bytes(max(0, place + len(data) - len(image))))
    image[place : place + len(data)] = data
