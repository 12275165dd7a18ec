"""What a committee is told: alarms counted, and the time in which each lane worked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from enrollment.database import writing
from gate.ledger.ledger import append, append_note
from gate.ledger.report import days_of, report_of
from gate.ledger.search import Query

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
SPAN = Query(since=MONDAY, until=MONDAY + timedelta(hours=100))
LANES = {"in": {"camera": "north", "barrier": "arm"}}


def _told(engine: Engine, *rows: tuple[float, str, dict[str, Any]]) -> None:
    """Rows by the hour since Monday."""
    for hour, kind, body in rows:
        with writing(engine) as session:
            append(session, MONDAY + timedelta(hours=hour), kind, body)


def _share(engine: Engine) -> float:
    return round(report_of(engine, SPAN, UTC).available["in"], 4)


STARTED = "gate.started", {"lanes": LANES}
LOST = "camera", {"camera": "north", "state": "lost"}
LIVE = "camera", {"camera": "north", "state": "live"}
FAULT = "barrier.fault", {"barrier": "arm", "act": "faulted"}
WELL = "barrier.fault", {"barrier": "arm", "act": "recovered"}


@pytest.mark.parametrize(
    ("rows", "share"),
    [
        ([], 1.0),
        ([(10, *LOST), (15, *LIVE)], 0.95),
        ([(10, *LOST), (12, *FAULT), (15, *LIVE), (20, *WELL)], 0.9),
        ([(-2, *LOST), (5, *LIVE)], 0.95),
        ([(-2, *LOST)], 0.0),
        ([(-9, *LOST), (-2, *LIVE)], 1.0),
        ([(90, *LOST)], 0.9),
        ([(40, "gate.stopped", {}), (50, *STARTED)], 0.9),
        ([(-5, "gate.stopped", {}), (10, *STARTED)], 0.9),
        ([(40, "barrier", {"act": "opened"}), (42, "clock.step", {"by_ms": 1}), (42, *STARTED)], 0.98),
        ([(-30, "barrier", {"act": "opened"}), (1, *STARTED)], 0.99),
    ],
)
def test_a_lane_works_while_the_gate_runs_and_its_camera_and_barrier_do(
    engine: Engine, rows: list[tuple[float, str, dict[str, Any]]], share: float
) -> None:
    _told(engine, (-100, *STARTED), *rows)
    assert _share(engine) == share


def test_alarms_are_counted_by_what_went_wrong(engine: Engine) -> None:
    _told(
        engine,
        (1, *LOST),
        (2, *FAULT),
        (3, *WELL),
        (4, "barrier.alarm", {"barrier": "arm", "act": "forced", "cause": "x"}),
        (5, "barrier.alarm", {"barrier": "arm", "act": "alarmed", "cause": "x"}),
        (6, "barrier.alarm", {"barrier": "arm", "act": "calmed", "cause": "x"}),
        (7, "clock.step", {"by_ms": 5000}),
    )
    told = report_of(engine, SPAN, UTC).alarms
    assert told == {"camera": 1, "barrier": 1, "forced": 1, "alarmed": 1, "clock.step": 1}


def test_a_complaint_of_last_week_is_told_again_when_something_came_of_it(engine: Engine) -> None:
    for hour, kind, facts, words in (
        (-90, "complaint.filed", {"about": "p1"}, "放错了车"),
        (-80, "complaint.filed", {"about": "p2"}, "认错了人"),
        (-70, "complaint.closed", {"about": "p2", "outcome": "rejected"}, "没有"),
        (10, "complaint.closed", {"about": "p1", "outcome": "upheld"}, "已更正"),
        (20, "complaint.filed", {"about": "p3"}, "又放错了"),
    ):
        with writing(engine) as session:
            append_note(session, MONDAY + timedelta(hours=hour), kind, {"actor": "a", **facts}, words)
    told = report_of(engine, SPAN, UTC).complaints
    assert [(filed.words, closed.code if closed else None) for filed, closed in told] == [
        ("放错了车", "upheld"),
        ("又放错了", None),
    ]


@pytest.mark.parametrize(
    ("span", "day", "first", "last"),
    [
        ("week", "2026-11-20", "2026-11-16", "2026-11-22"),
        ("week", "2027-01-01", "2026-12-28", "2027-01-03"),
        ("month", "2028-02-10", "2028-02-01", "2028-02-29"),
    ],
)
def test_a_span_is_a_whole_week_or_month(span: str, day: str, first: str, last: str) -> None:
    assert days_of(span, date.fromisoformat(day)) == (date.fromisoformat(first), date.fromisoformat(last))
