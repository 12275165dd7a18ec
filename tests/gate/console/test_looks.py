from __future__ import annotations

import pytest

from enrollment.accounts import Role
from gate.console.looks import Looks
from gate.console.sessions import Session
from gate.errors import LedgerUnwritable
from tests.gate.console.fake_watch import FakeWatch


def session(key: str) -> Session:
    return Session(key, f"id-{key}", key, Role.GUARD, "csrf", 0.0, version=1, must_change=False)


def test_a_look_is_recorded_once_per_session_and_thing(watch: FakeWatch) -> None:
    looks = Looks(watch)
    for key, what in (("a", "live"), ("a", "live"), ("a", "camera:men"), ("b", "live"), ("a", "live")):
        looks.record(session(key), what)
    assert watch.looked == [("id-a", "live"), ("id-a", "camera:men"), ("id-b", "live")]


def test_a_look_that_could_not_be_recorded_is_not_taken_for_recorded(
    watch: FakeWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_look: str) -> None:
        raise LedgerUnwritable("ledger.without_a_sentence")

    looks = Looks(watch)
    with monkeypatch.context() as broken:
        broken.setattr(watch, "record_view", refuse)
        with pytest.raises(LedgerUnwritable):
            looks.record(session("a"), "live")
    looks.record(session("a"), "live")
    assert watch.looked == [("id-a", "live")]


def test_what_is_remembered_is_bounded(watch: FakeWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.console.looks.REMEMBERED", 2)
    looks = Looks(watch)
    for what in ("one", "two", "three", "one"):
        looks.record(session("a"), what)
    assert [what for _, what in watch.looked] == ["one", "two", "three", "one"]
