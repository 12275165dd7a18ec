"""Webhooks of the API beside those of gate.toml: served while they are set up, from the next event on."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from enrollment.database import writing
from gate.community.connections import connections
from gate.community.deliveries import Deliveries, destination_views
from gate.community.outbox import Outbox
from gate.community.queue import Queue
from gate.community.registered import Webhooks, hook_parts
from gate.config import Config, Storage
from gate.ledger.ledger import Chain, Passage, StaffActs
from tests.gate.community import peers
from tests.gate.community.conftest import START, Gate
from tests.gate.community.peers import answer, serving

LONG_S = 30.0


def _until(true: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < ends_s, "it never came true"
        time.sleep(0.02)


def _pass(gate: Gate, outbox: Outbox, *names: str) -> None:
    with writing(gate.site.engine) as session:
        chain, written = Chain(session), []
        for name in names:
            passage = Passage(name, START, "in", "ask", "unknown_vehicle", None, "r", {"plate": "苏Z70028"})
            written.append((chain.add_passage(passage, None).seq, passage))
        chain.flush()
        outbox.post(session, written)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_webhook_hears_of_what_happens_while_it_is_set_up(gate: Gate, tmp_path: Path) -> None:
    got: list[tuple[dict[str, str], bytes]] = []

    def takes(handler: Any, body: bytes) -> None:
        got.append((dict(handler.headers), body))
        answer(handler, 204)

    pem = tmp_path / "peer.pem"
    pem.write_bytes(peers.certificate())
    text = pem.read_text()
    certificate = text[text.index("-----BEGIN CERTIFICATE") :]
    config, outbox = Config(storage=Storage(folder=tmp_path)), Outbox({})
    deliveries = Deliveries(gate.site, config, lambda *_words, **_facts: None, outbox=outbox)
    hooks = Webhooks(gate.site.engine, gate.site.keyring, StaffActs(gate.site.signer), deliveries.follow)
    with serving(takes, pem) as url:
        deliveries.start()
        _pass(gate, outbox, "before")
        hook, secret = hooks.add(url, ["passages"], "api:office", certificate=certificate)
        _pass(gate, outbox, "p1", "p2")
        _until(lambda: len(got) == 2)
        hooks.pause(hook.id, "api:office", paused=True)
        _pass(gate, outbox, "p3")
        assert Queue(gate.site.engine, hook.id).standing(START).waiting == 1
        hooks.pause(hook.id, "api:office", paused=False)
        _until(lambda: len(got) == 3)
        hooks.remove(hook.id, "api:office")
        _pass(gate, outbox, "after")
        deliveries.stop(10.0)
    assert len(got) == 3
    for headers, body in got:
        signed = hmac.new(secret.encode(), f"{headers['Menwei-Time']}.".encode() + body, sha256).hexdigest()
        assert headers["Menwei-Signature"] == f"sha256={signed}"
        told = json.loads(body)["data"]
        assert (told["verdict"], told.get("plate"), told.get("name")) == ("ask", None, None)
    assert Queue(gate.site.engine, hook.id).standing(START).waiting == 0


def test_a_webhook_is_seen_among_the_destinations_and_connections(gate: Gate, tmp_path: Path) -> None:
    config = Config(storage=Storage(folder=tmp_path))
    hooks = Webhooks(gate.site.engine, gate.site.keyring, StaffActs(gate.site.signer))
    hook, _ = hooks.add("https://office.example/in", ["passages"], "api:office", plates=True)
    (view,) = destination_views(gate.site, config, START)
    assert (view.id, view.kind, view.address) == (hook.id, "webhook", "https://office.example")
    parts = hook_parts(gate.site.engine, gate.site.keyring)
    assert [found.name for found in connections(config, parts)] == [hook.id]
