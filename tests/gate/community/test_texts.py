from __future__ import annotations

import re
from pathlib import Path

import gate.community
from gate.texts import catalogue

FOLDER = Path(gate.community.__path__[0])
LOGGED = {
    "away",
    "back",
    "behind",
    "broken",
    "caught_up",
    "dead_letter",
    "destination",
    "dropped",
    "mapped",
    "not_released",
    "not_trimmed",
    "resent",
    "set_aside",
}
"""What only the log or the record says, and the name of a table of gate.toml."""


def test_every_state_of_a_destination_has_its_sentence() -> None:
    written = {code for file in FOLDER.glob("*.py") for code in re.findall(r'"community\.([a-z_]+)"', file.read_text())}
    assert {"certificate", "sign_in", "clock", "said_no"} <= written
    missing = {code for code in written - LOGGED if f"community.{code}" not in catalogue()}
    assert not missing
