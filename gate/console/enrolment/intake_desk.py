"""A whole compound taken in from a page: the files that wait, and the one import that runs in the background."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from enrollment.errors import EntryRefused
from enrollment.faces import FacePhoto
from enrollment.photo_pack import PhotoPack
from enrollment.register import Register
from enrollment.roster import Album, Intake, Roster
from enrollment.roster_form import RosterForm
from enrollment.table_file import rows_of
from gate.console.errors import RequestRefused
from models.errors import Fault

KEPT_S = 3600.0
"""How long files that were handed in lie here at most: they hold personal data."""


class FileKind(StrEnum):
    """What may be handed in."""

    TABLE = "table"
    PHOTOS = "photos"


class Stage(StrEnum):
    """How far an import is; each has its words under `intake_stage.<stage>`."""

    FILES = "files"
    CHECKING = "checking"
    CHECKED = "checked"
    ENTERING = "entering"
    ENTERED = "entered"
    FAILED = "failed"


RUNNING = frozenset({Stage.CHECKING, Stage.ENTERING})


@dataclass(slots=True)
class Import:
    """One import by one member of staff. `names` are what the files were called where they came from.

    `done` and `total` are rows; `fault` is why it failed as a whole.
    """

    account: str
    folder: Path
    stage: Stage = Stage.FILES
    names: dict[FileKind, str] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    intake: Intake | None = None
    fault: Fault | None = None

    def path(self, kind: FileKind) -> Path:
        """Where a file of that kind lies; only its ending is its own."""
        return self.folder / f"{kind}{Path(self.names[kind]).suffix.lower()}"


def _after(delay_s: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(delay_s, act)
    timer.daemon = True
    timer.start()


class IntakeDesk:
    """At most one import at a time, for the lanes need the machine; whoever began it has it to themselves.

    `folder` is this desk's own: what a run before left there is deleted. `judge` is None where no lane knows faces.
    """

    def __init__(
        self,
        folder: Path,
        register: Register,
        form: Callable[[], RosterForm],
        judge: Callable[[bytes], FacePhoto] | None = None,
        later: Callable[[float, Callable[[], None]], None] = _after,
    ) -> None:
        self._folder = folder
        self._register = register
        self._form = form
        self._judge = judge
        self._later = later
        self._lock = threading.Lock()
        self._import: Import | None = None
        shutil.rmtree(folder, ignore_errors=True)

    @property
    def takes_photos(self) -> bool:
        """Whether photos can be judged here."""
        return self._judge is not None

    def of(self, account: str) -> Import | None:
        """The import of this account."""
        found = self._import
        return found if found is not None and found.account == account else None

    @contextlib.contextmanager
    def receive(self, account: str, kind: FileKind, name: str) -> Iterator[BinaryIO]:
        """Take in a file, in place of one of that kind from before. Only whole ones count.

        Raises:
            RequestRefused: `console.intake.busy`, somebody's import is under way; `console.intake.no_faces`.
            EntryRefused: `table.kind`, `console.intake.not_zip`, `console.intake.no_room`.
        """
        if kind is FileKind.PHOTOS and self._judge is None:
            raise RequestRefused("console.intake.no_faces", 409)
        suffix = Path(name).suffix.lower()
        if suffix not in ({".csv", ".xlsx"} if kind is FileKind.TABLE else {".zip"}):
            raise EntryRefused("table.kind" if kind is FileKind.TABLE else "console.intake.not_zip", path=name)
        try:
            mine = self._begin(account)
            part = mine.folder / f"{secrets.token_hex(8)}.part"
            with contextlib.ExitStack() as undo:
                undo.callback(part.unlink, missing_ok=True)
                with part.open("wb") as file:
                    yield file
                self._put(mine, kind, name, part)
        except OSError as failed:
            raise EntryRefused("console.intake.no_room", why=failed.strerror) from failed

    def _put(self, mine: Import, kind: FileKind, name: str, part: Path) -> None:
        """A whole file takes the place of the one before, unless an import began or was given up meanwhile."""
        with self._lock:
            if self._import is not mine or mine.stage in RUNNING:
                raise RequestRefused("console.intake.busy", 409)
            if kind in mine.names:
                mine.path(kind).unlink(missing_ok=True)
            mine.names[kind] = name
            part.rename(mine.path(kind))
            mine.stage, mine.intake, mine.fault = Stage.FILES, None, None

    def check(self, account: str) -> None:
        """Try every row and enter nothing. Raises `RequestRefused` as `enter`."""
        self._run(account, Stage.CHECKING, Stage.CHECKED, actor=None)

    def enter(self, account: str) -> None:
        """Take in what fits. Raises `RequestRefused`: `console.intake.busy`, `console.intake.no_table`."""
        self._run(account, Stage.ENTERING, Stage.ENTERED, actor=account)

    def forget(self, account: str) -> None:
        """Delete the files and what came of them. Raises `RequestRefused`: `console.intake.busy`, it is under way."""
        with self._lock:
            mine = self.of(account)
            if mine is not None and mine.stage in RUNNING:
                raise RequestRefused("console.intake.busy", 409)
            if mine is not None:
                self._drop(mine)

    def _begin(self, account: str) -> Import:
        with self._lock:
            known = self._import
            if known is not None and (known.stage in RUNNING or known.account != account):
                raise RequestRefused("console.intake.busy", 409)
            if known is not None and known.stage is not Stage.ENTERED:
                return known
            if known is not None:
                self._drop(known)
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            mine = self._import = Import(account, self._folder)
        self._later(KEPT_S, lambda: self._expire(mine))
        return mine

    def _expire(self, mine: Import) -> None:
        with self._lock:
            if self._import is not mine:
                return
            if mine.stage not in RUNNING:
                self._drop(mine)
                return
        self._later(KEPT_S, lambda: self._expire(mine))

    def _drop(self, mine: Import) -> None:
        self._import = None
        shutil.rmtree(mine.folder, ignore_errors=True)

    def _run(self, account: str, during: Stage, after: Stage, actor: str | None) -> None:
        with self._lock:
            mine = self.of(account)
            if mine is None or FileKind.TABLE not in mine.names:
                raise RequestRefused("console.intake.no_table", 409)
            if mine.stage in RUNNING:
                raise RequestRefused("console.intake.busy", 409)
            mine.stage, mine.done, mine.total, mine.fault = during, 0, 0, None
        threading.Thread(target=self._take_in, args=(mine, after, actor), name="intake", daemon=True).start()

    def _take_in(self, mine: Import, after: Stage, actor: str | None) -> None:
        # What is not foreseen leaves this as it is: whoever waits on the page is told, and the thread's hook logs it.
        mine.fault, ended = Fault("console.intake.broke_off"), Stage.FAILED
        try:
            mine.intake = self._taken(mine, actor)
            mine.fault, ended = None, after
        except Fault as fault:
            mine.fault = fault
        finally:
            mine.stage = ended

    def _taken(self, mine: Import, actor: str | None) -> Intake:
        rows = list(rows_of(mine.path(FileKind.TABLE)))
        mine.total = max(len(rows) - 1, 0)

        def progress(done: int) -> None:
            mine.done = done

        with contextlib.ExitStack() as opened:
            album = None
            if self._judge is not None and FileKind.PHOTOS in mine.names:
                album = Album(opened.enter_context(PhotoPack(mine.path(FileKind.PHOTOS))), self._judge)
            roster = Roster(self._register, self._form())
            return roster.take_in(rows, actor or "", album, dry=actor is None, progress=progress)
