"""The form of a whole compound as a table: its empty rows, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook

from enrollment.entry import Resident, Vehicle
from enrollment.form import Standing, born
from enrollment.register import Register
from enrollment.rights import Right
from enrollment.roster import Intake
from enrollment.roster_form import Column
from gate.rights import hours_line
from gate.sheets import FORMULA
from gate.texts import Language, explain, t

Rows = Sequence[Iterable[str]]


def empty_form(language: Language) -> Rows:
    """The heading and two invented people."""
    told: dict[Column, str] = {Column.HOUSEHOLD: "3-2-501", Column.SIGNED: "2026-03-01"}
    car = {Column.PLATE: "辽A12345", Column.COLOUR: t("plate_colour.blue", language)}
    grown = {Column.NAME: "张三", Column.STANDING: t(f"standing.{Standing.OWNER}", language), **car}
    family = t(f"standing.{Standing.FAMILY}", language)
    child = {Column.NAME: "张小三", Column.STANDING: family, Column.BORN: "2020-05-01"}
    signer = {Column.GUARDIAN: "张三", Column.RELATION: t("roster.example_relation", language)}
    kept = {Column.KEEP: t("roster.word_no", language), Column.PHOTO: "zhang-xiao-san.jpg"}
    return [_heading(language), _row(told | grown), _row(told | child | signer | kept)]


def register_rows(register: Register, language: Language) -> Rows:
    """Everybody, every vehicle and every household's right; faces, consents and credentials stay where they are."""
    people, cars = register.residents(), register.vehicles()
    stays = {one.id: register.tenancies.of(one.id) for one in people}
    standings = {one: t(f"standing.{stay[0].standing}", language) for one, stay in stays.items() if stay}
    rows = [_person_row(one, standings.get(one.id, ""), language) for one in people]
    homes = register.rights.of_households().items()
    given = [_row({Column.HOUSEHOLD: str(code), **_right_cells(right, language)}) for code, right in homes]
    return [_heading(language), *rows, *(_car_row(car, language) for car in cars), *given]


def summary(intake: Intake, language: Language, *, dry: bool) -> str:
    """What came of a table, or with `dry` what would, in a sentence or two."""
    counted = {"people": intake.people, "vehicles": intake.vehicles, "faces": intake.faces, "known": intake.known}
    code = "roster.would_take" if dry else "roster.taken"
    said = t(code, language, **counted, rejected=len(intake.problems))
    homes = [t("roster.households", language, count=intake.households)] if intake.households else []
    return "\n".join([said, *homes])


def rejected_rows(intake: Intake, language: Language) -> Rows:
    """The rows with a problem and, behind each, why: to be corrected and handed in again."""
    reasons = [t("roster.reason", language), *(explain(problem.fault, language) for problem in intake.problems)]
    return [(*cells, why) for cells, why in zip(intake.rejected, reasons, strict=True)]


def as_csv(rows: Rows) -> bytes:
    """With the mark that spreadsheets know UTF-8 by; no cell is ever read as a formula."""
    text = io.StringIO()
    guarded = [[f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row] for row in rows]
    csv.writer(text).writerows(guarded)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def as_xlsx(rows: Rows) -> bytes:
    """Every cell as text."""
    book, file = Workbook(), io.BytesIO()
    for number, row in enumerate(rows, 1):
        for place, text in enumerate(row, 1):
            cell = book.worksheets[0].cell(number, place, text)
            cell.data_type, cell.number_format = "s", "@"
    book.save(file)
    return file.getvalue()


def _heading(language: Language) -> tuple[str, ...]:
    return tuple(t(f"roster.column_{column}", language) for column in Column)


def _person_row(one: Resident, standing: str, language: Language) -> tuple[str, ...]:
    known = {Column.HOUSEHOLD: one.household, Column.NAME: one.name, Column.STANDING: standing}
    known |= {Column.PHONE: one.phone or "", Column.NOTES: one.notes or ""}
    if one.minor_until is not None:
        known[Column.BORN] = f"{born(one.minor_until):%Y-%m-%d}"
    return _row(known | _right_cells(Right(one.lanes, one.hours), language))


def _car_row(car: Vehicle, language: Language) -> tuple[str, ...]:
    colour, kind = t(f"plate_colour.{car.colour}", language), t(f"vehicle_type.{car.type}", language)
    known = {Column.HOUSEHOLD: car.household, Column.PLATE: car.plate, Column.NOTES: car.notes or ""}
    return _row(
        known | {Column.COLOUR: colour, Column.TYPE: kind} | _right_cells(Right(car.lanes, car.hours), language)
    )


def _right_cells(right: Right, language: Language) -> dict[Column, str]:
    return {Column.LANES: ", ".join(right.lanes or ()), Column.HOURS: hours_line(right.hours, language)}


def _row(told: Mapping[Column, str]) -> tuple[str, ...]:
    return tuple(told.get(column, "") for column in Column)
