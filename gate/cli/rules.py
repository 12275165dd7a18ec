"""`gate rules`: what the rules of access say, and what they would have said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from enrollment.candidate import Subject
from enrollment.database import reading
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.gallery import load_plate_book
from enrollment.hours import WEEKDAYS
from enrollment.subjects import resident_subjects
from gate.access_rules import BlockedPlate, ListedPlate
from gate.cli.account import DEFAULT_CONFIG, ConfigPath
from gate.cli.terminal import out
from gate.config import Config, load_config
from gate.decision.decide import Given, decide
from gate.decision.decision import Evidence, PlateEvidence
from gate.decision.moment import History, Moment
from gate.decision.parked import NOBODY_KNOWS, Parked
from gate.decision.precedence import Arrival, Rule, path, plans_of
from gate.decision.rules import Rules
from gate.decision.week_plan import spans_of
from gate.errors import GateError
from gate.holidays import day_kind, moment_of
from gate.parking.book import ParkingBook
from gate.parking.settings import Parking
from gate.rights import hours_line
from gate.rulebook import supposed
from gate.rulebook.lists import listed_for, with_lists
from gate.rulebook.reading import read_access, read_parking
from gate.rulebook.replay import Again, Count
from gate.rulebook.replay import replay as play_again
from gate.rulebook.versions import households_of
from gate.rulebook.whereabouts import before
from gate.site import Site, open_site
from gate.texts import t
from gate.week import WeekHours
from models.plate.grammar import classify, normalise
from models.sighting import PlateColour

app = typer.Typer(help=t("rules.help"), no_args_is_help=True)
RulesFile = Annotated[Path | None, typer.Option("--rules", dir_okay=False, help=t("rules.option_rules"))]
ParkingFile = Annotated[Path | None, typer.Option("--parking", dir_okay=False, help=t("rules.option_parking"))]


@app.command(help=t("rules.explain_help"))
def explain(
    lane: Annotated[str, typer.Option(help=t("rules.option_lane"))],
    plate: Annotated[str | None, typer.Option(help=t("rules.option_plate"))] = None,
    resident: Annotated[str | None, typer.Option(help=t("rules.option_resident"))] = None,
    at: Annotated[str | None, typer.Option(help=t("rules.option_at"))] = None,
    colour: Annotated[PlateColour, typer.Option(help=t("rules.option_colour"))] = PlateColour.UNKNOWN,
    rules: RulesFile = None,
    parking: ParkingFile = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Print the verdict and every rule that was asked on the way to it."""
    loaded = load_config(config)
    zone = ZoneInfo(loaded.compound.timezone)
    with open_site(loaded) as site:
        ruled = _rules(loaded, site, rules, parking).get(lane)
        if ruled is None:
            raise GateError("rules.no_such_lane", lane=lane, lanes=", ".join(one.id for one in loaded.lane))
        moment = moment_of(instant(at, zone), zone, ruled.access)
        evidence, subject = _evidence(site, ruled, plate, resident, colour)
        directions = {one.id: one.direction for one in loaded.lane}
        history = before(site.engine, subject.id, moment.at, directions) if subject else History()
        parked = _parked(ruled.parking, site, zone, moment, evidence, subject)
    _print_path(ruled, evidence, subject, Given(moment, history, None, parked))


def _parked(
    parking: Parking, site: Site, zone: ZoneInfo, moment: Moment, evidence: Evidence, subject: Subject | None
) -> Parked:
    """What stood in the compound at that moment, by the record."""
    book = ParkingBook(site.engine, parking, zone)
    book.refresh(moment.at, until=moment.at)
    return book.parked(subject, evidence.text if isinstance(evidence, PlateEvidence) else None) or NOBODY_KNOWS


def _print_parked(rules: Rules, parked: Parked) -> None:
    unknown = t("rules.parked_unknown")
    stand = {zone.id: parked.in_zone(zone.id) for zone in rules.zones}
    zones = ", ".join(
        f"{zone.name} {unknown if stand[zone.id] is None else stand[zone.id]}/{zone.spaces}" for zone in rules.zones
    )
    places = rules.parking.places if parked.places is None else parked.places
    siblings = unknown if parked.siblings is None else parked.siblings
    out.print(t("rules.parked", zones=zones, siblings=siblings, places=places), markup=False)


def _print_path(rules: Rules, evidence: Evidence, subject: Subject | None, given: Given) -> None:
    moment, history = given.moment, given.history
    out.print(t("rules.asked", lane=rules.lane, when=_when(moment), version=rules.version), markup=False)
    out.print(t("rules.enrolled" if subject else "rules.not_enrolled", id=subject.id if subject else ""), markup=False)
    if history.last is not None and history.at is not None:
        way, when = t(f"rules.went_{history.last}"), history.at.astimezone(moment.at.tzinfo)
        out.print(t("rules.history", way=way, when=f"{when:%Y-%m-%d %H:%M}"), markup=False)
    if rules.zones:
        _print_parked(rules, given.parked)
    seen = evidence if isinstance(evidence, PlateEvidence) else None
    for number, (rule, found) in enumerate(path(Arrival(subject, seen, *given), rules), 1):
        answer = t("rules.goes_on") if found is None else t(f"verdict.{found[0]}")
        out.print(f"{number:>2}. {t(f'rule.{rule}')} → {answer}", markup=False)
        if rule is Rule.HOURS and subject is not None:
            for whose, plan in plans_of(subject, rules):
                out.print(f"    {t(f'hours_of.{whose}', hours=hours_line(plan) or t('rights.always'))}", markup=False)
    decision = decide(evidence, rules, moment, history=history, parked=given.parked)
    for one in () if seen is None else (*rules.blocks_of(seen.text), *rules.allowances_of(seen.text)):
        out.print(_listed(one), markup=False)
    style = {"open": "green", "refuse": "red"}.get(decision.verdict, "yellow")
    said = t("rules.verdict", verdict=t(f"verdict.{decision.verdict}"), reason=t(f"reason.{decision.reason}"))
    out.print(said, style=style, markup=False)


