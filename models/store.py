"""The store of weight files on this box, and the ways in which a file gets there.

A file is looked for in the store, then in the mirrors, then at its address in the catalogue; one that comes with the
program lies in `weights/` and needs none of them. Whatever the way, its SHA-256 is checked before it is used and again
every time it is read, and it appears in the store whole or not at all.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from importlib import resources
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

from models.catalog import Archive, Content, Model
from models.download import TIMEOUTS, fetch
from models.errors import LicenceNotAccepted, ModelCorrupt, ModelsError, ModelUnavailable
from models.face.behind_mask import read_map
from models.mirror import FolderMirror, Mirror, WebMirror, parse_mirrors
from models.placement import Progress, holds, place, promote

STORE = "GATE_MODELS_STORE"
"""Names the folder of the store; unset, it is the user's data folder."""

MIRROR = "GATE_MODELS_MIRROR"
"""Lists mirror folders and base addresses, comma-separated."""

WEIGHTS = Path(str(resources.files("models") / "weights"))
"""The files that come with the program."""

BUSY_AFTER_S = 30.0
"""So long one process waits for another that is filling the same store."""

ModelProgress = Callable[[Model, int, int], None]
"""Called with the model, the bytes that are here and the bytes there will be."""


class State(StrEnum):
    """Where a model's file stands."""

    SHIPPED = "shipped"
    HERE = "here"
    MIRROR = "mirror"
    MISSING = "missing"
    CORRUPT = "corrupt"


def _silent(_model: Model, _have: int, _all: int) -> None:
    """No progress is shown."""


