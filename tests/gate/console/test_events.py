from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gate.camera.frame import CameraState
from gate.config import Console
from gate.console.desk import Bounds
from gate.console.serving import ConsoleServer
from tests.gate.console.conftest import Booth
from tests.gate.console.fake_watch import FakeWatch, passage
from tests.gate.console.made_app import console_app


@dataclass(frozen=True)
class Event:
    name: str
    mark: str | None
    body: dict[str, Any]

    @property
    def number(self) -> int:
        assert self.mark
        return int(self.mark.rpartition("-")[2])


class Stream:
    """The events of an open answer, one after the other."""

    def __init__(self, answer: httpx.Response) -> None:
        self.lines = answer.iter_lines()

    def next(self) -> Event:
        fields: dict[str, str] = {}
        for line in self.lines:
            if not line and "data" in fields:
                return Event(fields["event"], fields.get("id"), json.loads(fields["data"]))
            name, _, value = line.partition(": ")
            fields[name] = value
        raise EOFError

    def until(self, name: str) -> Event:
        while (event := self.next()).name != name:
            pass
        return event


@contextmanager
def listening(client: httpx.Client, after: str | None = None, **headers: str) -> Iterator[Stream]:
    query = {} if after is None else {"after": after}
    with client.stream("GET", "/events", params=query, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer)


def position(client: httpx.Client) -> str:
    mark: str = client.get("/now").json()["position"]
    return mark


def wait_for(listeners: int, booth: Booth) -> None:
    """Wait until so many streams are open, woken by the feed; the timeout of the test ends a wait in vain."""
    pause = threading.Event()
    while booth.desk.listeners.open != listeners:
        pause.wait(0.01)


def until_used(booth: Booth) -> None:
    """Wait until a session has been used since the clock was set."""
    pause = threading.Event()
    while max(kept.used_s for kept in booth.desk.sessions._open.values()) < booth.clock.now_s:
        pause.wait(0.01)


class TestQuickBeat:
    @pytest.fixture
    def bounds(self) -> Bounds:
        return Bounds(beat_s=0.05, listeners=2)

    def test_a_silent_stream_gives_a_sign_of_life(self, booth: Booth, guard: httpx.Client) -> None:
        with listening(guard, position(guard)) as stream:
            assert [stream.next().name for _ in range(3)] == ["beat"] * 3

    def test_an_open_stream_is_not_idle_but_ends_with_its_session(self, booth: Booth, guard: httpx.Client) -> None:
        with listening(guard, position(guard)) as stream:
            for _ in range(50):
                booth.clock.now_s += 860
                until_used(booth)  # what comes next may be a beat of before
                assert stream.next().name == "beat"
            booth.clock.now_s += 860
            assert stream.until("signed-out").body == {}
            with pytest.raises(EOFError):
                stream.next()

    def test_a_disabled_account_hears_no_more(self, booth: Booth, guard: httpx.Client) -> None:
        with listening(guard, position(guard)) as stream:
            stream.next()
            booth.accounts.disable("guard", "id-admin")
            assert stream.until("signed-out")

    def test_there_are_only_so_many_streams(self, booth: Booth, guard: httpx.Client) -> None:
        with listening(guard, position(guard)) as one, listening(guard, position(guard)) as two:
            one.next(), two.next()
            refused = guard.get("/events")
            assert (refused.status_code, refused.json()["code"]) == (503, "console.too_many_listeners")
            assert refused.headers["retry-after"] == "2"
        wait_for(0, booth)
        with listening(guard, position(guard)) as again:
            assert again.next().name == "beat"

    def test_a_browser_that_goes_away_leaves_nothing_behind(self, booth: Booth, guard: httpx.Client) -> None:
        threads = threading.active_count()
        for _ in range(5):
            with listening(guard, position(guard)) as stream:
                stream.next()
            wait_for(0, booth)
        assert threading.active_count() <= threads + 1  # the pool of the server may grow by the one that looks up


def test_news_come_as_they_happen_in_order_and_with_their_numbers(booth: Booth, guard: httpx.Client) -> None:
    with listening(guard, position(guard)) as stream:
        booth.watch.pass_by(passage(5, snapshot="face-1"))
        booth.watch.turn_barrier("men", "opening")
        booth.watch.turn_camera("che", CameraState.STALLED, "camera.stalled")
        came, barrier, camera = stream.next(), stream.next(), stream.next()
    assert came.name == "passage"
    assert came.body == {**guard.get("/now").json()["passages"][0], "lane": "men"}
    assert (barrier.name, barrier.body["lane"], barrier.body["state"]) == ("barrier", "men", "opening")
    assert (camera.name, camera.body["state"], camera.body["reason"]) == ("camera", "stalled", "camera.stalled")
    assert [came.number, barrier.number, camera.number] == [1, 2, 3]


