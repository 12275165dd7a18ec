"""How long the console's pages take at the server, over a compound with a past."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from urllib.parse import urlencode

from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import func, select

from enrollment.accounts import Role
from enrollment.database import reading
from enrollment.finding import Finder
from gate.config import Config
from gate.console.access import RULES, TOKEN_HEADER
from gate.console.desk import SESSION_COOKIE, Desk
from gate.ledger.tables import PassageRow
from gate.running import RunningGate
from gate.serving import console_of
from gate.site import Site, open_site
from models.store import Store

ORIGIN = "http://gate"

LEFT_OUT = frozenset({"/events", "/sign-in", "/enrolment/import/rejected.xlsx"})
"""A stream without an end, a page for whoever has not signed in, a file that is there after an import."""

WORDS = ("张", "zjz", "3-2-501", "苏Z1", "甲子")
"""What is typed to find a household: a name, the initials of one, a household, a plate, and what many have."""

FIRST_LOAD = "/ + static"
"""The live page with every file that it loads the first time; afterwards a browser has them."""

Ask = Callable[[], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class PageTime:
    """A page: milliseconds from the request to the last byte, in the middle and at the worst, and its size."""

    name: str
    median_ms: float
    longest_ms: float
    kilobytes: float


@dataclass(frozen=True, slots=True)
class PagesScore:
    """What there was, and how long each page took."""

    residents: int
    vehicles: int
    passages: int
    rounds: int
    pages: tuple[PageTime, ...]

    @property
    def slowest(self) -> PageTime:
        """By its middle."""
        return max(self.pages, key=lambda page: page.median_ms)


def measure(config: Config, rounds: int) -> PagesScore:
    """Start the gate of a compound and ask for every page so often, signed in as an administrator.

    Raises:
        RuntimeError: a page answered with something else than itself.
    """
    with open_site(config) as site:
        gate = RunningGate(config, site, Store())
        gate.start()
        try:
            times = _timed(gate, site, rounds)
        finally:
            gate.stop()
        count = site.register.count()
        with reading(site.engine) as session:
            passages = session.scalar(select(func.count()).select_from(PassageRow)) or 0
    return PagesScore(count.residents, count.vehicles, passages, rounds, times)


def _timed(gate: RunningGate, site: Site, rounds: int) -> tuple[PageTime, ...]:
    app = console_of(gate)
    desk: Desk = app.state.desk
    account = next(one for one in site.accounts.list() if one.role is Role.ADMIN)
    token = desk.sessions.open(account)
    session = desk.sessions.find(token)
    if session is None:
        raise RuntimeError("the session that was just opened is not there")
    headers = {TOKEN_HEADER: session.csrf, "Origin": ORIGIN}
    cookies = {SESSION_COOKIE: token}

    async def timed() -> tuple[PageTime, ...]:
        transport = ASGITransport(app, client=("192.0.2.60", 40000))
        async with AsyncClient(
            transport=transport, base_url=ORIGIN, headers=headers, cookies=cookies, follow_redirects=True
        ) as client:
            return tuple([await _time(name, ask, rounds) for name, ask in _asked(client, site).items()])

    return asyncio.run(timed())


async def _time(name: str, ask: Ask, rounds: int) -> PageTime:
    spent, size = [], 0
    for _ in range(rounds + 1):
        began = time.perf_counter()
        answer = await ask()
        spent.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{name}: {answer.status_code} {answer.text[:200]}")
        size = len(answer.content)
    warm = spent[1:]
    return PageTime(name, round(median(warm), 1), round(max(warm), 1), round(size / 1024, 1))


def _asked(client: AsyncClient, site: Site) -> Mapping[str, Ask]:
    """Every page that needs nothing to be named, the searches, and a household."""
    asked: dict[str, Ask] = {}
    for (method, path), rule in RULES.items():
        if method == "GET" and "{" not in path and Role.ADMIN in rule.roles and path not in LEFT_OUT:
            asked[path] = _get(client, path)
    asked[FIRST_LOAD] = _first_load(client)
    for word in WORDS:
        asked[f"/enrolment/find {word}"] = _find(client, word)
    found = Finder(site.engine).find(WORDS[2])
    asked["/enrolment/households/…"] = _get(client, f"/enrolment/households/{found[0].id}")
    newest = max(one.created_at for one in site.register.residents())
    week = {"since": f"{newest:%Y-%m-%d}", "until": f"{newest + timedelta(days=30):%Y-%m-%d}"}
    asked["/audit/search"] = _post(client, "/audit/search", **week)
    asked["/audit/search verdict"] = _post(client, "/audit/search", **week, verdict="ask")
    asked["/audit/search plate"] = _post(client, "/audit/search", plate="*123*", purpose="inspection", words="x")
    asked["/audit/charts …"] = _get(client, f"/audit/charts?{urlencode(week)}")
    asked["/audit/report month"] = _get(client, "/audit/report?span=month")
    return asked


def _get(client: AsyncClient, path: str) -> Ask:
    return lambda: client.get(path)


def _first_load(client: AsyncClient) -> Ask:
    async def ask() -> Response:
        page = await client.get("/")
        files = [await client.get(address) for address in re.findall(r'"(/static/[^"]+)"', page.text)]
        status = max(answer.status_code for answer in (page, *files))
        return Response(status, content=b"".join(answer.content for answer in (page, *files)))

    return ask


def _find(client: AsyncClient, words: str) -> Ask:
    return lambda: client.post("/enrolment/find", json={"words": words})


def _post(client: AsyncClient, path: str, **form: str) -> Ask:
    return lambda: client.post(path, data=form)
