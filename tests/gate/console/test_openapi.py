"""Whatever is sent, no route answers that the program is at fault: requests made up from the console's schema."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from enrollment.credential import CredentialKind
from enrollment.database import open_database, upgrade, writing
from enrollment.finding import Finder
from enrollment.form import PersonForm
from enrollment.household import HouseholdCode
from enrollment.passes import Passes
from gate.archive import Archive
from gate.community.postroom import PostRoom
from gate.community.queue import Outcome, Queue
from gate.community.tables import OutboxRow
from gate.config import Console, parse_config
from gate.console.desk import SESSION_COOKIE, Desk
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import StaffActs
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import MIGRATIONS
from gate.site import Site
from tests.consents import FACE
from tests.gate.console.audit.conftest import fill
from tests.gate.console.fake_watch import fake_watch
from tests.gate.console.made_app import console_app
from tests.gate.console.staff import Staff

EACH = 12
"""Requests made up per route."""

ENDLESS = {("GET", "/events")}
"""A stream that lasts as long as the session; its parameters are tried in `test_events`."""


KNOWN = {
    "lane_id": "men",
    "snapshot_id": "face-1",
    "barrier_id": "arm",
    "name": "console.css",
    "passage_id": "p7",
    "account_id": "id-guard",
    "destination_id": "drop",
    "seq": 3,
}
"""What there is, so that not every made-up request stops at a name that means nothing."""


@pytest.fixture(scope="module")
def staff() -> Staff:
    return Staff()


@pytest.fixture(scope="module")
def app(staff: Staff, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("record")
    engine, signer = open_database(folder / "menwei.db"), Signer(b"s" * 32)
    upgrade(engine, MIGRATIONS)
    snapshots = Snapshots(folder / "snapshots", staff.keyring, 30)
    fill(engine, snapshots, signer)
    archive = Archive(engine, signer, snapshots, lambda *_words, **_body: None)
    site = Site(
        engine=engine,
        keyring=staff.keyring,
        signer=signer,
        register=staff.register,
        accounts=staff,
        passes=Passes(engine, staff.keyring, StaffActs(signer)),
        second_factor=staff.second_factor,
        snapshots=snapshots,
        phones=staff.phones,
        pads=staff.pads,
        requests=staff.requests,
        notices=staff.lobby.notices,
    )
    drop = {"id": "drop", "kind": "files", "folder": str(folder)}
    config = parse_config({"community": {"destination": [drop]}}, folder / "gate.toml")
    _refuse(engine)
    room = PostRoom(site, config)
    return console_app(fake_watch(), staff, Console(), archive=archive, post_room=room)


def _refuse(engine: Engine) -> None:
    """A passage that a destination did not take."""
    with writing(engine) as session:
        shared = {"at": "2026-11-20T04:00:00.000000Z", "kind": "decision", "subject": None}
        session.add(OutboxRow(destination="drop", seq=3, attempts=0, due_ms=0, **shared))
    queue = Queue(engine, "drop")
    died = [(row, "community.refused", {"address": "x", "why": "y"}) for row in queue.oldest(0, 9)]
    queue.settle(Outcome(died=died), datetime(2026, 11, 20, 5, tzinfo=UTC))


def operations() -> list[tuple[str, str]]:
    paths = console_app(fake_watch(), Staff(), Console()).openapi()["paths"]
    return sorted({(method.upper(), path) for path, item in paths.items() for method in item} - ENDLESS)


@pytest.fixture(scope="module")
def there(staff: Staff) -> dict[str, str]:
    """Somebody with everything that an address can name, whom nothing erases; the vehicle may be erased."""
    register = staff.register
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "id-enroller", [FACE])
    car = register.add_vehicle("辽A12345", "3-2-501", "id-enroller")
    household = Finder(staff.engine).id_of(HouseholdCode.parse("3-2-501"))
    assert household is not None
    return {
        **KNOWN,
        "household_id": household,
        "resident_id": person.id,
        "vehicle_id": car.id,
        "subject_id": car.id,
        "tenancy_id": register.tenancies.of(person.id)[0].id,
        "credential_id": register.credentials.give(person.id, CredentialKind.PIN, "id-enroller").credential.id,
        "consent_id": register.consents.of(person.id)[0].id,
    }


@pytest.mark.parametrize(("method", "path"), operations())
def test_nothing_that_is_sent_is_answered_with_a_500(
    app: FastAPI, staff: Staff, there: dict[str, str], method: str, path: str
) -> None:
    schema = schemathesis.openapi.from_dict(app.openapi())
    made_up = schema[path][method].as_strategy()

    @seed(20260217)
    @settings(
        max_examples=EACH,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(case=made_up, known=st.booleans())
    def try_it(case: schemathesis.Case, known: bool) -> None:
        if known:
            case.path_parameters.update((name, there[name]) for name in there.keys() & case.path_parameters.keys())
        answer = asyncio.run(sent(app, staff, case))
        assert answer.status_code < 500, case.as_curl_command()

    try_it()


async def sent(app: FastAPI, staff: Staff, case: schemathesis.Case) -> httpx.Response:
    """The answer to a made-up request of an administrator whose page is a good one."""
    desk: Desk = app.state.desk
    admin = staff.needed("admin")
    token = desk.sessions.open(admin)
    session = desk.sessions.find(token)
    assert session is not None
    parts = case.as_transport_kwargs(base_url="http://gate")
    headers = {**dict(parts.pop("headers") or {}), "Origin": "http://gate", "X-CSRF-Token": session.csrf}
    parts = {name: parts[name] for name in ("method", "url", "params", "json", "data", "files") if parts.get(name)}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gate", cookies={SESSION_COOKIE: token}
    ) as client:
        return await client.request(**parts, headers=headers)
