"""What `gate check` says about card readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.errors import ReaderFault
from gate.reader.opening import probe
from gate.reader.reader import ReaderState
from gate.reader.settings import ReaderPart
from gate.reader.worker import ReaderHealth
from gate.texts import explain, t
from models.errors import Fault

PROBE_S = 6.0
"""A reader that has not answered within this is taken as not there; one that speaks checksums alone takes two tries."""

Found = tuple[str, str | Fault, bool]
"""A reader's id, what was found, and whether it should not be left as it is."""


def examine_line(parts: Sequence[ReaderPart]) -> list[Found]:
    """Try the readers of one line."""
    waited_s = PROBE_S + max(part.alive_s or 0.0 for part in parts)
    found = probe(parts, waited_s)
    return [one for part in parts for one in _said(part, found[part.id], waited_s)]


def _said(part: ReaderPart, health: ReaderHealth, waited_s: float) -> Iterator[Found]:
    condition = health.condition
    if part.install:
        yield part.id, t("check.reader_installs"), True
    if condition.state is not ReaderState.ONLINE:
        code = condition.fault or "reader.still_connecting"
        facts = dict(condition.facts) if condition.fault else {"after_s": waited_s}
        fault = ReaderFault(code, **facts)
        held = code == "reader.port_held"  # most likely by the running gate, whose readers work then
        yield part.id, explain(fault) if held else fault, held
    elif condition.tampered:
        yield part.id, t("check.reader_tampered"), True
    elif not part.is_osdp:
        yield part.id, t("check.reader_wire_only"), False
    elif condition.secure:
        yield part.id, t("check.reader_secure", model=condition.model), False
    else:
        yield part.id, t("check.reader_clear", model=condition.model), True
