"""The page of examples: its commands are run as they stand against a running gate, and answer as it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import gate.api
from enrollment.database import reading, writing
from gate.config import load_config
from gate.ledger.ledger import Chain, Passage
from gate.ledger.tables import LedgerRow
from gate.running import RunningGate
from gate.serving import serving
from gate.site import Site, open_site
from models.store import Store
from tests.gate.api.conftest import NOON

PAGE = Path(gate.api.__path__[0]) / "EXAMPLES.md"
TOML = """
[console]
port = 0
[[camera]]
id = "north"
url = "file:missing.mp4"
[[barrier]]
id = "arm"
url = "sim://"
travel_s = 0.2
[[lane]]
id = "north-in"
name = "北门入口"
kind = "vehicle"
camera = "north"
barrier = "arm"
"""
MARK = "---- the next block ----"


def blocks() -> list[tuple[str, str]]:
    return re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def running(tmp_path: Path, made_starter: Path) -> Iterator[tuple[str, Site]]:
    (tmp_path / "gate.toml").write_text(TOML, "utf-8")
    config = load_config(tmp_path / "gate.toml")
    with open_site(config, create=True) as site:
        with writing(site.engine) as session:
            chain = Chain(session)
            for number in range(3):
                at, details = NOON + timedelta(minutes=number), {"plate": f"苏Z7002{number}"}
                chain.add_passage(
                    Passage(f"p{number}", at, "north-in", "ask", "unknown_vehicle", None, "r", details), None
                )
            chain.flush()
        with serving(RunningGate(config, site, Store())) as url:
            yield url.rstrip("/"), site


def test_every_command_works_and_answers_as_the_page_says(running: tuple[str, Site], tmp_path: Path) -> None:
    url, site = running
    shells = [text for kind, text in blocks() if kind == "sh"]
    script = f"\necho; echo '{MARK}'\n".join(["set -euo pipefail", *shells])
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**kept, "PATH": programs, "GATE": url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    said = dict(zip(shells, done.stdout.split(f"\n{MARK}\n")[1:], strict=True))
    compared = 0
    for (kind, shell), (after, example) in zip(blocks(), blocks()[1:], strict=False):
        if (kind, after) == ("sh", "json"):
            assert shape(json.loads(said[shell])) == shape(json.loads(example)), shell
            compared += 1
    assert compared == len([kind for kind, _ in blocks() if kind == "json"])
    assert json.loads((tmp_path / "repeated.json").read_text())["repeated"]
    assert "304" in next(text for shell, text in said.items() if "etag-compare" in shell)
    with reading(site.engine) as session:
        orders = session.scalars(select(LedgerRow.body).where(LedgerRow.kind == "manual.open")).all()
    (order,) = map(json.loads, orders)
    assert (order["actor"], order["lane"], order["reason"]) == ("api:property-office", "north-in", "delivery")


def shape(told: Any) -> Any:
    """What a JSON value is made of: names at every depth, and the problem's own words."""
    if isinstance(told, dict):
        return {name: told[name] if name in {"code", "field", "status"} else shape(one) for name, one in told.items()}
    if isinstance(told, list):
        return [shape(one) for one in told if isinstance(one, dict)]
    return None


def test_the_page_is_in_both_languages() -> None:
    prose = re.sub(r"^```.*?^```$", "", PAGE.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    paragraphs = [text for text in prose.split("\n\n") if text.strip() and not text.lstrip().startswith("#")]
    chinese = [bool(re.search("[\u4e00-\u9fff]{2}", text)) for text in paragraphs]
    assert chinese == [True, False] * (len(paragraphs) // 2)
