from __future__ import annotations

import cv2
import numpy as np
import pytest

from gate.bench.turns import Turns, one_thread, take_turns
from models.sighting import Picture

PICTURES = [np.full((2, 2, 3), shade, np.uint8) for shade in (10, 20, 30)]


def test_everybody_sees_every_picture_and_none_is_always_first() -> None:
    seen: list[tuple[str, int]] = []

    def way(name: str) -> object:
        def look(picture: Picture) -> str:
            seen.append((name, int(picture[0, 0, 0])))
            return f"{name}{picture[0, 0, 0]}"

        return look

    steps: list[tuple[int, int]] = []
    turns = take_turns(iter(PICTURES), 3, {"a": way("a"), "b": way("b")}, lambda *step: steps.append(step))  # type: ignore[dict-item]
    assert turns.answers == {"a": ["a10", "a20", "a30"], "b": ["b10", "b20", "b30"]}
    warming, counted = seen[:2], seen[2:]
    assert warming == [("a", 10), ("b", 10)]
    assert counted == [("a", 10), ("b", 10), ("b", 20), ("a", 20), ("a", 30), ("b", 30)]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert all(second > 0 for seconds in turns.seconds.values() for second in seconds)


def test_a_picture_is_made_only_when_everybody_has_seen_the_one_before() -> None:
    order: list[str] = []

    def pictures() -> object:
        for number, picture in enumerate(PICTURES):
            order.append(f"made {number}")
            yield picture

    take_turns(pictures(), 3, {"a": lambda _picture: order.append("seen")}, lambda *_: None)  # type: ignore[arg-type]
    assert order == ["made 0", "seen", "seen", "made 1", "seen", "made 2", "seen"]


def test_a_ratio_is_the_median_of_the_pictures_own_ratios() -> None:
    turns = Turns({}, {"a": [0.1, 0.2, 0.1], "b": [0.1, 0.6, 0.2]})
    assert turns.times_as_fast("a", "b") == pytest.approx(2)
    assert turns.times_as_fast("b", "a") == pytest.approx(0.5)
    assert (turns.ms("a"), turns.ms("b")) == (pytest.approx(100), pytest.approx(200))


def test_the_threads_of_opencv_are_given_back() -> None:
    before = cv2.getNumThreads()
    with one_thread():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before
