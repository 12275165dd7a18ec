"""Each source is asked on its schedule, and what it blocks holds at the gate at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from enrollment.plan import Do
from gate.community.registers.keeper import Keeper, Keepers
from gate.community.registers.registers import Registers
from gate.config import Config, FaceLimits
from gate.decision.decide import decide
from gate.decision.decision import Reason
from gate.decision.moment import Moment
from gate.ledger.ledger import last_body
from gate.ledger.verify import verify
from gate.rulebook import supposed
from gate.rulebook.pass_book import PassBook
from gate.rulebook.rulebook import Rulebook
from gate.rulebook.whereabouts import Whereabouts
from gate.site import Site
from models.sighting import PlateColour
from tests.gate.community.peers import answer, serving
from tests.gate.community.registers.conftest import HC, Configure

BLOCKED = '{"list": [{"id": 1, "plate": "辽B12345", "reason": "欠费"}]}'
ALLOWED = '{"list": [{"id": 1, "plate": "辽C12345"}]}'


@pytest.fixture
def url() -> Iterator[str]:
    def reply(handler: Any, _body: bytes) -> None:
        told = {"/blocked": BLOCKED, "/allowed": ALLOWED}.get(handler.path)
        if told is None:
            answer(handler, 500)
        else:
            answer(handler, 200, told.encode(), ETag='"1"')

    with serving(reply, None) as served:
        yield served


@pytest.fixture
def config(configured: Configure, url: str) -> Config:
    shared = f'kind = "rest"\nurl = "{url}"\nunencrypted = true\nitems = "list"\napply = "auto"\n'
    office = f'[[community.source]]\nid = "office"\n{shared}blocked = "/blocked"\nallowed = "/allowed"\n'
    return configured(f'{office}[[community.source]]\nid = "broken"\n{shared}person = "/people"\n{HC}')


def _rulebook(config: Config, site: Site) -> Rulebook:
    note: Callable[..., object] = lambda *_kind, **_body: None  # noqa: E731
    whereabouts, passes = Whereabouts(site.engine, {}), PassBook(site.passes)
    return Rulebook(config, site.engine, FaceLimits(accept=0.45), note, whereabouts, passes)


def _reason(book: Rulebook, plate: str) -> Reason:
    rules = book.of("north-in")
    seen = supposed.plate(plate, PlateColour.BLUE, None, rules)
    return decide(seen, rules, Moment(datetime(2026, 3, 1, 8, 0, tzinfo=UTC))).reason


def test_what_a_source_blocks_or_allows_is_in_the_running_rules_with_the_next_look(
    site: Site, config: Config, registers: Registers
) -> None:
    book = _rulebook(config, site)
    assert _reason(book, "辽B12345") is Reason.UNKNOWN_VEHICLE
    before = book.versions["north-in"]
    Keeper(registers, "office").turn()
    assert book.refresh()
    assert (_reason(book, "辽B12345"), _reason(book, "辽C12345")) == (Reason.BLOCKED_PLATE, Reason.ALLOWED_PLATE)
    assert book.versions["north-in"] != before
    (blocked,) = book.of("north-in").blocks_of("辽B12345")
    assert (blocked.source, blocked.reason) == ("office", "欠费")
    assert not book.refresh()


def test_a_gate_that_starts_later_has_what_was_blocked_before(site: Site, config: Config, registers: Registers) -> None:
    Keeper(registers, "office").turn()
    assert _reason(_rulebook(config, site), "辽B12345") is Reason.BLOCKED_PLATE


def test_what_was_taken_over_stands_in_the_record_with_its_source_and_the_record_proves(
    site: Site, registers: Registers
) -> None:
    Keeper(registers, "office").turn()
    body = last_body(site.engine, "community.taken_over")
    assert (body["actor"], body["source"], body["add"], body["confirmed"]) == ("source:office", "office", 2, False)
    assert last_body(site.engine, "plate.listed")["actor"] == "source:office"
    assert "辽" not in str(last_body(site.engine, "plate.listed"))
    verify(site.engine)


def test_a_broken_source_is_left_alone_for_longer_and_longer_and_says_so(registers: Registers) -> None:
    keeper = Keeper(registers, "broken", lambda: 0.0)
    rests = [keeper.turn() for _ in range(10)]
    assert rests == sorted(rests)
    assert (rests[0], rests[-1]) == (300.0, 900.0)
    view = next(one for one in registers.views() if one.id == "broken")
    assert (view.standing.code, view.standing.failing_since is not None) == ("community.failed", True)


def test_every_source_is_served_by_itself_and_a_push_is_looked_at_at_once(
    site: Site, registers: Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, applied = threading.Event(), Registers.apply

    def apply(self: Registers, name: str, *more: Any, **named: Any) -> Any:
        done = applied(self, name, *more, **named)
        if name == "hc" and done[1].done[Do.ADD]:
            seen.set()
        return done

    monkeypatch.setattr(Registers, "apply", apply)
    keepers = Keepers(registers)
    keepers.start()
    body = '{"extBwId": "b1", "carNum": "辽D12345", "blackWhite": "1111"}'
    registers.receive("hc", "car/addBlackWhite", body.encode())
    keepers.wake("hc")
    assert seen.wait(10.0)
    keepers.stop()
    assert {one.id: one.standing.code for one in registers.views()} == {
        "office": None,
        "broken": "community.failed",
        "hc": None,
    }


def test_a_database_that_takes_nothing_ends_no_thread(registers: Registers, tmp_path: Path) -> None:
    assert tmp_path.exists()
    keeper, called = Keeper(registers, "hc"), threading.Event()

    def turn() -> float:
        if called.is_set():
            keeper.stop(0.0)
        called.set()
        raise RuntimeError

    keeper.turn = turn  # type: ignore[method-assign]
    keeper.start()
    assert called.wait(10.0)
    keeper.wake()
    keeper._thread.join(10.0)
    assert not keeper._thread.is_alive()
