"""From the [[reader]] tables of gate.toml to open lines."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from gate.errors import ReaderFault
from gate.password_file import read_password
from gate.reader.osdp.channel import DEFAULT_KEY
from gate.reader.osdp.keys import Keys
from gate.reader.osdp.line import OsdpLine
from gate.reader.osdp.session import Session
from gate.reader.reader import ReaderLine, ReaderState
from gate.reader.settings import ReaderPart
from gate.reader.wiegand import WiegandLine
from gate.reader.wire import open_wire
from gate.reader.worker import LineWorker, ReaderHealth

_KEY = re.compile(r"[0-9A-Fa-f]{32}")


def lines_of(parts: Iterable[ReaderPart]) -> list[tuple[ReaderPart, ...]]:
    """The readers by the line they share, in the order of the configuration."""
    by_line: dict[tuple[object, ...], list[ReaderPart]] = {}
    for part in parts:
        by_line.setdefault(part.line, []).append(part)
    return [tuple(together) for together in by_line.values()]


def open_line(parts: Sequence[ReaderPart], clock: Callable[[], float] = time.monotonic) -> ReaderLine:
    """The open line of readers that share it; blocks while it connects. Raises `ReaderFault`."""
    wire = open_wire(parts[0].url)
    if not parts[0].is_osdp:
        return WiegandLine(parts[0].id, wire, parts[0].alive_s, clock)
    sessions = [Session(part.id, part.address or 0, _keys(part)) for part in parts]
    return OsdpLine(wire, sessions, clock, max(part.reply_s for part in parts))


def _keys(part: ReaderPart) -> Callable[[], Keys]:
    """The key as its file is now: a changed one needs no restart."""
    return lambda: Keys(read_key(part.key_file) if part.key_file else None, part.install)


def read_key(path: Path) -> bytes:
    """The 16 bytes of a reader's key file.

    Raises:
        ReaderFault: `password.unreadable`, `password.exposed`, `reader.key_form`, or `reader.key_is_everybodys` for the
            key that all readers come with.
    """
    told = read_password(path, ReaderFault).strip()
    if not _KEY.fullmatch(told):
        raise ReaderFault("reader.key_form", path=path)
    if (key := bytes.fromhex(told)) == DEFAULT_KEY:
        raise ReaderFault("reader.key_is_everybodys", path=path)
    return key


def probe(parts: Sequence[ReaderPart], timeout_s: float) -> Mapping[str, ReaderHealth]:
    """How the readers of one line fare once each has answered or failed, or `timeout_s` are over."""
    changed = threading.Event()
    ids = [part.id for part in parts]
    worker = LineWorker(
        ids, lambda: open_line(parts), on_read=lambda _read: None, on_change=lambda _condition: changed.set()
    )
    worker.start()
    ends_s = time.monotonic() + timeout_s
    try:
        while (left_s := ends_s - time.monotonic()) > 0:
            states = {worker.health(id_).condition.state for id_ in ids}
            if ReaderState.CONNECTING not in states:
                break
            changed.wait(left_s)
            changed.clear()
        return {id_: worker.health(id_) for id_ in ids}
    finally:
        worker.stop(timeout_s=1.0)
