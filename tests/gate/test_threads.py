from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import cv2
import numpy as np  # noqa: F401 - its BLAS is what is asked about
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from gate.threads import TURN_S, one_thread_a_task, settle


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threads, turn_s = cv2.getNumThreads(), sys.getswitchinterval()
    with threadpool_limits():
        yield
    cv2.setNumThreads(threads)
    sys.setswitchinterval(turn_s)


def test_numpy_and_opencv_keep_to_the_thread_that_calls_them_and_turns_are_short() -> None:
    one_thread_a_task()
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert pools
    assert {pool["num_threads"] for pool in pools} == {1}
    assert cv2.getNumThreads() == 1
    assert sys.getswitchinterval() == pytest.approx(TURN_S)


def test_what_lasts_is_left_out_of_later_searches_for_garbage() -> None:
    kept = [[number] for number in range(1000)]
    settle()
    try:
        assert gc.get_freeze_count() >= len(kept)
        assert not any(one is kept for one in gc.get_objects())
    finally:
        gc.unfreeze()
