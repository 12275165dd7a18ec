from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright

from enrollment.entry import Resident
from gate.config import Console
from gate.console.desk import Bounds, Desk
from gate.console.serving import ConsoleServer
from tests.gate.console.fake_watch import FakeWatch, fake_watch
from tests.gate.console.made_app import console_app
from tests.gate.console.staff import PASSWORD, START, Staff

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Booth:
    """A served console, and browsers without a screen to use it with."""

    watch: FakeWatch
    accounts: Staff
    clock: Clock
    app: FastAPI
    server: ConsoleServer
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    browsers: ExitStack = field(default_factory=ExitStack)

    def cut(self) -> None:
        """Break every connection as a pulled cable would, without a word."""
        loop = self.desk.listeners._loop
        for connection in list(self.server._server.server_state.connections):
            loop.call_soon_threadsafe(connection.transport.abort)

    def start_again(self) -> None:
        """Another run of the gate on the same port, once the one before was stopped."""
        port = int(self.url.rpartition(":")[2])
        settings, clocks = (
            self.desk.settings.model_copy(update={"port": port}),
            {"clock": self.clock, "wall": self.wall},
        )
        self.app = console_app(self.watch, self.accounts, settings, bounds=self.desk.bounds, **clocks)
        self.server = ConsoleServer(self.app, settings)
        self.server.start()

    @property
    def url(self) -> str:
        return self.server.url.rstrip("/")

    @property
    def desk(self) -> Desk:
        desk: Desk = self.app.state.desk
        return desk

    def browser(self) -> httpx.Client:
        """Like a browser on one of our own pages: it sends `Origin`."""
        client = httpx.Client(base_url=self.url, headers={"Origin": self.url}, timeout=10, trust_env=False)
        return self.browsers.enter_context(client)

    def signed_in(self, role: str = "guard") -> httpx.Client:
        client = self.browser()
        answer = client.post("/sign-in", data={"username": role, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    def token(self, client: httpx.Client) -> str:
        """The token that stands in the signed-in person's forms."""
        for session in (kept.session for kept in self.desk.sessions._open.values()):
            if self.desk.sessions.find(client.cookies.get("menwei_session", "")) == session:
                return session.csrf
        raise LookupError("nobody is signed in here")

    def phone(self, resident: Resident | None = None) -> httpx.Client:
        """A resident's phone, signed in with a code."""
        person = resident or self.accounts.live_in()
        client = self.browser()
        answer = client.post("/me/enter", data={"code": self.accounts.phones.link(person.id, "id-enroller").code})
        assert answer.status_code == 303, answer.text
        return client

    def pad(self, lane: str = "men") -> httpx.Client:
        """A tablet that has joined as a lane's pad."""
        client = self.browser()
        answer = client.post("/pinpad", data={"code": self.accounts.pads.add(lane, "东门", "id-admin").code})
        assert answer.headers["location"] == f"/pinpad/{lane}", answer.text
        return client

    def pad_token(self, client: httpx.Client) -> str:
        """The token that stands in the pad's page."""
        return self.accounts.lobby.token(client.cookies.get("menwei_pad", ""))

    def resident_token(self, client: httpx.Client) -> str:
        """The token that stands in the resident's forms."""
        return self.accounts.lobby.token(client.cookies.get("menwei_resident", ""))

    def open_lane(self, client: httpx.Client, lane: str = "men", **changes: str) -> httpx.Response:
        body = {"choice": "visitor", "words": "", "request_id": "request-0001", **changes}
        return client.post(f"/lanes/{lane}/open", json=body, headers={"X-CSRF-Token": self.token(client)})


@pytest.fixture
def watch() -> FakeWatch:
    return fake_watch()


@pytest.fixture
def bounds() -> Bounds:
    return Bounds()


@pytest.fixture
def settings() -> Console:
    return Console(port=0)


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: START + timedelta(seconds=60)


@pytest.fixture
def booth(
    watch: FakeWatch, bounds: Bounds, settings: Console, wall: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Booth]:
    monkeypatch.setattr("gate.console.listeners.WAIT_S", 0.02)
    monkeypatch.delenv("GATE_LANG", raising=False)
    clock, accounts = Clock(), Staff()
    app = console_app(watch, accounts, settings, bounds=bounds, clock=clock, wall=wall)
    with ConsoleServer(app, settings) as server:
        booth = Booth(watch, accounts, clock, app, server, wall)
        with booth.browsers:
            yield booth
        booth.server.stop()


@pytest.fixture
def guard(booth: Booth) -> httpx.Client:
    return booth.signed_in("guard")


@pytest.fixture
def page_data() -> Callable[[str], str]:
    def data(html: str) -> str:
        found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.DOTALL)
        assert found
        return found[1]

    return data


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Chromium to try the pages in a browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
