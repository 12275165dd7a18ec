"""A served API over a real site with a record, and keys to ask it with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from enrollment.database import reading, writing
from gate.api.app import create_api
from gate.api.keys import ApiKeys
from gate.api.scopes import Scope
from gate.api.settings import Api
from gate.archive import Archive
from gate.config import Config, Console, Storage
from gate.console.serving import ConsoleServer
from gate.ledger.ledger import StaffActs, append_note
from gate.ledger.tables import LedgerRow, RemarkRow
from gate.site import Site, open_site
from tests.gate.console.audit.conftest import NOON, fill
from tests.gate.console.conftest import Clock
from tests.gate.console.fake_watch import FakeWatch, fake_watch
from tests.gate.console.made_app import console_app
from tests.gate.console.staff import Staff

ALL = frozenset(Scope)


@dataclass
class Counter:
    """What other systems find under /api/v1: `watch` is the gate, `site` its database, `told` what webhooks did."""

    watch: FakeWatch
    site: Site
    staff: Staff
    clock: Clock
    app: FastAPI
    url: str = ""
    changes: list[str] = field(default_factory=list)
    clients: ExitStack = field(default_factory=ExitStack)

    @property
    def keys(self) -> ApiKeys:
        return ApiKeys(self.site.engine, StaffActs(self.site.signer))

    def key(self, name: str, *scopes: Scope, days: float = 30) -> str:
        until = datetime.now(UTC) + timedelta(days=days)
        return self.keys.add(name, scopes or ALL, until, "local:0")[1]

    def client(self, key: str | None = None, **headers: str) -> httpx.Client:
        sent = {"Authorization": f"Bearer {key}"} if key else {}
        made = httpx.Client(base_url=f"{self.url}/api/v1", headers={**sent, **headers}, timeout=30, trust_env=False)
        return self.clients.enter_context(made)

    def with_scopes(self, *scopes: Scope) -> httpx.Client:
        return self.client(self.key(f"k{len(self.keys.list())}-key", *scopes))

    def rows(self, kind: str) -> list[str]:
        """The bodies of the record's rows of a kind."""
        with reading(self.site.engine) as session:
            return list(session.scalars(select(LedgerRow.body).where(LedgerRow.kind == kind).order_by(LedgerRow.seq)))

    def remarks(self) -> list[str]:
        with reading(self.site.engine) as session:
            return list(session.scalars(select(RemarkRow.words)))


def api_app(site: Site, watch: FakeWatch, staff: Staff, settings: Api, clock: Clock, changes: list[str]) -> FastAPI:
    def record(kind: str, remark: str = "", **body: Any) -> None:
        with writing(site.engine) as session:
            append_note(session, datetime.now(UTC), kind, body, remark)

    archive = Archive(site.engine, site.signer, site.snapshots, record)
    api = partial(create_api, site=site, settings=settings, on_webhooks=lambda: changes.append("changed"), clock=clock)
    return console_app(watch, staff, Console(port=0), archive=archive, clock=clock, api=api)


@pytest.fixture
def settings() -> Api:
    return Api(requests_per_minute=10_000)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a site and its record, to be copied, and the key of `office`, which may do everything."""
    folder = tmp_path_factory.mktemp("filled") / "var"
    with open_site(Config(storage=Storage(folder=folder)), create=True) as site:
        fill(site.engine, site.snapshots, site.signer)
        keys = ApiKeys(site.engine, StaffActs(site.signer))
        return folder, keys.add("office", ALL, datetime.now(UTC) + timedelta(days=30), "local:0")[1]


@pytest.fixture(scope="session")
def staff() -> Staff:
    return Staff()


@pytest.fixture
def site(tmp_path: Path, filled: tuple[Path, str]) -> Iterator[Site]:
    shutil.copytree(filled[0], tmp_path / "var")
    with open_site(Config(storage=Storage(folder=tmp_path / "var"))) as opened:
        yield opened


@contextmanager
def served(site: Site, staff: Staff, settings: Api) -> Iterator[Counter]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gate.console.listeners.WAIT_S", 0.02)
        patch.delenv("GATE_LANG", raising=False)
        watch, clock, changes = fake_watch(), Clock(), list[str]()
        app = api_app(site, watch, staff, settings, clock, changes)
        with ConsoleServer(app, Console(port=0)) as server:
            counter = Counter(watch, site, staff, clock, app, server.url.rstrip("/"), changes)
            with counter.clients:
                yield counter


@pytest.fixture
def counter(site: Site, staff: Staff, settings: Api) -> Iterator[Counter]:
    with served(site, staff, settings) as counter:
        yield counter


@pytest.fixture(scope="module")
def lasting(filled: tuple[Path, str], staff: Staff, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """One for all tests of a file that leave it as it was."""
    folder = tmp_path_factory.mktemp("lasting") / "var"
    shutil.copytree(filled[0], folder)
    settings = Api(requests_per_minute=100_000)
    with open_site(Config(storage=Storage(folder=folder))) as site, served(site, staff, settings) as counter:
        yield counter


@pytest.fixture
def reader(lasting: Counter, filled: tuple[Path, str]) -> httpx.Client:
    """With a key that may do everything, for whoever only reads."""
    return lasting.client(filled[1])


@pytest.fixture
def client(counter: Counter, filled: tuple[Path, str]) -> httpx.Client:
    """With a key that may do everything."""
    return counter.client(filled[1])


def pages(ask: Callable[..., httpx.Response], path: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
    """The items of each page, until the last one."""
    cursor: str | None = None
    while True:
        answer = ask(path, params={**params, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        yield told["items"]
        if not told.get("more", told["next"] is not None):
            return
        cursor = told["next"]


def flat(found: Iterable[list[dict[str, Any]]]) -> list[str]:
    return [item["id"] for page in found for item in page]


__all__ = ["NOON"]