class Store:
    """The weight files of one box. Without arguments the environment says where they are.

    Several threads and processes may share a store: one fills it at a time, and a file is put in place in one step.
    """

    def __init__(
        self,
        folder: Path | None = None,
        mirrors: Sequence[Mirror] | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        named = environment.get(STORE)
        self.folder = folder or (Path(named).expanduser() if named else user_data_path("menwei") / "models")
        self.mirrors = parse_mirrors(environment.get(MIRROR, "")) if mirrors is None else mirrors

    def path(self, model: Model) -> Path:
        """Where the file is kept, whether it is there or not."""
        return (WEIGHTS if model.shipped else self.folder) / model.file

    def state(self, model: Model) -> State:
        """Where the file stands, by its hash. Asks no network."""
        path = self.path(model)
        if path.exists():
            if not holds(path, model.content):
                return State.CORRUPT
            return State.SHIPPED if model.shipped else State.HERE
        if model.shipped:
            return State.MISSING
        return State.MIRROR if self._in_folders(model.content) else State.MISSING

    def read_map(self, model: Model) -> NDArray[np.floating] | None:
        """An embedder's map for masked faces, which comes with the program; None where it has none.

        Raises:
            ModelCorrupt: `models.shipped_broken`, `models.not_a_network`.
            ModelUnavailable: `models.unreadable`.
        """
        behind = model.behind_mask
        if behind is None:
            return None
        return read_map(_checked(WEIGHTS / behind.file, behind.content, "models.shipped_broken", model), model.name)

    def read(self, model: Model) -> bytes:
        """The checked bytes of the file, brought into the store first where it is not there yet.

        Raises:
            ModelCorrupt: `models.corrupt`, the store holds other bytes under that name; `models.shipped_broken`.
            LicenceNotAccepted, ModelUnavailable: as `pull` does.
        """
        path = self.path(model)
        if not path.exists():
            self.pull([model])
        return _checked(path, model.content, "models.shipped_broken" if model.shipped else "models.corrupt", model)

    def pull(self, models: Sequence[Model], progress: ModelProgress = _silent, *, accepted: bool = False) -> None:
        """Bring files into the store unless the right ones are there; a wrong one is replaced.

        Raises:
            LicenceNotAccepted: `models.licence`, unless `accepted`; nothing is brought then.
            ModelUnavailable: `models.unavailable`, `models.unwritable`, `models.disk_full` or `models.busy`; the
                sentence says what to do.
            ModelCorrupt: `models.corrupt_source`, what came was something else; `models.shipped_broken`, a file that
                comes with the program is not as it came.
        """
        wanted = [model for model in models if not holds(self.path(model), model.content)]
        for model in wanted:
            if model.shipped:
                raise ModelCorrupt("models.shipped_broken", path=self.path(model))
            if model.needs_acceptance and not accepted:
                raise LicenceNotAccepted("models.licence", name=model.name, licence=model.licence, pack=model.packs[0])
        if not wanted:
            return
        with self._filling():
            for model in wanted:
                self._bring(model, partial(progress, model))
            for archive in {model.archive for model in wanted if model.archive}:
                self._zip(archive).unlink(missing_ok=True)

    def _bring(self, model: Model, progress: Progress) -> None:
        found = self._in_folders(model.content)
        if holds(self.path(model), model.content):
            return  # another process was faster
        if found:
            with found.open("rb") as source:
                place(source, self.path(model), model.content, progress)
        elif model.archive and model.member:
            self._unpack(model, model.archive, model.member, progress)
        else:
            self._fetch(self.path(model), model.address, model.content, progress)

    def _in_folders(self, content: Content) -> Path | None:
        found = (mirror.find(content) for mirror in self.mirrors if isinstance(mirror, FolderMirror))
        return next((file for file in found if file), None)

    def _fetch(self, target: Path, address: str | None, content: Content, progress: Progress) -> None:
        """From the web mirrors or the published address, by way of a `.part` that survives a cut."""
        part = self.folder / f"{content.sha256}.part"
        failed: ModelsError | None = None
        with httpx.Client(timeout=TIMEOUTS) as client:
            for source in self._sources(target.name, address, content):
                try:
                    fetch(source, content, part, client, progress)
                except ModelsError as fault:
                    failed = fault
                    continue
                except OSError:
                    part.unlink(missing_ok=True)
                    raise
                promote(part, target)
                return
        if failed and (part.exists() or isinstance(failed, ModelCorrupt)):
            raise failed
        raise ModelUnavailable("models.unavailable", file=target.name, store=self.folder, variable=MIRROR) from failed

    def _sources(self, file: str, address: str | None, content: Content) -> Iterator[str]:
        for mirror in self.mirrors:
            if isinstance(mirror, WebMirror):
                yield from mirror.addresses(file, content)
        if address:
            yield address

    def _unpack(self, model: Model, archive: Archive, member: str, progress: Progress) -> None:
        """One member out of a published zip, which comes from a mirror folder or the network."""
        whole = self._in_folders(archive.content)
        if whole is None:
            whole = self._zip(archive)
            if not holds(whole, archive.content):
                self._fetch(whole, archive.address, archive.content, progress)
        try:
            with zipfile.ZipFile(whole) as zipped:
                inner = next(name for name in zipped.namelist() if Path(name).name == member)
                with zipped.open(inner) as source:
                    place(source, self.path(model), model.content, progress)
        except (zipfile.BadZipFile, StopIteration) as broken:
            raise ModelCorrupt("models.corrupt_source", address=archive.address) from broken

    def _zip(self, archive: Archive) -> Path:
        return self.folder / f"{archive.name}.zip"

    @contextmanager
    def _filling(self) -> Iterator[None]:
        """Alone in the store for as long as this lasts, with the disk's faults in the words of this room."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / ".lock").open("w") as lock:
                self._wait_for(lock.fileno())
                yield
        except OSError as failed:
            code = "models.disk_full" if failed.errno in {errno.ENOSPC, errno.EDQUOT} else "models.unwritable"
            raise ModelUnavailable(code, store=self.folder, why=failed.strerror or str(failed)) from failed

    def _wait_for(self, lock: int) -> None:
        until = time.monotonic() + BUSY_AFTER_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    raise ModelUnavailable("models.busy", store=self.folder) from None
                time.sleep(0.05)


def _checked(path: Path, content: Content, broken: str, model: Model) -> bytes:
    """The bytes of a file, which are sure to be what the catalogue says."""
    try:
        held = path.read_bytes()
    except OSError as failed:
        raise ModelUnavailable("models.unreadable", path=path, why=failed.strerror) from failed
    if hashlib.sha256(held).hexdigest() != content.sha256:
        raise ModelCorrupt(broken, path=path, pack=model.packs[0])
    return held
