"""A site with two lanes, whose rules stand in a file of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.config import Config, load_config
from gate.site import Site, open_site

TOML = """
[rules]
file = "rules.toml"
[[camera]]
id = "c"
url = "usb:0"
[[barrier]]
id = "a"
[[barrier]]
id = "b"
[[lane]]
id = "north-in"
name = "北门入口"
kind = "vehicle"
camera = "c"
barrier = "a"
[[lane]]
id = "north-out"
name = "北门出口"
kind = "vehicle"
direction = "out"
camera = "c"
barrier = "b"
"""


@pytest.fixture
def rules_file(tmp_path: Path) -> Path:
    file = tmp_path / "rules.toml"
    file.write_text("grace_days = 3\n", "utf-8")
    return file


@pytest.fixture
def config(tmp_path: Path, rules_file: Path) -> Config:
    (tmp_path / "gate.toml").write_text(TOML, "utf-8")
    return load_config(tmp_path / "gate.toml")


@pytest.fixture
def site(config: Config) -> Iterator[Site]:
    with open_site(config, create=True) as opened:
        yield opened
