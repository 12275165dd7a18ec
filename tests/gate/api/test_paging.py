"""A page costs the same however long the record is: every statement goes down an index and stops after a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from enrollment.database import open_database, upgrade, writing
from enrollment.household import HouseholdCode
from enrollment.listing import passes_page, people_page, vehicles_page
from enrollment.tables import PassRow
from gate.bench.record import BEGIN, LANES
from gate.ledger.chain import stamp
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Chain, Passage, begin
from gate.ledger.search import Place, Query, search_passages
from gate.ledger.tables import MIGRATIONS, PassageRow
from tests.databases import Database

ROWS = 200_000
"""Of a million each page takes the same 3,000 steps at most; only filling the table takes longer."""
MIDDLE = ROWS // 2
SINCE, UNTIL = BEGIN + timedelta(seconds=MIDDLE - 50_000), BEGIN + timedelta(seconds=MIDDLE + 50_000)
INSTRUCTIONS = 5_000
"""Steps of SQLite's machine that a page may take; walking half of the rows takes hundreds of thousands."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_database(Path(tmp_path_factory.mktemp("paging")) / "record.db")
    upgrade(engine, MIGRATIONS)
    columns = (
        "seq",
        "id",
        "at",
        "lane",
        "verdict",
        "reason",
        "subject",
        "rules",
        "salt",
        "details",
        "plate",
        "plate_key",
    )
    with writing(engine) as session:
        connection = session.connection()
        for name in ("subject", "verdict", "reason", "lane", "plate", "plate_key", "at"):
            connection.exec_driver_sql(f"DROP INDEX passage_{name}")
        # One statement fills the table: the rows only have to be many, not whole.
        lanes = " ".join(f"WHEN {number} THEN '{lane}'" for number, lane in enumerate(LANES))
        begin = f"{BEGIN:%Y-%m-%d %H:%M:%S}"
        connection.exec_driver_sql(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
            f" INSERT INTO passage ({', '.join(columns)}) SELECT i, printf('%032x', i),"
            f" strftime('%Y-%m-%dT%H:%M:%S', '{begin}', i || ' seconds') || '.000000Z',"
            f" CASE i % {len(LANES)} {lanes} END, CASE WHEN i % 5 THEN 'open' ELSE 'ask' END,"
            " CASE WHEN i % 5 THEN 'known_vehicle' ELSE 'unknown_vehicle' END,"
            " CASE WHEN i % 5 THEN printf('s%05d', i % 3000) END, 'r', x'00', '{}',"
            " CASE WHEN i % 5 THEN NULL ELSE printf('苏Z%05d', i % 90000) END,"
            " CASE WHEN i % 5 THEN NULL ELSE printf('苏2%05d', i % 90000) END FROM n"
        )
        for index in PassageRow.__table__.indexes:
            index.create(connection)
    yield engine
    engine.dispose()


def steps(engine: Engine, ask: Callable[[], object]) -> tuple[int, list[str]]:
    """How many steps SQLite took, in thousands, and the plans of the statements."""
    statements: list[tuple[str, Any]] = []
    taken = [0]

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _x: object, _many: bool) -> None:
        statements.append((statement, parameters))

    def count() -> int:
        taken[0] += 1
        return 0

    with engine.connect() as held:
        driver = held.connection.driver_connection
        assert driver is not None
    driver.set_progress_handler(count, 1000)
    event.listen(engine, "before_cursor_execute", note)
    ask()
    event.remove(engine, "before_cursor_execute", note)
    driver.set_progress_handler(None, 0)
    with engine.connect() as connection:
        plans = [
            step[-1]
            for statement, parameters in statements
            if statement.startswith("SELECT")
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        ]
    return taken[0] * 1000, plans


PASS = {"code": False, "starts_at": BEGIN, "ends_at": UNTIL, "uses": 1, "used": 0, "made_by": "x", "created_at": BEGIN}
QUERIES = {
    "nothing": Query(),
    "time": Query(since=SINCE, until=UNTIL),
    "lane": Query(lane=LANES[1], since=SINCE),
    "verdict": Query(verdict="ask", until=UNTIL),
    "reason": Query(reason="unknown_vehicle"),
    "subject": Query(subject="s00007"),
    "subject and time": Query(subject="s00007", since=SINCE),
    "plate": Query(plate="苏Z00015"),
}


@pytest.mark.parametrize("oldest_first", [False, True], ids=["newest", "oldest"])
@pytest.mark.parametrize("name", QUERIES)
def test_a_page_in_the_middle_of_a_long_record_uses_an_index(engine: Engine, name: str, oldest_first: bool) -> None:
    middle = Place(stamp(BEGIN + timedelta(seconds=MIDDLE)), MIDDLE)

    def ask() -> None:
        assert search_passages(engine, QUERIES[name], middle, 50, oldest_first=oldest_first).rows

    taken, plans = steps(engine, ask)
    assert "SCAN passage" not in plans
    assert any("USING INDEX passage_" in plan or "USING COVERING INDEX passage_" in plan for plan in plans)
    assert taken <= INSTRUCTIONS, plans


def test_pages_follow_each_other_in_either_kind_of_database(database: Database) -> None:
    engine = database.open()
    with writing(engine) as session:
        begin(session, Signer(b"s" * 32), BEGIN)
        chain = Chain(session)
        for number in range(25):
            at = BEGIN + timedelta(seconds=number // 3)  # three at a time: the number decides
            chain.add_passage(Passage(f"p{number}", at, LANES[number % 2], "open", "x", None, "r", {}), None)
        chain.flush()
        session.add_all(PassRow(id=f"{number:02}", **PASS) for number in range(5))
    for oldest_first in (False, True):
        for query in (Query(), Query(lane=LANES[1]), Query(since=BEGIN + timedelta(seconds=2), lane=LANES[0])):
            whole = [row.id for row in search_passages(engine, query, None, 100, oldest_first=oldest_first).rows]
            found, place = list[str](), None
            while True:
                page = search_passages(engine, query, place, 4, oldest_first=oldest_first)
                found += [row.id for row in page.rows]
                if (place := page.after) is None:
                    break
            assert found == whole
            assert len(whole) == len(set(whole)) >= 9
    assert [one.id for one in passes_page(engine, "01", 2)[0]] == ["02", "03"]


def test_a_page_of_the_register_uses_an_index(engine: Engine) -> None:
    code = HouseholdCode("3", "2", "501")
    for ask in (
        lambda: people_page(engine, "s", 50),
        lambda: people_page(engine, "", 50, code),
        lambda: vehicles_page(engine, "s", 50),
        lambda: vehicles_page(engine, "", 50, code),
        lambda: passes_page(engine, "s", 50),
    ):
        _, plans = steps(engine, ask)
        assert plans
        assert not [plan for plan in plans if plan.startswith(("SCAN resident", "SCAN vehicle", "SCAN visitor_pass"))]
