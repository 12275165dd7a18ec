"""Pads at doors: joined once with a code, and worth nothing once they are removed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from enrollment.act import Act
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.keyring import Keyring
from enrollment.pads import CODE_LASTS, Pads

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pads(engine: Engine, keyring: Keyring, acts: list[Act], clock: Clock) -> Pads:
    return Pads(engine, keyring, lambda _session, act: acts.append(act), now=clock)


def test_a_tablet_joins_once_and_is_dead_once_it_is_removed(pads: Pads, acts: list[Act]) -> None:
    link = pads.add("in", " 东 门 ", "admin")
    assert [one.joined for one in pads.list()] == [False]
    joined = pads.join(link.spaced)
    assert joined is not None
    pad, token = joined
    assert (pad.lane, pad.name, pads.find(token)) == ("in", "东 门", pad)
    assert pads.join(link.code) is None
    pads.remove(pad.id, "admin")
    assert pads.find(token) is None
    with pytest.raises(NotEnrolled):
        pads.remove(pad.id, "admin")
    assert [act.kind for act in acts] == ["pad.added", "pad.joined", "pad.removed"]
    assert not [act for act in acts if token in repr(act) or link.code in repr(act)]


def test_a_code_is_over_after_its_time(pads: Pads, clock: Clock) -> None:
    code = pads.add("in", "东门", "admin").code
    clock.now = NOW + CODE_LASTS
    assert pads.join(code) is None


@pytest.mark.parametrize("code", ["", "0" * 12, "x"])
def test_what_is_no_code_joins_nothing(pads: Pads, code: str) -> None:
    pads.add("in", "东门", "admin")
    assert pads.join(code) is None
    assert pads.find(code) is None


@pytest.mark.parametrize("name", ["", "  ", "长" * 41])
def test_a_pad_has_a_name(pads: Pads, name: str) -> None:
    with pytest.raises(EntryRefused):
        pads.add("in", name, "admin")
