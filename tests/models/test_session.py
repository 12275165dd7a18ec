from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelCorrupt
from models.session import Session


def test_importing_any_room_leaves_no_trace_in_the_home_and_starts_no_telemetry(tmp_path: Path) -> None:
    script = "import os, models.session, models.open, onnxruntime; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=bare | {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"
    assert [str(path) for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_network_gives_its_outputs(mean_network: bytes) -> None:
    session = Session(mean_network, "means")
    assert session.outputs == ("means",)
    assert session.fixed_size == (112, 112)
    (means,) = session.run(np.full((1, 3, 112, 112), 7, np.float32))
    assert np.allclose(means, 7)


@pytest.mark.parametrize("weights", [b"", b"this is no network", b"\x08\x07" * 400])
def test_bytes_that_are_no_network_are_corrupt(weights: bytes) -> None:
    with pytest.raises(ModelCorrupt) as refused:
        Session(weights, "toy")
    assert refused.value.code == "models.not_a_network"
    assert refused.value.facts == {"name": "toy"}


def test_a_cut_network_is_corrupt(mean_network: bytes) -> None:
    with pytest.raises(ModelCorrupt):
        Session(mean_network[: len(mean_network) // 2], "toy")


def test_a_shape_that_the_network_does_not_take_is_said(mean_network: bytes) -> None:
    with pytest.raises(ModelCorrupt) as refused:
        Session(mean_network, "means").run(np.zeros((1, 3, 8, 8), np.float32))
    assert refused.value.facts["shape"] == "1x3x8x8"


def test_several_threads_share_a_session(mean_network: bytes) -> None:
    session = Session(mean_network, "means")

    def mean(value: int) -> float:
        return float(session.run(np.full((1, 3, 112, 112), value, np.float32))[0][0, 0])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(mean, range(60))) == pytest.approx(list(range(60)))
