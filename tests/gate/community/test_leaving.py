"""The documentation lists every field that may leave this box: it is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gate.community
from gate.community.connections import connections
from gate.community.deliveries import DESTINATIONS
from gate.community.event import BODY, SWITCHES, Event
from gate.community.leaving import leaving_table
from gate.config import parse_config
from gate.texts import LANGUAGES, Language, catalogue

PAGE = Path(gate.community.__path__[0]) / "LEAVING.md"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_the_table_that_the_command_prints(language: Language) -> None:
    assert leaving_table(language) in PAGE.read_text("utf-8")


def test_every_field_is_made_of_a_known_one_and_what_is_personal_has_a_switch() -> None:
    for destination in DESTINATIONS.values():
        assert set(destination.fields.values()) <= {*BODY, "-"}
    assert set(SWITCHES) == {"plate", "name", "picture"}
    assert set(BODY) == set(Event.__slots__) - {"consented", "number", "lane_there", "device_there"}


def test_a_destination_is_short() -> None:
    files = ("webhook.py", "mqtt.py", "hc.py", "view_library.py", "view_library_community.py", "files.py", "sftp.py")
    lines = {name: len((PAGE.parent / name).read_text("utf-8").splitlines()) for name in files}
    assert all(count < 150 for count in lines.values()), lines


def test_every_connection_is_listed_without_a_secret(tmp_path: Path) -> None:
    config = parse_config(
        {
            "camera": [{"id": "north", "url": "rtsp://192.0.2.1/s"}, {"id": "clip", "url": "file:x.mp4"}],
            "barrier": [{"id": "door"}],
            "lane": [{"id": "walk", "name": "门", "kind": "pedestrian", "camera": "north", "barrier": "door"}],
            "reader": [
                {"id": "tcp", "url": "osdp+tcp://192.0.2.2:4001", "lane": "walk"},
                {"id": "cable", "url": "osdp:/dev/ttyUSB0", "lane": "walk"},
            ],
            "database": {"url": "postgresql://gate@192.0.2.3/gate"},
            "ledger": {"anchor_url": "https://192.0.2.4/token-abc", "anchor_secret_file": "s"},
            "community": {
                "destination": [
                    {"id": "w", "kind": "webhook", "url": "https://192.0.2.5:8443/token-abc", "secret_file": "s"},
                    {"id": "m", "kind": "mqtt", "url": "mqtts://192.0.2.6"},
                    {"id": "f", "kind": "files", "folder": "drop"},
                ]
            },
        },
        tmp_path / "gate.toml",
    )
    found_all = list(connections(config))
    listed = {(found.purpose, found.name): found.address for found in found_all}
    assert listed == {
        ("camera", "north"): "rtsp://192.0.2.1",
        ("reader", "tcp"): "osdp+tcp://192.0.2.2:4001",
        ("database", "gate"): "postgresql://192.0.2.3:5432",
        ("anchor", ""): "https://192.0.2.4",
        ("destination", "w"): "https://192.0.2.5:8443",
        ("destination", "m"): "mqtts://192.0.2.6:8883",
        ("destination", "f"): str(tmp_path / "drop"),
    }
    assert not re.search("token", str(found_all))
    by_name = {found.name: found for found in found_all}
    assert by_name["w"].leaves == ("minimum", "plates")
    assert by_name["w"].off == '[[community.destination]] id = "w"'
    assert all(f"community.leaves.{code}" in catalogue() for found in found_all for code in found.leaves)
