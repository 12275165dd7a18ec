from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrollment.database import open_database, upgrade, writing
from enrollment.errors import EntryRefused, NotEnrolled
from gate.api.keys import ApiKeys
from gate.api.scopes import Scope
from gate.api.tables import ApiKeyRow
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import StaffActs, begin
from gate.ledger.tables import MIGRATIONS, LedgerRow
from tests.databases import Database

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SOON = NOW + timedelta(days=30)


@pytest.fixture
def now() -> list[datetime]:
    return [NOW]


@pytest.fixture
def keys(database: Database, now: list[datetime]) -> Iterator[ApiKeys]:
    engine, signer = database.open(), Signer(b"s" * 32)
    with writing(engine) as session:
        begin(session, signer, NOW)
    return ApiKeys(engine, StaffActs(signer), now=lambda: now[0])


def test_a_key_is_kept_as_a_digest_and_found_by_its_text(keys: ApiKeys) -> None:
    key, text = keys.add("office", [Scope.LANES_READ, Scope.LANES_OPEN], SOON, "local:0")
    assert keys.find(text) == key
    assert text.startswith(f"{key.prefix}_")
    assert key.scopes == {Scope.LANES_READ, Scope.LANES_OPEN}
    with keys._engine.connect() as connection:
        stored = str(connection.execute(ApiKeyRow.__table__.select()).all())
        told = str(connection.execute(LedgerRow.__table__.select()).all())
    secret = text.removeprefix(f"{key.prefix}_")
    assert secret not in stored
    assert secret not in told
    assert "api_key.added" in told


@pytest.mark.parametrize("wrong", ["", "x", "mw_00000000_" + "A" * 43, "é" * 55])
def test_a_wrong_key_is_nobodys(keys: ApiKeys, wrong: str) -> None:
    _, text = keys.add("office", [Scope.LANES_READ], SOON, "local:0")
    other = "B" if text[-1] == "A" else "A"
    assert keys.find(wrong) is None
    assert keys.find(text[:-1] + other) is None
    assert keys.find(text + "A") is None


def test_a_key_ends(keys: ApiKeys, now: list[datetime]) -> None:
    key, text = keys.add("office", [Scope.LANES_READ], SOON, "local:0")
    assert key.state(SOON - timedelta(seconds=1)) == "ok"
    assert key.state(SOON) == "over"
    revoked = keys.revoke("office", "local:0")
    assert revoked.state(NOW) == "revoked"
    assert keys.find(text) == revoked
    with pytest.raises(NotEnrolled):
        keys.revoke("office", "local:0")


def test_a_name_is_never_given_twice(keys: ApiKeys) -> None:
    keys.add("office", [Scope.LANES_READ], SOON, "local:0")
    keys.revoke("office", "local:0")
    with pytest.raises(EntryRefused) as refused:
        keys.add("office", [Scope.LANES_READ], SOON, "local:0")
    assert refused.value.code == "api_key.taken"


@pytest.mark.parametrize(
    ("name", "scopes", "until", "code"),
    [
        ("Office", [Scope.LANES_READ], SOON, "api_key.name"),
        ("o", [Scope.LANES_READ], SOON, "api_key.name"),
        ("office", [], SOON, "api_key.no_scope"),
        ("office", [Scope.LANES_READ], NOW, "api_key.bad_end"),
        ("office", [Scope.LANES_READ], NOW + timedelta(days=800), "api_key.bad_end"),
    ],
)
def test_what_makes_no_key_is_refused(
    keys: ApiKeys, name: str, scopes: list[Scope], until: datetime, code: str
) -> None:
    with pytest.raises(EntryRefused) as refused:
        keys.add(name, scopes, until, "local:0")
    assert refused.value.code == code


def test_when_a_key_was_used_last_is_known(keys: ApiKeys, now: list[datetime]) -> None:
    key, _ = keys.add("office", [Scope.LANES_READ], SOON, "local:0")
    now[0] = NOW + timedelta(hours=1)
    keys.used(key)
    assert [one.last_used_at for one in keys.list()] == [now[0]]


def test_a_scope_of_a_later_version_opens_nothing(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "menwei.db")
    upgrade(engine, MIGRATIONS)
    keys = ApiKeys(engine, lambda _session, _act: None, now=lambda: NOW)
    _, text = keys.add("office", [Scope.LANES_READ], SOON, "local:0")
    with writing(engine) as session:
        session.query(ApiKeyRow).update({"scopes": "moon:read"})
    found = keys.find(text)
    assert found is not None
    assert found.scopes == frozenset()
    engine.dispose()