@app.command(help=t("rules.replay_help"))
def replay(
    since: Annotated[str, typer.Option(help=t("rules.option_since"))],
    rules: RulesFile = None,
    parking: ParkingFile = None,
    limit: Annotated[int, typer.Option(min=1, help=t("rules.option_limit"))] = 200,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List the recorded decisions that these rules would change."""
    loaded = load_config(config)
    zone = ZoneInfo(loaded.compound.timezone)
    count, changed = Count(), 0
    with open_site(loaded) as site:
        ruled = _rules(loaded, site, rules, parking)
        for again in play_again(site.engine, instant(since, zone), ruled, zone, count):
            if again.changes:
                changed += 1
                if changed <= limit:
                    out.print(_line(again, zone), markup=False)
    if changed > limit:
        out.print(t("rules.more", count=changed - limit))
    out.print(t("rules.replayed", count=count.replayed, changed=changed))
    if count.unreplayable:
        out.print(t("rules.unreplayable", count=count.unreplayable), style="yellow")
    if count.unfaithful:
        out.print(t("rules.unfaithful", count=count.unfaithful), style="yellow")


def _line(again: Again, zone: ZoneInfo) -> str:
    """A change by its passage; who it was is told by an id alone."""
    was, becomes = (f"{t(f'verdict.{verdict}')} ({reason})" for verdict, reason in (again.was, again.becomes))
    when = f"{again.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return f"{when}  {again.lane}  {again.subject or again.passage}  {was} → {becomes}"


@app.command(help=t("rules.show_help"))
def show(rules: RulesFile = None, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Print the coming week and who has rules of their own."""
    loaded = load_config(config)
    today = datetime.now(ZoneInfo(loaded.compound.timezone)).date()
    with open_site(loaded) as site:
        ruled = _rules(loaded, site, rules)
        access = with_lists(read_access(loaded, rules), listed_for(loaded, site.engine))
    week = [today + timedelta(days=ahead) for ahead in range(7)]
    kinds = [day_kind(day, access) for day in week]
    plans = {lane: one.hours for lane, one in ruled.items()}
    plans |= {t("rules.of_group", id=group.id): group.hours for group in access.group if group.hours}
    plans |= {t("rules.of_window", id=window.id): window.hours for window in access.window}
    table = Table("")
    for name in plans:
        table.add_column(name, overflow="fold")
    for day, kind in zip(week, kinds, strict=True):
        name = f"{day:%m-%d} {t(f'rules.{WEEKDAYS[day.weekday()]}')} {t(f'day_kind.{kind}')}"
        table.add_row(name, *(_spans(plan, spans_of(plan, day, kind)) for plan in plans.values()))
    out.print(table)
    for lane, one in ruled.items():
        out.print(t("rules.version_of", lane=lane, version=one.version), markup=False)
    for listed in (*access.blocked_plate, *access.allowed_plate):
        out.print(_listed(listed), markup=False)


def _listed(one: ListedPlate) -> str:
    end = t("rules.no_end") if one.until is None else f"{one.until:%Y-%m-%d %H:%M}"
    reason = t("rules.from_source", reason=one.reason or "-", source=one.source) if one.source else one.reason or "-"
    code = "rules.blocked" if isinstance(one, BlockedPlate) else "rules.allowed"
    return t(code, plate=one.plate, reason=reason, until=end)


def _spans(plan: tuple[WeekHours, ...], today: list[WeekHours]) -> str:
    if not plan or any(span.whole_day for span in today):
        return t("rules.whole_day")
    return "\n".join(f"{span.start:%H:%M}–{span.end:%H:%M}" for span in today) or "—"


def _rules(config: Config, site: Site, file: Path | None, parking: Path | None = None) -> Mapping[str, Rules]:
    """The rules of each lane, those of access from `file` and the parking from `parking` where they are given."""
    stands = read_parking(config, parking)
    access = with_lists(read_access(config, file), listed_for(config, site.engine))
    named = households_of(site.engine)
    limits = config.faces.limits(site.cast(config.models))
    return {lane.id: Rules.of(config, lane, limits, access, named, stands) for lane in config.lane}


def _evidence(
    site: Site, rules: Rules, plate: str | None, resident: str | None, colour: PlateColour
) -> tuple[Evidence, Subject | None]:
    if (plate is None) == (resident is None):
        raise GateError("rules.one_of_two")
    if plate is not None:
        text = normalise(plate)
        if classify(text, colour) is None:
            raise EntryRefused("register.not_a_plate", plate=text)
        book = load_plate_book(site.engine)
        seen = colour if colour is not PlateColour.UNKNOWN else book.colours.get(text, colour)
        return supposed.plate(text, seen, book.find(text), rules), book.find(text)
    with reading(site.engine) as session:
        subject = resident_subjects(session).get(resident or "")
    if subject is None:
        raise NotEnrolled("rules.no_resident", id=resident)
    return supposed.face(subject, rules), subject


def instant(written: str | None, zone: ZoneInfo) -> datetime:
    """An instant; without an offset it is the compound's time, and without a word it is now."""
    if written is None:
        return datetime.now(zone)
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as wrong:
        raise GateError("rules.bad_time", written=written) from wrong
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _when(moment: Moment) -> str:
    day = t(f"rules.{WEEKDAYS[moment.at.weekday()]}")
    return f"{moment.at:%Y-%m-%d %H:%M} {day} {t(f'day_kind.{moment.today}')}"
