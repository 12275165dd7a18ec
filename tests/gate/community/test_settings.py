from __future__ import annotations

from pathlib import Path

import pytest

from gate.community.settings import WebhookPart
from gate.config import Config, parse_config
from gate.errors import ConfigRefused
from gate.texts import explain

WEBHOOK = {"id": "office", "kind": "webhook", "url": "https://192.0.2.9/gate", "secret_file": "secret"}
LANE = {
    "camera": [{"id": "north", "url": "file:x.mp4"}],
    "barrier": [{"id": "arm"}],
    "lane": [{"id": "north-in", "name": "北门", "kind": "vehicle", "camera": "north", "barrier": "arm"}],
}


def _parse(tmp_path: Path, *blocks: dict[str, object]) -> Config:
    return parse_config({**LANE, "community": {"destination": [*blocks]}}, tmp_path / "gate.toml")


def _problem(tmp_path: Path, *blocks: dict[str, object]) -> str:
    with pytest.raises(ConfigRefused) as refused:
        _parse(tmp_path, *blocks)
    (problem,) = refused.value.problems
    return explain(problem, "en")


def test_a_block_is_a_destination_whose_paths_count_from_the_file(tmp_path: Path) -> None:
    (part,) = _parse(tmp_path, WEBHOOK).community.destination
    assert isinstance(part, WebhookPart)
    assert part.secret_file == tmp_path / "secret"
    assert not part.names
    assert not part.pictures


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sercet_file": "x"}, "community.destination.0.sercet_file: there is no such key, did you mean secret_file?"),
        ({"kind": "webhok"}, "community.destination.0.kind"),
        ({"url": "https://user:pw@192.0.2.9/x"}, "password_file"),
        ({"url": "http://192.0.2.9/x"}, "unencrypted = true"),
        ({"url": "https://192.0.2.9/x?key=1"}, "without ? and #"),
        ({"url": "ftp://192.0.2.9"}, "https://"),
        ({"keep_days": 0}, "community.destination.0.keep_days"),
    ],
)
def test_a_wrong_block_says_which_key_and_what_to_write(tmp_path: Path, change: dict[str, object], said: str) -> None:
    assert said in _problem(tmp_path, {**WEBHOOK, **change})


def test_a_block_without_its_kind_or_a_needed_key_says_so(tmp_path: Path) -> None:
    for key in ("kind", "url", "secret_file"):
        block = {name: value for name, value in WEBHOOK.items() if name != key}
        assert f"community.destination.0.{key}" in _problem(tmp_path, block)


def test_two_destinations_of_one_name_and_unknown_lanes_are_refused(tmp_path: Path) -> None:
    assert "office" in _problem(tmp_path, WEBHOOK, WEBHOOK)
    hc = {"id": "hc", "kind": "hc", "url": "https://192.0.2.9", "community_id": "1", "machines": {"nroth": "MC1"}}
    assert "nroth" in _problem(tmp_path, hc)


def test_the_view_library_is_off_without_a_contract(tmp_path: Path) -> None:
    block = {
        "id": "police",
        "kind": "gat1400",
        "url": "https://192.0.2.9",
        "device_id": "3" * 20,
        "username": "gate",
        "password_file": "password",
    }
    assert "community.destination.0.contract" in _problem(tmp_path, block)
    assert _parse(tmp_path, {**block, "contract": "2025-017"}).community.destination[0].id == "police"
