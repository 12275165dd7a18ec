"""A right in words: its lanes and its hours, as pages, tables and the command line tell it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from enrollment.errors import EntryRefused
from enrollment.hours import WEEKDAYS
from enrollment.rights import Right
from gate.decision.week_plan import Spanning
from gate.texts import Language, t

FEW = 2
"""So many days in a row are named one by one, more as from and to."""


def hours_line(hours: Iterable[Spanning], language: Language | None = None) -> str:
    """The spans as `enrollment.hours.parse_hours` reads them again; empty for none."""
    return t("rights.between_spans", language).join(_span(span, language) for span in hours)


def lanes_line(lanes: Collection[str], names: Mapping[str, str], language: Language | None = None) -> str:
    """The lanes by their names, one that is no longer there by its id."""
    return t("lane_list.separator", language).join(names.get(lane, lane) for lane in lanes)


def right_line(own: Right, home: Right, names: Mapping[str, str], language: Language) -> str:
    """Which lanes and hours hold, by the own right or the household's, as far as the register says any."""
    lanes = lanes_line(own.lanes or home.lanes or (), names, language) or t("rights.every_lane", language)
    hours = hours_line(own.hours or home.hours, language) or t("rights.as_usual", language)
    if not own.lanes and home.lanes:
        lanes = t("rights.from_home", language, what=lanes)
    if not own.hours and home.hours:
        hours = t("rights.from_home", language, what=hours)
    return t("rights.now", language, lanes=lanes, hours=hours)


def known_lanes(named: Collection[str], names: Mapping[str, str]) -> None:
    """Refuse a lane that is not there: it would be a right for nowhere.

    Raises:
        EntryRefused: `enroll.unknown_lane`.
    """
    for lane in named:
        if lane not in names:
            raise EntryRefused("enroll.unknown_lane", lane=lane, known=", ".join(names))


def _span(span: Spanning, language: Language | None) -> str:
    clocks = "" if span.whole_day else f"{span.start:%H:%M}-{span.end:%H:%M}"
    return " ".join(part for part in (_days(span.days, language), clocks) if part)


def _days(days: Collection[str], language: Language | None) -> str:
    runs: list[list[str]] = []
    for day in days:
        follows = runs and day in WEEKDAYS[1:] and runs[-1][-1] == WEEKDAYS[WEEKDAYS.index(day) - 1]
        if follows:
            runs[-1].append(day)
        else:
            runs.append([day])
    told = []
    for run in runs:
        names = [_day(day, language) for day in run]
        whole = len(run) > FEW
        told += [t("rights.from_to", language, first=names[0], last=names[-1])] if whole else names
    return t("rights.between_days", language).join(told)


def _day(day: str, language: Language | None) -> str:
    return t(f"rules.{day}" if day in WEEKDAYS else f"rights.{day}", language)
