"""Passes as the lanes ask for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from enrollment.errors import StoreBusy
from gate.decision.moment import Visit
from gate.rulebook.pass_book import PassBook
from gate.site import Site

PLATE = "辽C12345"
HOUR = timedelta(hours=1)


def test_a_visitor_comes_in_twice_and_not_a_third_time_and_leaves(site: Site) -> None:
    now = datetime.now(UTC)
    made = site.passes.add("local:0", now - HOUR, now + HOUR, 2, plate=PLATE, lanes=["north-in"]).made
    book = PassBook(site.passes)
    assert book.visit(PLATE, now, "in") is None
    book.refresh()
    assert book.visit(PLATE, now, "out") is None
    for number in range(2):
        visit = book.visit(PLATE, now, "in")
        assert visit == Visit(made.id, frozenset({"north-in"}))
        assert book.use(visit, now, "in", f"p{number}")
        book.refresh()
    assert book.visit(PLATE, now, "in") is None
    leaving = book.visit(PLATE, now + 2 * HOUR, "out")
    assert leaving == Visit(made.id)
    assert book.use(leaving, now, "out", "p3")
    assert book.visit("辽C99999", now, "in") is None


def test_a_book_that_is_behind_takes_no_use_that_is_gone(site: Site) -> None:
    now = datetime.now(UTC)
    site.passes.add("local:0", now - HOUR, now + HOUR, plate=PLATE)
    here, there = PassBook(site.passes), PassBook(site.passes)
    visits = []
    for book in (here, there):
        book.refresh()
        visits.append(book.visit(PLATE, now, "in"))
    assert visits[0] is not None
    assert visits[0] == visits[1]
    assert [book.use(visits[0], now, "in", "p") for book in (here, there)] == [True, False]


def test_a_database_that_does_not_answer_gives_no_use(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_given: object) -> bool:
        raise StoreBusy("store.locked")

    monkeypatch.setattr(site.passes, "use", busy)
    assert not PassBook(site.passes).use(Visit("p1"), datetime.now(UTC), "in", "x")
