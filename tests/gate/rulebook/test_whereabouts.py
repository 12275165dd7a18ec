"""Which way everybody went last, out of the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from enrollment.database import writing
from gate.decision.moment import Direction, History
from gate.ledger.ledger import Passage, append, append_passage
from gate.rulebook.whereabouts import UNKNOWN, Whereabouts, before
from gate.site import Site

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DIRECTIONS: dict[str, Direction] = {"north-in": "in", "north-out": "out"}
HOUR = timedelta(hours=1)


def _pass(site: Site, lane: str, at: datetime, verdict: str = "open", subject: str | None = "r1") -> None:
    passage = Passage(f"{lane}{at.timestamp()}", at, lane, verdict, "known_resident", subject, "v1", {})
    with writing(site.engine) as session:
        append_passage(session, passage, None)


def test_nothing_is_known_until_the_record_has_been_read(site: Site) -> None:
    whereabouts = Whereabouts(site.engine, DIRECTIONS)
    assert whereabouts.of("r1") == UNKNOWN
    whereabouts.refresh(24, NOW)
    assert whereabouts.of("r1") == History()


def test_the_last_opening_is_known_again_after_a_restart(site: Site) -> None:
    _pass(site, "north-in", NOW - 3 * HOUR)
    _pass(site, "north-out", NOW - 2 * HOUR)
    _pass(site, "north-in", NOW - HOUR, verdict="ask")
    _pass(site, "gone", NOW - HOUR)
    _pass(site, "north-in", NOW - HOUR / 2, subject="r2")
    whereabouts = Whereabouts(site.engine, DIRECTIONS)
    whereabouts.refresh(24, NOW)
    assert whereabouts.of("r1") == History("out", NOW - 2 * HOUR)
    assert whereabouts.of("r2").last == "in"


def test_what_another_box_records_is_seen_at_the_next_look(site: Site) -> None:
    whereabouts = Whereabouts(site.engine, DIRECTIONS)
    whereabouts.refresh(24, NOW)
    whereabouts.passed("r1", "in", NOW - HOUR)
    assert whereabouts.of("r1").last == "in"
    _pass(site, "north-out", NOW)
    whereabouts.refresh(24, NOW)
    assert whereabouts.of("r1") == History("out", NOW)


def test_a_row_that_comes_late_does_not_undo_what_is_newer(site: Site) -> None:
    whereabouts = Whereabouts(site.engine, DIRECTIONS)
    whereabouts.passed("r1", "out", NOW)
    _pass(site, "north-in", NOW - HOUR)
    whereabouts.refresh(24, NOW)
    assert whereabouts.of("r1").last == "out"


def test_a_longer_memory_is_read_when_it_is_asked_for(site: Site) -> None:
    _pass(site, "north-in", NOW - 30 * HOUR)
    whereabouts = Whereabouts(site.engine, DIRECTIONS)
    whereabouts.refresh(24, NOW)
    assert whereabouts.of("r1") == History()
    whereabouts.refresh(48, NOW)
    assert whereabouts.of("r1").last == "in"


def test_an_earlier_moment_sees_only_what_was_before_it(site: Site) -> None:
    _pass(site, "north-in", NOW - 3 * HOUR)
    _pass(site, "north-out", NOW - HOUR)
    assert before(site.engine, "r1", NOW - 2 * HOUR, DIRECTIONS).last == "in"
    assert before(site.engine, "r1", NOW - 4 * HOUR, DIRECTIONS) == History()


def _keep_shut(site: Site, lane: str, at: datetime) -> None:
    body = {"act": "refused", "cause": "barrier.in_fault", "command_id": f"{lane}{at.timestamp()}"}
    with writing(site.engine) as session:
        append(session, at, "barrier", body)


def test_who_was_to_be_let_in_and_was_kept_out_is_where_they_were(site: Site) -> None:
    _pass(site, "north-out", NOW - 2 * HOUR)
    whereabouts = Whereabouts(site.engine, DIRECTIONS)
    whereabouts.refresh(24, NOW)
    _pass(site, "north-in", NOW - HOUR)
    whereabouts.refresh(24, NOW)
    assert whereabouts.of("r1").last == "in"
    _keep_shut(site, "north-in", NOW - HOUR)
    whereabouts.refresh(24, NOW)
    assert whereabouts.of("r1") == History("out", NOW - 2 * HOUR)
    again = Whereabouts(site.engine, DIRECTIONS)
    again.refresh(24, NOW)
    assert again.of("r1") == whereabouts.of("r1") == before(site.engine, "r1", NOW, DIRECTIONS)
    _pass(site, "north-in", NOW - HOUR / 2)
    whereabouts.refresh(24, NOW)
    assert whereabouts.of("r1").last == "in"
