from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gate.bench.choice import models_of
from gate.bench.speed import Material, machine, measure
from models.cast import ROLES, Cast
from models.catalog import catalog
from models.store import Store

BASE = Cast.of_pack("base")


def _noise(height: int, width: int) -> list[np.ndarray]:
    return [np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)]


@pytest.fixture(scope="module")
def material() -> Material:
    return Material(_noise(360, 640), _noise(360, 640), _noise(48, 150), _noise(112, 112))


def test_packs_are_timed_side_by_side_in_every_role(mirror: Path, material: Material) -> None:
    steps: list[tuple[int, int]] = []
    packs = {"base": BASE, "yunet": models_of("yunet", BASE)}
    speed = measure(packs, Store(), material, 2, lambda done, whole: steps.append((done, whole)))
    assert steps == [(1, 2), (2, 2)]
    rows = {(row.work, row.longest_px, row.threads): row for row in speed.timings}
    assert {(work, size) for work, size, _ in rows} == {
        ("face-finder", 640),
        ("face-finder", 320),
        ("face-embedder", None),
        ("plate-finder", 640),
        ("plate-finder", 320),
        ("plate-reader", None),
        ("plates", None),
        ("faces", None),
    }
    assert {threads for _, _, threads in rows} == {1, 2}
    found = rows["face-finder", 640, 1]
    assert set(found.ms) == {"base", "yunet"}
    assert all(taken is not None and taken > 0 for taken in found.ms.values())
    assert all(0 < (found.least_ms[pack] or 0) <= (found.ms[pack] or 0) for pack in found.ms)
    assert set(found.ratios) == {"yunet"}
    shared = rows["face-embedder", None, 1]
    assert shared.ms["base"] == shared.ms["yunet"]
    assert shared.ratios == {"yunet": 1}
    assert (speed.rounds, len(speed.weights)) == (2, 2 * len(ROLES))
    assert {weight.bytes for weight in speed.weights if weight.model == "yunet-s"} == {
        catalog().model("yunet-s").content.bytes
    }


def test_a_network_of_one_size_is_not_timed_at_another(mirror: Path, material: Material) -> None:
    packs = {"base": BASE}
    rows = measure(packs, Store(), material, 1, lambda _done, _whole: None).timings
    (fixed,) = [row for row in rows if (row.work, row.longest_px, row.threads) == ("plate-finder", 320, 1)]
    assert (fixed.ms, fixed.ratios) == ({"base": None}, {})


@pytest.mark.parametrize(
    ("cpuinfo", "named"),
    [
        ("processor\t: 0\nmodel name\t: AMD EPYC 9B14\n", "AMD EPYC 9B14"),
        ("Hardware\t: Rockchip RK3588\n", "Rockchip RK3588"),
    ],
)
def test_the_machine_is_named_as_its_kernel_names_it(cpuinfo: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert machine(tmp_path / "cpuinfo").processor == named
    assert machine(tmp_path / "none").processor
    assert machine().cores >= 1
