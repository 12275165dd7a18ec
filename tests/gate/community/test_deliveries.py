"""Destinations beside each other, with threads and real peers: one in trouble holds up no other."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from enrollment.database import writing
from gate.community.deliveries import Deliveries, destination_views, outbox_of
from gate.community.delivery import Clocks
from gate.community.queue import Outcome, Queue
from gate.community.settings import FilesPart
from gate.config import Config, parse_config
from gate.ledger.ledger import Chain, Passage, append
from tests.gate.community import peers
from tests.gate.community.conftest import START, Gate, Hands
from tests.gate.community.peers import answer, serving
from tests.gate.community.sftp_peer import sftp_serving

LONG_S = 30.0


def _until(true: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < ends_s, "it never came true"
        time.sleep(0.02)


def _config(folder: Path, **urls: str) -> Config:
    secret = folder / "secret"
    secret.write_text("0123456789abcdef")
    secret.chmod(0o600)
    shared: dict[str, Any] = {"kind": "webhook", "unencrypted": True, "secret_file": "secret", "timeout_s": 1}
    blocks = [{"id": name, "url": url, **shared} for name, url in urls.items()]
    raw = {"community": {"destination": blocks}, "storage": {"folder": str(folder)}}
    return parse_config(raw, folder / "gate.toml")


def _record(gate: Gate, config: Config, count: int) -> None:
    outbox = outbox_of(config)
    with writing(gate.site.engine) as session:
        chain, written = Chain(session), []
        for number in range(count):
            passage = Passage(f"p{number}", START, "in", "open", "known_vehicle", f"car-{number}", "r", {})
            written.append((chain.add_passage(passage, None).seq, passage))
        chain.flush()
        outbox.post(session, written)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_hostile_destinations_hold_up_no_other_and_each_says_its_own_trouble(gate: Gate, tmp_path: Path) -> None:
    got: list[bytes] = []

    def takes(handler: Any, body: bytes) -> None:
        got.append(body)
        answer(handler, 204)

    with (
        serving(peers.slow_headers, None) as slow,
        serving(peers.endless_body, None) as endless,
        serving(lambda handler, _body: answer(handler, 302, Location="http://192.0.2.1"), None) as sends_on,
        serving(takes, None) as well,
    ):
        config = _config(tmp_path, slow=slow, endless=endless, elsewhere=sends_on, well=well)
        _record(gate, config, 40)
        clocks = Clocks(wall=lambda: START)
        deliveries = Deliveries(gate.site, config, lambda *_args, **_facts: None, clocks=clocks)
        deliveries.start()
        _until(lambda: len(got) == 40)
        _until(lambda: all(view.standing.code or view.id == "well" for view in _views(gate, config)))
        deliveries.stop(10.0)
    codes = {view.id: view.standing.code for view in _views(gate, config)}
    assert codes == {
        "slow": "community.no_answer",
        "endless": "community.answer_too_long",
        "elsewhere": "community.redirected",
        "well": None,
    }
    waiting = {view.id: view.standing.waiting for view in _views(gate, config)}
    assert waiting == {"slow": 40, "endless": 40, "elsewhere": 40, "well": 0}


def _views(gate: Gate, config: Config) -> list[Any]:
    return list(destination_views(gate.site, config, START))


def test_what_is_over_the_bounds_goes_with_a_row_of_the_record(gate: Gate, tmp_path: Path) -> None:
    config = _config(tmp_path, office="http://127.0.0.1:1")
    _record(gate, config, 5)
    _record_yesterday(gate, 31)
    noted: list[tuple[str, dict[str, Any]]] = []
    clocks = Clocks(wall=lambda: START + timedelta(days=31))
    deliveries = Deliveries(gate.site, config, lambda kind, **facts: noted.append((kind, facts)), clocks=clocks)
    deliveries.trim()
    assert noted == [("community.dropped", {"destination": "office", "events": 5})]
    assert Queue(gate.site.engine, "office").standing(START).dropped == 5


def _record_yesterday(gate: Gate, days: int) -> None:
    with writing(gate.site.engine) as session:
        append(session, START + timedelta(days=days - 1), "sign_in", {})


def test_a_clock_that_jumps_ahead_by_a_year_drops_nothing(gate: Gate, tmp_path: Path) -> None:
    config = _config(tmp_path, office="http://127.0.0.1:1")
    _record(gate, config, 5)
    clocks = Clocks(wall=lambda: START + timedelta(days=365))
    Deliveries(gate.site, config, lambda *_args, **_facts: None, clocks=clocks).trim()
    assert Queue(gate.site.engine, "office").standing(START).waiting == 5


def test_what_waits_for_a_destination_that_is_configured_no_more_is_kept_for_a_while(
    gate: Gate, tmp_path: Path
) -> None:
    _record(gate, _config(tmp_path, office="http://127.0.0.1:1"), 5)
    for days, left in ((29, 5), (31, 0)):
        _record_yesterday(gate, days)
        clocks = Clocks(wall=lambda days=days: START + timedelta(days=days))  # type: ignore[misc]
        Deliveries(gate.site, _config(tmp_path), lambda *_args, **_facts: None, clocks=clocks).trim()
        assert Queue(gate.site.engine, "office").standing(START).waiting == left


def test_a_destination_that_is_behind_is_said_once_and_again_when_it_has_caught_up(
    gate: Gate, tmp_path: Path, hands: Hands
) -> None:
    config = _config(tmp_path, office="http://127.0.0.1:1", other="http://127.0.0.1:1")
    _record(gate, config, 3)
    noted: list[tuple[str, dict[str, Any]]] = []
    heard: list[list[str]] = []
    deliveries = Deliveries(
        gate.site,
        config,
        lambda kind, **facts: noted.append((kind, facts)),
        clocks=hands.clocks,
        on_late=lambda late: heard.append(list(late)),
    )
    deliveries.look()
    hands.now_s += 899
    deliveries.look()
    assert (deliveries.late, noted) == ((), [])
    hands.now_s += 2
    deliveries.look()
    deliveries.look()
    assert deliveries.late == ("office", "other")
    assert noted[0] == ("community.behind", {"destination": "office", "lag_s": 901})
    queue = Queue(gate.site.engine, "office")
    queue.settle(Outcome(taken=[row.seq for row in queue.oldest(0, 9)]), hands.wall())
    deliveries.look()
    assert heard == [["office", "other"], ["other"]]
    assert noted[2:] == [("community.caught_up", {"destination": "office"})]


def test_what_waits_for_its_file_is_late_only_after_the_file_is_due(tmp_path: Path) -> None:
    raw = {"id": "drop", "kind": "files", "folder": str(tmp_path), "every_s": 3600, "late_after_s": 60}
    config = parse_config({"community": {"destination": [raw]}}, tmp_path / "gate.toml")
    assert config.community.destination[0].late_s == 3660


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_sftp_server_that_never_answers_holds_up_no_other(gate: Gate, tmp_path: Path) -> None:
    got: list[bytes] = []

    def takes(handler: Any, body: bytes) -> None:
        got.append(body)
        answer(handler, 204)

    with sftp_serving(tmp_path) as slow, serving(takes, None) as well:
        slow.trouble = "slow"
        config = _config(tmp_path, well=well)
        block = {"id": "drop", "kind": "files", "url": f"sftp://127.0.0.1:{slow.port}/", "username": "gate"}
        (tmp_path / "password").write_text("right")
        (tmp_path / "password").chmod(0o600)
        block |= {"host_key": slow.fingerprint, "password_file": str(tmp_path / "password")}
        drop = FilesPart.model_validate({**block, "timeout_s": 1})
        both = config.community.model_copy(update={"destination": (*config.community.destination, drop)})
        config = config.model_copy(update={"community": both})
        _record(gate, config, 40)
        deliveries = Deliveries(gate.site, config, lambda *_args, **_facts: None, clocks=Clocks(wall=lambda: START))
        deliveries.start()
        _until(lambda: len(got) == 40)
        _until(lambda: _views(gate, config)[1].standing.code is not None)
        deliveries.stop(10.0)
    well_view, drop_view = _views(gate, config)
    assert (well_view.state, well_view.standing.waiting) == ("up", 0)
    assert (drop_view.standing.code, drop_view.standing.waiting) == ("community.no_answer", 40)
