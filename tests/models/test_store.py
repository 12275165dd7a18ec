from __future__ import annotations

import fcntl
import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from platformdirs import user_data_path

import models.download
import models.store
from models.catalog import Archive, Commercial
from models.errors import LicenceNotAccepted, ModelCorrupt, ModelUnavailable
from models.mirror import FolderMirror, WebMirror
from models.store import State, Store
from tests.models.made import content_of, model_of
from tests.models.web import Web, serving

WEIGHTS = b"weights" * 30_000
NOWHERE = "https://127.0.0.1:1/toy.onnx"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.download, "PAUSE_S", 0)
    for variable in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    """A mirror folder that holds the weights under another name."""
    stick = tmp_path / "usb" / "deep"
    stick.mkdir(parents=True)
    (stick / "renamed").write_bytes(WEIGHTS)
    return tmp_path / "usb"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving(Web({"toy.onnx": WEIGHTS})) as web:
        yield web


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_the_environment_says_where_things_are(tmp_path: Path) -> None:
    named = Store(environment={"GATE_MODELS_STORE": str(tmp_path), "GATE_MODELS_MIRROR": "/a,https://m.invalid"})
    assert named.folder == tmp_path
    assert list(named.mirrors) == [FolderMirror(Path("/a")), WebMirror("https://m.invalid")]
    assert Store(environment={}).folder == user_data_path("menwei") / "models"


def test_a_mirror_folder_gives_the_file(folder: Path, usb: Path) -> None:
    store, model = Store(folder, [FolderMirror(usb)]), model_of(WEIGHTS, address=NOWHERE)
    assert store.state(model) is State.MIRROR
    assert store.read(model) == WEIGHTS
    assert store.state(model) is State.HERE
    assert _files(folder) == ["toy.onnx"]


def test_what_is_here_is_taken_before_any_mirror(folder: Path) -> None:
    folder.mkdir()
    (folder / "toy.onnx").write_bytes(WEIGHTS)
    assert Store(folder, []).read(model_of(WEIGHTS, address=NOWHERE)) == WEIGHTS


@pytest.mark.parametrize("by_hash", [True, False])
def test_a_web_mirror_gives_the_file_by_name_or_by_hash(folder: Path, web: Web, *, by_hash: bool) -> None:
    model = model_of(WEIGHTS, address=NOWHERE)
    if by_hash:
        web.files = {model.content.sha256: WEIGHTS}
    steps: list[tuple[str, int, int]] = []
    store = Store(folder, [WebMirror(web.base)])
    store.pull([model], lambda model, have, whole: steps.append((model.name, have, whole)))
    assert store.read(model) == WEIGHTS
    assert steps[-1] == ("toy", len(WEIGHTS), len(WEIGHTS))
    assert _files(folder) == ["toy.onnx"]


def test_a_folder_is_asked_before_the_web(folder: Path, usb: Path, web: Web) -> None:
    Store(folder, [WebMirror(web.base), FolderMirror(usb)]).pull([model_of(WEIGHTS)])
    assert web.asked == []


def test_a_mirror_that_lies_is_passed_over_for_the_next(folder: Path, web: Web) -> None:
    with serving(Web({"toy.onnx": WEIGHTS[::-1]})) as liar:
        Store(folder, [WebMirror(liar.base), WebMirror(web.base)]).pull([model_of(WEIGHTS, address=NOWHERE)])
    assert (folder / "toy.onnx").read_bytes() == WEIGHTS


def test_a_cut_pull_goes_on_at_the_next_one(folder: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.download, "TRIES", 1)
    web.cut_after = [150_000]
    store, model = Store(folder, [WebMirror(web.base)]), model_of(WEIGHTS, address=NOWHERE)
    with pytest.raises(ModelUnavailable) as cut:
        store.pull([model])
    assert cut.value.code == "models.no_answer"
    assert not store.path(model).exists()
    store.pull([model])
    assert web.asked[-1][1] is not None
    assert store.read(model) == WEIGHTS
    assert _files(folder) == ["toy.onnx"]


def test_no_way_at_all_is_said_in_one_fault_that_names_what_to_do(folder: Path) -> None:
    with pytest.raises(ModelUnavailable) as failed:
        Store(folder, []).read(model_of(WEIGHTS, address=NOWHERE))
    assert failed.value.code == "models.unavailable"
    assert failed.value.facts == {"file": "toy.onnx", "store": folder, "variable": "GATE_MODELS_MIRROR"}
    assert _files(folder) == []


def test_a_wrong_file_in_the_store_is_never_used_and_a_pull_mends_it(folder: Path, usb: Path) -> None:
    store, model = Store(folder, [FolderMirror(usb)]), model_of(WEIGHTS)
    store.pull([model])
    store.path(model).write_bytes(WEIGHTS[:-1] + b"X")
    assert store.state(model) is State.CORRUPT
    with pytest.raises(ModelCorrupt) as refused:
        store.read(model)
    assert refused.value.code == "models.corrupt"
    assert refused.value.facts == {"path": store.path(model), "pack": "toys"}
    store.pull([model])
    assert store.read(model) == WEIGHTS


