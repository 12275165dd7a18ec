"""`gate report`: the committee's weekly or monthly report as one HTML file."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from enrollment.database import writing
from gate.cli.account import local_actor
from gate.cli.terminal import out
from gate.config import load_config
from gate.console.pages import report_file
from gate.errors import GateError
from gate.ledger.counts import midnight
from gate.ledger.ledger import append
from gate.ledger.report import days_of, report_of
from gate.ledger.search import Query
from gate.site import open_site
from gate.texts import system_language, t


class Span(StrEnum):
    """How long a report is."""

    WEEK = "week"
    MONTH = "month"


def report(
    span: Annotated[Span, typer.Option(help=t("report.option_span"))] = Span.WEEK,
    day: Annotated[str | None, typer.Option(help=t("report.option_day"))] = None,
    to: Annotated[Path | None, typer.Option(help=t("report.option_to"))] = None,
    config: Annotated[Path, typer.Option("--config", help=t("cli.option_config"))] = Path("gate.toml"),
) -> None:
    """Write the report, and a row that it was made."""
    settings = load_config(config)
    zone, now = ZoneInfo(settings.compound.timezone), datetime.now(UTC)
    first, last = days_of(span, _day(day, span, now.astimezone(zone).date()))
    until = min(midnight(last + timedelta(days=1), zone), now)
    if midnight(first, zone) >= until:
        raise GateError("report.in_the_future", first=first)
    file = to or Path(f"menwei-{span}-{first}.html")
    with open_site(settings) as site:
        made = report_of(site.engine, Query(since=midnight(first, zone), until=until), zone)
        with writing(site.engine) as session:
            facts = {"actor": local_actor(), "first": first.isoformat(), "last": last.isoformat()}
            append(session, now, "report.made", facts)
    lanes = {lane.id: lane.name for lane in settings.lane}
    told = {"report": made, "lanes": lanes, "zone": zone, "span": span.value, "first": first, "last": last}
    html = report_file(system_language(), compound=settings.compound.name, **told)
    try:
        file.write_text(html, "utf-8")
    except OSError as failed:
        raise GateError("report.unwritable", path=file, why=failed.strerror) from failed
    out.print(t("report.written", path=file, first=first, last=last), markup=False)


def _day(text: str | None, span: Span, today: date) -> date:
    """The day whose span is wanted; without one, of the last span that is over."""
    if text is None:
        return days_of(span, today)[0] - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError as unreadable:
        raise typer.BadParameter(t("report.bad_day")) from unreadable
