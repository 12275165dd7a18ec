"""Looking at many pictures, several at a time."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from models.errors import PictureRefused
from models.picture import load_picture
from models.sighting import Picture

Step = Callable[[int, int], None]
"""Called with the pictures that are done and the pictures there are."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Look(Generic[_Answer]):
    """What came of one picture.

    `answer` is None where nothing was seen, and where the picture was refused with `code`. `digest` is one for equal
    pixels, whatever file they come from, and None for a picture that was refused.
    """

    answer: _Answer | None
    seconds: float = 0.0
    code: str | None = None
    digest: bytes | None = None


def look_at(
    files: Sequence[Path], look: Callable[[Picture], _Answer | None], step: Step
) -> Mapping[Path, Look[_Answer]]:
    """Every file looked at; one that is no picture keeps no other from its turn."""

    def one(file: Path) -> Look[_Answer]:
        try:
            picture = load_picture(file)
        except PictureRefused as refused:
            return Look(None, code=refused.code)
        began = time.perf_counter()
        answer = look(picture)
        seconds = time.perf_counter() - began
        return Look(answer, seconds, digest=hashlib.sha256(f"{picture.shape}".encode() + picture.tobytes()).digest())

    looks = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for file, seen in zip(files, pool.map(one, files), strict=True):
            looks[file] = seen
            step(len(looks), len(files))
    return looks


def ms_of(looks: Mapping[Path, Look[_Answer]]) -> float:
    """The mean time of those that were looked at, in milliseconds; 0 where there was none."""
    taken = [look.seconds for look in looks.values() if not look.code]
    return 1000 * float(np.mean(taken)) if taken else 0.0
