"""A site with a configuration that fills its register from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gate.community.registers.registers import Registers
from gate.config import Config, load_config
from gate.site import Site, open_site

SECRET = "a secret of HC itself"
LANE = """
[[camera]]
id = "c"
url = "usb:0"
[[barrier]]
id = "a"
[[lane]]
id = "north-in"
name = "北门入口"
kind = "vehicle"
camera = "c"
barrier = "a"
"""
HC = '[[community.source]]\nid = "hc"\nkind = "hc"\napp_id = "hc-app"\nsecret_file = "hc.secret"\napply = "auto"\n'
DROP = '[[community.source]]\nid = "drop"\nkind = "drop"\nfolder = "in"\napply = "auto"\nsettle_s = 0\nevery_s = 0.1\n'

Configure = Callable[[str], Config]


@pytest.fixture
def configured(tmp_path: Path) -> Configure:
    secret = tmp_path / "hc.secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    (tmp_path / "in").mkdir()

    def load(blocks: str) -> Config:
        file = tmp_path / "gate.toml"
        file.write_text(LANE + blocks, "utf-8")
        return load_config(file)

    return load


@pytest.fixture
def config(configured: Configure) -> Config:
    return configured(HC + DROP)


@pytest.fixture
def site(config: Config) -> Iterator[Site]:
    with open_site(config, create=True) as opened:
        yield opened


@pytest.fixture
def registers(site: Site, config: Config) -> Iterator[Registers]:
    opened = Registers(site, config)
    yield opened
    opened.close()
