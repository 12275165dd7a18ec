from __future__ import annotations

import numpy as np  # noqa: F401 - its BLAS is what is asked about
from threadpoolctl import threadpool_info, threadpool_limits

from gate.threads import one_thread_a_search


def test_numpy_keeps_to_the_thread_that_calls_it() -> None:
    with threadpool_limits():  # puts back what was before
        one_thread_a_search()
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert pools
    assert {pool["num_threads"] for pool in pools} == {1}
