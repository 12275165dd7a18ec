"""What the enrollers' pages share: the register, whom an address names, and how a fault is answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Depends, Form, Path, Request
from fastapi.responses import JSONResponse, RedirectResponse

from enrollment.entry import Resident, Vehicle
from enrollment.errors import EntryRefused
from enrollment.form import minor_until
from enrollment.household import HouseholdCode
from gate.console.desk import Desk, Office, TheDesk
from gate.console.errors import RequestRefused
from gate.texts import explain
from models.errors import Fault

ID = Path(pattern=r"^[A-Za-z0-9-]{1,32}$")
HouseholdId = Annotated[str, ID]
ResidentId = Annotated[str, ID]
VehicleId = Annotated[str, ID]
SubjectId = Annotated[str, ID]
Typed = Annotated[str, Form(max_length=200)]


def office_of(desk: TheDesk) -> Office:
    """The register. Raises `RequestRefused` where there is none."""
    if desk.office is None:
        raise RequestRefused("console.not_found", 404)
    return desk.office


TheOffice = Annotated[Office, Depends(office_of)]


def household_code(office: Office, household_id: str) -> str:
    """The code of a household. Raises `RequestRefused` where there is none."""
    code = office.finder.household(household_id)
    if code is None:
        raise RequestRefused("console.no_such_household", 404)
    return code


def household_address(office: Office, code: str, then: str = "") -> str:
    """The page of an entry's household; `then` names the field that is typed in next."""
    return f"/enrolment/households/{office.finder.id_of(HouseholdCode.parse(code))}{then and f'?then={then}'}"


def needed_person(office: Office, resident_id: str) -> Resident:
    """The resident of that id. Raises `RequestRefused` where there is none, or they were erased."""
    person = office.register.find(resident_id)
    if not isinstance(person, Resident):
        raise RequestRefused("console.no_such_person", 404)
    return person


def needed_vehicle(office: Office, vehicle_id: str) -> Vehicle:
    """The vehicle of that id. Raises `RequestRefused` where there is none, or it was erased."""
    vehicle = office.register.find(vehicle_id)
    if not isinstance(vehicle, Vehicle):
        raise RequestRefused("console.no_such_vehicle", 404)
    return vehicle


def today(desk: Desk) -> date:
    """The day in the compound."""
    return desk.wall().astimezone(desk.zone).date()


def a_day(typed: str) -> date:
    """A day as a form sends it. Raises `EntryRefused` (`console.enrolment.no_day`)."""
    try:
        return date.fromisoformat(typed)
    except ValueError as wrong:
        raise EntryRefused("console.enrolment.no_day", day=typed) from wrong


def child_until(born: str, desk: Desk) -> date | None:
    """The fourteenth birthday of whoever has not had it yet. Raises `EntryRefused`."""
    if not born:
        return None
    try:
        day = date.fromisoformat(born)
        ends = minor_until(day)
    except ValueError as wrong:
        raise EntryRefused("register.birthday") from wrong
    if day > today(desk):
        raise EntryRefused("register.birthday")
    return ends if ends > today(desk) else None


def see(address: str) -> RedirectResponse:
    """Lead to another page after a form."""
    return RedirectResponse(address, 303)


def refusal(request: Request, fault: Fault, status: int = 422) -> JSONResponse:
    """A fault as a page's script shows it, in the page's language."""
    return JSONResponse({"code": fault.code, "message": explain(fault, request.state.language)}, status)
