"""Several ways to do one thing, measured side by side: picture by picture, each on one thread, none always first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np

from gate.bench.look import Step
from gate.threads import one_thread_a_task
from models.sighting import Picture

_Answer = TypeVar("_Answer")

Way = Callable[[Picture], _Answer]
"""What one contender makes of a picture."""


@dataclass(frozen=True, slots=True)
class Turns(Generic[_Answer]):
    """What each contender answered to each picture, in order, and the seconds it took."""

    answers: Mapping[str, Sequence[_Answer]]
    seconds: Mapping[str, Sequence[float]]

    def ms(self, name: str) -> float:
        """The median of one contender's pictures, in milliseconds."""
        return 1000 * float(np.median(self.seconds[name]))

    def times_as_fast(self, name: str, other: str) -> float:
        """How many times as many pictures a second `name` does as `other`: the median of the pictures' own ratios."""
        return float(np.median(np.divide(self.seconds[other], self.seconds[name])))


def take_turns(pictures: Iterable[Picture], count: int, ways: Mapping[str, Way[_Answer]], step: Step) -> Turns[_Answer]:
    """Show every picture to everybody before the next one is made; the first is shown once more, for it warms up."""
    names = list(ways)
    answers: dict[str, list[_Answer]] = {name: [] for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn, picture in enumerate(pictures):
        if turn == 0:
            for look in ways.values():
                look(picture)
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            began = time.perf_counter()
            answer = ways[name](picture)
            seconds[name].append(time.perf_counter() - began)
            answers[name].append(answer)
        step(turn + 1, count)
    return Turns(answers, seconds)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep OpenCV and numpy's BLAS to one thread each while this lasts; networks are told when they are opened."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    one_thread_a_task()
    try:
        yield
    finally:
        cv2.setNumThreads(before)
