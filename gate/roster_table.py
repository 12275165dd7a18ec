"""The form of a whole compound as a table: its empty rows, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from enrollment.entry import Resident, Vehicle
from enrollment.form import Standing, VehicleType, born
from enrollment.register import Register
from enrollment.rights import NO_RIGHT, Right
from enrollment.roster import Intake
from enrollment.roster_column import Column
from enrollment.roster_form import Tick
from enrollment.tenancies import Tenancy
from gate.rights import hours_line
from gate.sheets import FORMULA
from gate.texts import Language, explain, t
from models.sighting import PlateColour

Rows = Sequence[Iterable[str]]

CHOICES: Mapping[Column, tuple[str, type[StrEnum]]] = {
    Column.STANDING: ("standing", Standing),
    Column.COLOUR: ("plate_colour", PlateColour),
    Column.TYPE: ("vehicle_type", VehicleType),
    Column.KEEP: ("roster.word", Tick),
}
"""The columns in which one of a few words goes: how the codes of the words begin, and the words."""

PREPARED_ROWS = 5_000
WIDTHS = {Column.NOTES: 24, Column.CARDS: 20, Column.LANES: 20, Column.HOURS: 26, Column.PHOTO: 22}


def empty_form(language: Language) -> Rows:
    """The heading and three invented rows: an owner with a car, a child, and the child's mother's car."""
    told: dict[Column, str] = {Column.HOUSEHOLD: "3-2-501"}
    signed = {Column.SIGNED: "2026-03-01"}
    car = {Column.PLATE: "辽A12345", Column.COLOUR: t("plate_colour.blue", language), Column.PLATE_SIGNED: "2026-03-01"}
    no = f"{t('roster.word_declined', language)} 2026-03-01"
    owner = {Column.NAME: "张三", Column.STANDING: t(f"standing.{Standing.OWNER}", language)} | signed | car
    owner |= {Column.CARDS: "0012345678", Column.CARE_SIGNED: "2026-03-01", Column.SHARING_SIGNED: no}
    family = t(f"standing.{Standing.FAMILY}", language)
    child = {Column.NAME: "张小三", Column.STANDING: family, Column.BORN: "2020-05-01"} | signed
    signer = {Column.GUARDIAN: "张三", Column.RELATION: t("roster.example_relation", language)}
    kept = {Column.KEEP: t("roster.word_no", language), Column.PHOTO: "zhang-xiao-san.jpg"}
    second = {Column.PLATE: "辽A67890", Column.OWNER: "张三", Column.UNTIL: "2036-12-31"}
    return [_heading(language), _row(told | owner), _row(told | child | signer | kept), _row(told | second)]


def register_rows(register: Register, zone: tzinfo, language: Language) -> Rows:
    """Everybody, every vehicle, every household's right and note; faces, consents and credentials stay where they are.

    Days are those of the `zone`.
    """
    people, cars = register.residents(), register.vehicles()
    names = {(one.id, one.household): one.name for one in people}
    rows = [_person_row(one, register.tenancies.of(one.id), zone, language) for one in people]
    rights, notes = register.rights.of_households(), register.households.notes()
    given = [
        _row(
            {Column.HOUSEHOLD: str(code), Column.HOME_NOTE: notes.get(code, "")}
            | _right_cells(rights.get(code, NO_RIGHT), language)
        )
        for code in sorted({*rights, *notes}, key=lambda code: code.order)
    ]
    owned = [(car, names.get((car.owner or "", car.household), "")) for car in cars]
    return [_heading(language), *rows, *(_car_row(car, owner, zone, language) for car, owner in owned), *given]


def summary(intake: Intake, language: Language, *, dry: bool) -> str:
    """What came of a table, or with `dry` what would, in some sentences."""
    counted = {"people": intake.people, "vehicles": intake.vehicles, "faces": intake.faces, "known": intake.known}
    code = "roster.would_take" if dry else "roster.taken"
    said = [t(code, language, **counted, rejected=max(0, len(intake.rejected) - 1))]
    if intake.sheets or intake.cards:
        said.append(t("roster.sheets_and_cards", language, sheets=intake.sheets, cards=intake.cards))
    if intake.households:
        said.append(t("roster.households", language, count=intake.households))
    return "\n".join(said)


def rejected_rows(intake: Intake, language: Language) -> Rows:
    """The rows with a problem and, behind each, why: to be corrected and handed in again."""
    why: dict[int, list[str]] = {}
    for problem in intake.problems:
        why.setdefault(problem.row, []).append(explain(problem.fault, language))
    reasons = [t("roster.reason", language), *(" ".join(one) for one in why.values())]
    return [(*cells, reason) for cells, reason in zip(intake.rejected, reasons, strict=True)]


def as_csv(rows: Rows) -> bytes:
    """With the mark that spreadsheets know UTF-8 by; no cell is ever read as a formula."""
    text = io.StringIO()
    guarded = [[f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row] for row in rows]
    csv.writer(text).writerows(guarded)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def as_xlsx(rows: Rows) -> bytes:
    """Every cell as text."""
    return _saved(_book(rows))


def form_xlsx(language: Language) -> bytes:
    """The empty form: words to choose from where only a few fit, and a second sheet that says what goes where."""
    book = _book(empty_form(language))
    sheet = book.worksheets[0]
    sheet.title, sheet.freeze_panes = t("roster.sheet_form", language), "C2"
    for place, column in enumerate(Column, 1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = WIDTHS.get(column, 15)
        sheet.column_dimensions[letter].number_format = "@"
        if column in CHOICES:
            _offer(sheet, letter, column, language)
    guide = book.create_sheet(t("roster.sheet_guide", language))
    guide.column_dimensions["A"].width, guide.column_dimensions["B"].width = 26, 110
    for column in Column:
        guide.append([t(f"roster.column_{column}", language), t(f"roster.guide_{column}", language)])
    return _saved(book)


def _offer(sheet: Worksheet, letter: str, column: Column, language: Language) -> None:
    start, kinds = CHOICES[column]
    between = "_" if column is Column.KEEP else "."
    words = ",".join(t(f"{start}{between}{kind}", language) for kind in kinds)
    offered = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True, showErrorMessage=False)
    offered.add(f"{letter}2:{letter}{PREPARED_ROWS}")
    sheet.add_data_validation(offered)


def _book(rows: Rows) -> Workbook:
    book = Workbook()
    for number, row in enumerate(rows, 1):
        for place, text in enumerate(row, 1):
            cell = book.worksheets[0].cell(number, place, text)
            cell.data_type, cell.number_format = "s", "@"
    return book


def _saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _heading(language: Language) -> tuple[str, ...]:
    return tuple(t(f"roster.column_{column}", language) for column in Column)


def _person_row(one: Resident, stays: Sequence[Tenancy], zone: tzinfo, language: Language) -> tuple[str, ...]:
    known = {Column.HOUSEHOLD: one.household, Column.NAME: one.name}
    known |= {Column.PHONE: one.phone or "", Column.NOTES: one.notes or ""}
    since, ends = one.term.since, [one.term.until]
    for stay in (stay for stay in stays if stay.household == one.household):
        known[Column.STANDING] = t(f"standing.{stay.standing}", language)
        since = since or (None if stay.starts_at == one.created_at else stay.starts_at)
        ends.append(stay.ends_at)
    known |= {Column.SINCE: _day(since, zone), Column.UNTIL: _last_day(min(filter(None, ends), default=None), zone)}
    if one.minor_until is not None:
        known[Column.BORN] = f"{born(one.minor_until):%Y-%m-%d}"
    return _row(known | _right_cells(Right(one.lanes, one.hours), language))


def _car_row(car: Vehicle, owner: str, zone: tzinfo, language: Language) -> tuple[str, ...]:
    colour, kind = t(f"plate_colour.{car.colour}", language), t(f"vehicle_type.{car.type}", language)
    known = {Column.HOUSEHOLD: car.household, Column.PLATE: car.plate, Column.NOTES: car.notes or ""}
    known |= {Column.COLOUR: colour, Column.TYPE: kind, Column.OWNER: owner}
    known |= {Column.SINCE: _day(car.term.since, zone), Column.UNTIL: _last_day(car.term.until, zone)}
    return _row(known | _right_cells(Right(car.lanes, car.hours), language))


def _day(moment: datetime | None, zone: tzinfo) -> str:
    """A day, with the time where it does not begin then."""
    if moment is None:
        return ""
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d}" if local.time() == time() else f"{local:%Y-%m-%d %H:%M:%S}"


def _last_day(until: datetime | None, zone: tzinfo) -> str:
    """The last day on which something holds, or the moment until which it does."""
    if until is None or until.astimezone(zone).time() != time():
        return _day(until, zone)
    return _day(until - timedelta(days=1), zone)


def _right_cells(right: Right, language: Language) -> dict[Column, str]:
    return {Column.LANES: ", ".join(right.lanes or ()), Column.HOURS: hours_line(right.hours, language)}


def _row(told: Mapping[Column, str]) -> tuple[str, ...]:
    return tuple(told.get(column, "") for column in Column)
