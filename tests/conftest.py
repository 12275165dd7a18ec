"""What every test may ask for: real weights, real photographs, and that nothing is skipped where it matters."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import models.catalog
import models.store
from models.training.publish import publish
from tests.models.made import STARTER

MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 6 << 30
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
    # Thousands of tests begin with a database of their own, and a disk takes most of its time to make one's files.
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

EVERYTHING = os.environ.get("GATE_TEST_EVERYTHING") == "1"
"""Set where every server, weight and photograph is at hand: a skipped test is then a failed one."""

# No test goes by the clock on the wall, which a busy machine stretches. The same examples each time, so that a change
# is judged by itself; GATE_TEST_EXAMPLES=20000 looks for new ones, that many for each property.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, database=None
)
settings.register_profile(
    "search",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=int(os.environ.get("GATE_TEST_EXAMPLES", "100")),
)
# What a parallel run tells its processes of the terminal would hold for tables that a test asks in another width.
os.environ.pop("COLUMNS", None)

settings.load_profile("search" if "GATE_TEST_EXAMPLES" in os.environ else "house")


LONGEST = (
    "tests/samples/test_demo.py",
    "tests/gate/bench/test_gate.py",
    "tests/gate/bench/test_lanes.py",
    "tests/gate/community/test_delivery.py",
    "tests/gate/barrier/test_killed.py",
    "tests/gate/ledger/test_verify.py",
    "tests/gate/ledger/test_bundle.py",
    "tests/gate/lane/test_pictures_of_residents.py",
)
"""Files that take a minute or so: begun first, none of them is left to one process while the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if EVERYTHING and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {call.excinfo.value if call.excinfo else item.name}"
    return report


def _folder(variable: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: no real weights or photographs here")
    return Path(value).resolve()


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder of real weights."""
    return _folder("GATE_MODELS_MIRROR")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of labelled photographs."""
    return _folder("GATE_DATA")


@pytest.fixture(autouse=True, scope="session")
def _own_store(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """Keep the models that tests pull out of the user's own store, and every text in Chinese unless asked otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATE_MODELS_STORE", str(tmp_path_factory.mktemp("store")))
        patch.delenv("GATE_LANG", raising=False)
        yield


@pytest.fixture
def made_starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """The folder of a catalogue whose starter pack is made up: networks that keep their contracts and know nothing."""
    home = tmp_path / "made"
    (home / "weights").mkdir(parents=True)
    ours = Path(models.__path__[0])
    shutil.copy(ours / "catalog.toml", home)
    for mapped in (ours / "weights").glob("*_behind_mask.npy"):
        shutil.copy(mapped, home / "weights")
    for name, make in STARTER.items():
        (home / "made.onnx").write_bytes(make())
        publish(name, home / "made.onnx", home)
    monkeypatch.setattr(models.catalog, "LISTED", home / "catalog.toml")
    monkeypatch.setattr(models.store, "WEIGHTS", home / "weights")
    models.catalog.catalog.cache_clear()
    yield home
    models.catalog.catalog.cache_clear()


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 800 kB of its own, to be filled up."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=800k", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"this machine lets nobody mount a small disk: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)