def test_every_listener_hears_everything(booth: Booth, guard: httpx.Client) -> None:
    with listening(guard, position(guard)) as one, listening(booth.signed_in("auditor"), position(guard)) as other:
        booth.watch.pass_by(passage(1))
        assert one.next().body["id"] == other.next().body["id"] == "passage-1"


def test_times_come_in_the_listeners_language(booth: Booth, guard: httpx.Client) -> None:
    after = position(guard)
    booth.watch.pass_by(passage(5))
    with listening(guard, after) as chinese:
        assert chinese.next().body["when"] == "11月23日 22:30:05"
    guard.get("/?lang=en")
    with listening(guard, after) as english:
        assert english.next().body["when"] == "23 Nov 22:30:05"


def test_a_broken_stream_goes_on_where_it_broke(booth: Booth, guard: httpx.Client) -> None:
    with listening(guard, position(guard)) as stream:
        booth.watch.pass_by(passage(1))
        heard = stream.next().mark
    booth.watch.pass_by(passage(2))
    booth.watch.pass_by(passage(3))
    with listening(guard, "whatever-0", **{"Last-Event-ID": heard}) as stream:
        assert [stream.next().body["id"] for _ in range(2)] == ["passage-2", "passage-3"]
        booth.watch.pass_by(passage(4))
        assert stream.next().body["id"] == "passage-4"


@pytest.mark.parametrize("mark", ["", "5", "otherboot-1", "-1", "x-", "x-²", "boot-99999999999999999999", "\u00e9"])
def test_a_position_that_is_not_of_this_run_asks_the_page_to_reload(
    booth: Booth, guard: httpx.Client, mark: str
) -> None:
    booth.watch.pass_by(passage(1))
    with listening(guard, mark) as stream:
        reload = stream.next()
        assert (reload.name, reload.number) == ("reload", 1)
        booth.watch.pass_by(passage(2))
        assert stream.next().body["id"] == "passage-2"


def test_a_number_that_is_still_to_come_asks_the_page_to_reload(booth: Booth, guard: httpx.Client) -> None:
    boot = position(guard).rpartition("-")[0]
    with listening(guard, f"{boot}-7") as stream:
        assert stream.next().name == "reload"


def test_a_listener_that_the_ring_has_left_behind_is_asked_to_reload(booth: Booth, guard: httpx.Client) -> None:
    after = position(guard)
    for number in range(510):
        booth.watch.pass_by(passage(number))
    with listening(guard, after) as stream:
        assert stream.next().name == "reload"
        assert stream.next().body["id"] == "passage-10"


def test_a_gate_that_was_started_again_asks_the_page_to_reload(booth: Booth, guard: httpx.Client) -> None:
    with listening(guard, position(guard)) as stream:
        booth.watch.pass_by(passage(1))
        heard = stream.next().mark
    again = console_app(FakeWatch(), booth.accounts, Console(port=0), clock=booth.clock)
    again.state.desk.watch.pass_by(passage(1))
    again.state.desk.watch.pass_by(passage(2))
    again.state.desk.sessions._open.update(booth.desk.sessions._open)
    with ConsoleServer(again, Console(port=0)) as server:
        url = f"{server.url}events"
        cookies = {"Cookie": f"menwei_session={guard.cookies['menwei_session']}", "Last-Event-ID": str(heard)}
        with httpx.stream("GET", url, headers=cookies, trust_env=False) as answer:
            reload = Stream(answer).next()
    assert (reload.name, reload.number) == ("reload", 2)


def test_signing_out_ends_the_stream_at_once(booth: Booth, guard: httpx.Client) -> None:
    with listening(guard, position(guard)) as stream:
        wait_for(1, booth)
        guard.post("/sign-out", data={"csrf": booth.token(guard)})
        assert stream.next().name == "signed-out"
        with pytest.raises(EOFError):
            stream.next()
    wait_for(0, booth)


def test_listening_is_recorded_as_a_look(booth: Booth, guard: httpx.Client) -> None:
    with listening(guard) as stream:
        stream.next()
    assert booth.watch.looked == [("id-guard", "live")]


def test_a_gate_that_stops_ends_its_streams(booth: Booth, guard: httpx.Client) -> None:
    with listening(guard, position(guard)) as stream:
        wait_for(1, booth)
        booth.server.stop()
        with pytest.raises(EOFError):
            stream.next()