def test_a_licence_that_forbids_commerce_wants_to_be_accepted(folder: Path, usb: Path) -> None:
    store, model = Store(folder, [FolderMirror(usb)]), model_of(WEIGHTS, commercial=Commercial.NO)
    with pytest.raises(LicenceNotAccepted) as refused:
        store.read(model)
    assert refused.value.facts == {"name": "toy", "licence": "invented", "pack": "toys"}
    assert not folder.exists()
    store.pull([model], accepted=True)
    assert store.read(model) == WEIGHTS


def _zipped(tmp_path: Path, member: str, weights: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("readme.txt", "invented")
        zipped.writestr(member, weights)
    return stream.getvalue()


@pytest.mark.parametrize("member", ["toy.onnx", "pack/toy.onnx"])
@pytest.mark.parametrize("from_folder", [True, False])
def test_a_model_comes_out_of_a_published_zip(tmp_path: Path, folder: Path, member: str, *, from_folder: bool) -> None:
    whole = _zipped(tmp_path, member, WEIGHTS)
    archive = Archive("pack", "https://127.0.0.1:1/pack.zip", content_of(whole))
    model = model_of(WEIGHTS, archive=archive)
    stick = tmp_path / "usb"
    stick.mkdir()
    (stick / "p.zip").write_bytes(whole)
    with serving(Web({"pack.zip": whole})) as web:
        store = Store(folder, [FolderMirror(stick) if from_folder else WebMirror(web.base)])
        store.pull([model])
    assert store.read(model) == WEIGHTS
    assert _files(folder) == ["toy.onnx"]
    assert (stick / "p.zip").exists()


@pytest.mark.parametrize("whole", [b"no zip at all", _zipped(Path(), "other.onnx", WEIGHTS)])
def test_a_zip_without_the_model_is_corrupt(tmp_path: Path, folder: Path, whole: bytes) -> None:
    (tmp_path / "p.zip").write_bytes(whole)
    archive = Archive("pack", "https://127.0.0.1:1/pack.zip", content_of(whole))
    with pytest.raises(ModelCorrupt) as refused:
        Store(folder, [FolderMirror(tmp_path)]).pull([model_of(WEIGHTS, archive=archive)])
    assert refused.value.code == "models.corrupt_source"
    assert _files(folder) == []


def test_a_full_disk_is_said_and_leaves_no_half_file(folder: Path, web: Web) -> None:
    folder.mkdir()
    model = model_of(WEIGHTS, address=NOWHERE)
    # Everything written to this device finds it full, and the link is the half file that must go.
    (folder / f"{model.content.sha256}.part").symlink_to("/dev/full")
    with pytest.raises(ModelUnavailable) as failed:
        Store(folder, [WebMirror(web.base)]).pull([model])
    assert failed.value.code == "models.disk_full"
    assert _files(folder) == []


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path, usb: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelUnavailable) as failed:
        Store(tmp_path / "file" / "store", [FolderMirror(usb)]).pull([model_of(WEIGHTS)])
    assert failed.value.code == "models.unwritable"


def test_a_folder_in_the_place_of_a_file_is_said(folder: Path) -> None:
    (folder / "toy.onnx").mkdir(parents=True)
    with pytest.raises(ModelUnavailable) as failed:
        Store(folder, []).read(model_of(WEIGHTS))
    assert failed.value.code == "models.unreadable"


def test_several_threads_may_need_the_same_file_at_once(folder: Path, usb: Path) -> None:
    model = model_of(WEIGHTS)

    def read(_: int) -> bytes:
        return Store(folder, [FolderMirror(usb)]).read(model)

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(read, range(12))) == {WEIGHTS}
    assert _files(folder) == ["toy.onnx"]


def test_a_store_that_another_process_fills_for_long_is_said(
    folder: Path, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.store, "BUSY_AFTER_S", 0)
    folder.mkdir()
    with (folder / ".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ModelUnavailable) as failed:
            Store(folder, [FolderMirror(usb)]).pull([model_of(WEIGHTS)])
    assert failed.value.code == "models.busy"


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a file that comes with the program, and the file in it."""
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "toy.onnx").write_bytes(WEIGHTS)
    monkeypatch.setattr(models.store, "WEIGHTS", weights)
    return weights / "toy.onnx"


def test_what_comes_with_the_program_needs_no_store_and_no_network(folder: Path, shipped: Path) -> None:
    store, model = Store(folder, []), model_of(WEIGHTS, shipped=True)
    assert store.state(model) is State.SHIPPED
    assert store.read(model) == WEIGHTS
    store.pull([model])
    assert not folder.exists()


def test_what_came_with_the_program_and_was_altered_is_not_used(folder: Path, shipped: Path, usb: Path) -> None:
    store, model = Store(folder, [FolderMirror(usb)]), model_of(WEIGHTS, shipped=True)
    shipped.write_bytes(b"altered")
    assert store.state(model) is State.CORRUPT
    for act in (lambda: store.read(model), lambda: store.pull([model])):
        with pytest.raises(ModelCorrupt) as refused:
            act()
        assert refused.value.code == "models.shipped_broken"
        assert refused.value.facts["path"] == shipped


def test_what_should_have_come_with_the_program_is_not_looked_for_elsewhere(
    folder: Path, shipped: Path, usb: Path
) -> None:
    store, model = Store(folder, [FolderMirror(usb)]), model_of(WEIGHTS, shipped=True)
    shipped.unlink()
    assert store.state(model) is State.MISSING
    with pytest.raises(ModelCorrupt) as refused:
        store.read(model)
    assert refused.value.code == "models.shipped_broken"
