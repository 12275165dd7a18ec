from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from enrollment.keyring import Keyring
from gate.console.devices import LASTS_S, NAMES, Devices
from tests.gate.console.staff import START


@dataclass
class Wall:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


def test_a_browser_is_known_for_whoever_has_signed_in_from_it() -> None:
    devices = Devices(Keyring(b"k" * 32), Wall())
    cookie = devices.signed_in(devices.signed_in("", "Guard"), "laowang")
    known = devices.key(cookie, "ＧＵＡＲＤ ")
    assert known is not None
    assert known.endswith(" guard")
    assert devices.key(cookie, "laowang") != known
    assert devices.key(cookie, "admin") is None


def test_a_cookie_that_is_none_of_ours_is_known_for_nobody() -> None:
    devices = Devices(Keyring(b"k" * 32), Wall())
    theirs = Devices(Keyring(b"x" * 32), Wall()).signed_in("", "guard")
    for cookie in ("", "guard", "é", "====", theirs, devices.signed_in("", "guard")[:-8]):
        assert devices.key(cookie, "guard") is None


def test_a_browser_is_forgotten_after_its_time_and_remembers_so_many_names() -> None:
    wall = Wall()
    devices = Devices(Keyring(b"k" * 32), wall)
    cookie = devices.signed_in("", "first")
    for number in range(NAMES):
        wall.now += timedelta(seconds=1)
        cookie = devices.signed_in(cookie, f"guard-{number}")
    assert devices.key(cookie, "first") is None
    assert devices.key(cookie, "guard-0") is not None
    wall.now += timedelta(seconds=LASTS_S)
    assert devices.key(cookie, f"guard-{NAMES - 1}") is not None
    wall.now += timedelta(seconds=1)
    assert devices.key(cookie, f"guard-{NAMES - 1}") is None
