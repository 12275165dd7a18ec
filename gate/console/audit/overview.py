"""Charts of a day and a month, and the committee's report."""

from __future__ import annotations

from datetime import date, timedelta

from fastapi import APIRouter, Request, Response

from gate.console.audit.pages import TheArchive, lanes_of
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.ledger.counts import Bar, by_day, by_hour, midnight
from gate.ledger.report import SPANS, days_of, report_of
from gate.ledger.search import Query

router = APIRouter()
VERDICTS = ("open", "ask", "refuse")


@router.get("/audit/charts")
def charts(request: Request, desk: TheDesk, session: SignedIn, archive: TheArchive, day: str = "") -> Response:
    """The hours of a day, and the days of its month."""
    chosen = _day(day, desk)
    first, last = days_of("month", chosen)
    desk.looks.record(session, "charts")
    return page(
        request,
        "audit_charts.html",
        day=chosen,
        before=chosen - timedelta(days=1),
        after=chosen + timedelta(days=1),
        hours=_drawn(by_hour(archive.engine, chosen, desk.zone)),
        days=_drawn(by_day(archive.engine, first, last, desk.zone)),
    )


@router.get("/audit/report")
def report(
    request: Request, desk: TheDesk, session: SignedIn, archive: TheArchive, span: str = "week", day: str = ""
) -> Response:
    """The week or the month that a day lies in, to be printed; that it was made is a row."""
    chosen = _day(day, desk)
    span = span if span in SPANS else SPANS[0]
    first, last = days_of(span, chosen)
    until = min(midnight(last + timedelta(days=1), desk.zone), desk.wall())
    query = Query(since=midnight(first, desk.zone), until=until)
    made = report_of(archive.engine, query, desk.zone)
    archive.record("report.made", actor=session.account, first=first.isoformat(), last=last.isoformat())
    return page(
        request,
        "audit_report.html",
        report=made,
        lanes=lanes_of(desk),
        zone=desk.zone,
        span=span,
        first=first,
        last=last,
        chosen=chosen,
    )


def _day(text: str, desk: Desk) -> date:
    if not text:
        return desk.wall().astimezone(desk.zone).date()
    try:
        return date.fromisoformat(text)
    except ValueError as unreadable:
        raise RequestRefused("audit.bad_time", 422) from unreadable


def _drawn(bars: tuple[Bar, ...]) -> list[dict[str, object]]:
    """Bars for a drawing 100 high: each verdict's bottom and height, stacked."""
    most = max((bar.total for bar in bars), default=0) or 1
    drawn = []
    for bar in bars:
        parts, below = [], 0.0
        for verdict in VERDICTS:
            height = 100 * bar.verdicts.get(verdict, 0) / most
            parts.append({"verdict": verdict, "y": round(100 - below - height, 2), "height": round(height, 2)})
            below += height
        drawn.append({"label": bar.label, "total": bar.total, "verdicts": bar.verdicts, "parts": parts, "most": most})
    return drawn
