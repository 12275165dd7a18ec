"""Every search goes down an index in the order of its page, and finds what looking at every row would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from enrollment.database import open_database, reading, upgrade
from gate.bench.record import BEGIN, LANES, OPERATORS, Record
from gate.ledger.chain import stamp
from gate.ledger.kinds import kinds_of
from gate.ledger.search import Found, Place, Query, passage_conditions, search_passages, search_rows
from gate.ledger.tables import MIGRATIONS, LedgerRow, PassageRow

ROWS = 6000
SINCE, UNTIL = BEGIN + timedelta(seconds=1000), BEGIN + timedelta(seconds=4000)
PERSON = "张三0号"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    engine = open_database(Path(tmp_path_factory.mktemp("search")) / "record.db")
    upgrade(engine, MIGRATIONS)
    record = Record(engine)
    record.append(ROWS)
    yield record
    engine.dispose()


@pytest.fixture
def engine(record: Record) -> Engine:
    return record.engine


def _all(search: Callable[..., Found], engine: Engine, query: Query, count: int) -> list[int]:
    """Turn every page."""
    seqs: list[int] = []
    place: Place | None = None
    while True:
        found = search(engine, query, place, count)
        seqs += [row.seq for row in found.rows]
        place = found.after
        if place is None:
            return seqs


NAMED = re.compile(r"passage\.(id|seq) IN")
"""A statement about passages that are named one by one sorts no more than these."""


def _scanned(engine: Engine, search: Callable[[], object]) -> list[str]:
    """What the plans of a search's statements hold that grows with the record."""
    statements: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _x: object, _many: bool) -> None:
        statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    search()
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        plans = [
            (statement, step[-1])
            for statement, parameters in statements
            if statement.startswith("SELECT")
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        ]
    return [
        step
        for statement, step in plans
        if step in {"SCAN passage", "SCAN ledger"}
        or (step == "USE TEMP B-TREE FOR ORDER BY" and "LIMIT" in statement and not NAMED.search(statement))
    ]


PASSAGES: dict[str, tuple[Query, Callable[[PassageRow], bool]]] = {
    "nothing": (Query(), lambda _: True),
    "time": (Query(since=SINCE, until=UNTIL), lambda row: stamp(SINCE) <= row.at < stamp(UNTIL)),
    "lane": (Query(lane=LANES[1]), lambda row: row.lane == LANES[1]),
    "verdict": (Query(verdict="refuse"), lambda row: row.verdict == "refuse"),
    "reason": (Query(reason="unknown_vehicle"), lambda row: row.reason == "unknown_vehicle"),
    "reason and lane": (
        Query(reason="unknown_vehicle", lane=LANES[0], verdict="ask", since=SINCE),
        lambda row: row.reason == "unknown_vehicle" and row.lane == LANES[0] and row.at >= stamp(SINCE),
    ),
    "plate": (Query(plate="苏Z*1"), lambda row: row.plate is not None and row.plate.endswith(("1", "I", "L"))),
    "plate within": (Query(plate="*苏*12*"), lambda row: "12" in (row.plate or "")),
    "plate and lane": (
        Query(plate="苏Z1*", lane=LANES[0]),
        lambda row: (row.plate or "").startswith("苏Z1") and row.lane == LANES[0],
    ),
}


@pytest.mark.parametrize("count", [7, 500])
@pytest.mark.parametrize("name", PASSAGES)
def test_pages_together_are_what_looking_at_every_passage_finds(engine: Engine, name: str, count: int) -> None:
    query, fits = PASSAGES[name]
    with reading(engine) as session:
        every = list(session.scalars(select(PassageRow).order_by(PassageRow.at.desc(), PassageRow.seq.desc())))
        assert sorted(session.scalars(select(PassageRow.seq).where(*passage_conditions(session, query)))) == sorted(
            row.seq for row in every if fits(row)
        )
    expected = [row.seq for row in every if fits(row)]
    assert expected
    assert _all(search_passages, engine, query, count) == expected
    assert _scanned(engine, lambda: search_passages(engine, query, Place(stamp(UNTIL), 4000))) == []


@pytest.mark.parametrize(
    "query", [Query(person="0号"), Query(person=PERSON), Query(person="张三•0号"), Query(household="1-1-101")]
)
def test_people_are_found_by_name_and_household_with_each_page_in_order(record: Record, query: Query) -> None:
    engine = record.engine
    wanted = set(record.subjects[:2] if query.household else record.subjects[:1])
    if query.person == "0号":
        wanted = set(record.subjects[0::10])
    with reading(engine) as session:
        every = session.execute(select(PassageRow.subject, PassageRow.seq).order_by(PassageRow.seq.desc())).all()
    assert _all(search_passages, engine, query, 5) == [seq for subject, seq in every if subject in wanted]
    assert _scanned(engine, lambda: search_passages(engine, query)) == []


def test_an_enrolled_plate_is_found_by_its_vehicle(record: Record) -> None:
    with reading(record.engine) as session:
        own = select(PassageRow.seq).where(PassageRow.subject == record.subjects[1])
        expected = sorted(session.scalars(own), reverse=True)
    assert _all(search_passages, record.engine, Query(plate="辽Z00001"), 5) == expected


def test_what_an_operator_looked_at_is_found(engine: Engine) -> None:
    with reading(engine) as session:
        looked = set(session.scalars(select(LedgerRow.about).where(LedgerRow.actor == OPERATORS[1])))
        expected = sorted(session.scalars(select(PassageRow.seq).where(PassageRow.id.in_(looked))), reverse=True)
    assert expected
    assert _all(search_passages, engine, Query(operator=OPERATORS[1]), 4) == expected
    assert _scanned(engine, lambda: search_passages(engine, Query(operator=OPERATORS[1], lane=LANES[0]))) == []


@pytest.mark.parametrize(
    "query",
    [Query(), Query(kinds="barrier"), Query(kinds="keeping"), Query(kinds="views", operator=OPERATORS[0], since=SINCE)],
)
def test_rows_are_found_by_kind_and_operator_with_each_page_in_order(engine: Engine, query: Query) -> None:
    with reading(engine) as session:
        every = session.scalars(select(LedgerRow).order_by(LedgerRow.at.desc(), LedgerRow.seq.desc())).all()
    expected = [
        row.seq
        for row in every
        if (not query.kinds or row.kind in kinds_of(query.kinds))
        and (not query.operator or row.actor == query.operator)
        and (not query.since or row.at >= stamp(query.since))
    ]
    assert expected
    assert _all(search_rows, engine, query, 300) == expected
    assert _scanned(engine, lambda: search_rows(engine, query, Place(stamp(UNTIL), 4000))) == []
