from __future__ import annotations

import inspect
import re
from pathlib import Path

import enrollment.planning
import enrollment.sources
import enrollment.takeover
import enrollment.told
import gate.community.registers
from enrollment.told import FIELDS, ToldKind
from gate.texts import catalogue

FOLDER = Path(gate.community.registers.__path__[0])
RECORDED = {"community.taken_over"}
"""What only the record says."""


def test_every_conflict_kind_and_field_has_its_words() -> None:
    source = inspect.getsource(enrollment.planning)
    codes = set(re.findall(r'_object(?:_here)?\(\s*"([a-z_]+)"', source)) | {"plate_twice", "name_twice"}
    codes |= set(re.findall(r'Conflict\("([a-z_]+)"', source))
    assert {"edited_here", "erased_here", "plate_elsewhere", "no_household"} <= codes
    assert {f"source.conflict.{code}" for code in codes} == {
        code for code in catalogue() if code.startswith("source.conflict.")
    }
    fields = {name for names in FIELDS.values() for name in names} - {"born", "owner_name", "owner_phone"}
    wanted = {f"source.kind.{kind}" for kind in ToldKind} | {
        f"source.field.{name}" for name in (*fields, "minor_until", "ended")
    }
    assert wanted <= set(catalogue())


def test_every_refusal_has_its_sentence() -> None:
    texts = [file.read_text("utf-8") for file in FOLDER.glob("*.py")]
    texts += [inspect.getsource(part) for part in (enrollment.told, enrollment.takeover, enrollment.sources)]
    written = {code for text in texts for code in re.findall(r'"((?:community|source|told|roster)\.[a-z_]+)"', text)}
    assert {"told.no_ref", "source.push_visitor", "community.incomplete"} <= written
    assert written - RECORDED <= set(catalogue())
