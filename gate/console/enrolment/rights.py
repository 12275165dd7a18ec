"""Which lanes somebody may use and when, and that they may use none: set on their pages, in force within a second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from fastapi import APIRouter, Form, Request, Response

from enrollment.entry import Entry
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.rights import Right
from gate.console.desk import Desk, Office, SignedIn, TheDesk
from gate.console.enrolment.households import household_view
from gate.console.enrolment.office import (
    HouseholdId,
    ResidentId,
    TheOffice,
    Typed,
    VehicleId,
    a_day,
    household_code,
    needed_person,
    needed_vehicle,
    see,
)
from gate.console.enrolment.people import person_view
from gate.console.enrolment.right_form import BlockForm, Refusal, RightForm, RightTyped
from gate.console.enrolment.vehicles import vehicle_view

router = APIRouter()
Version = Form(default=0, ge=0, le=10**9)
Done = Callable[[], object]


@router.post("/enrolment/people/{resident_id}/right")
def give_person(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    resident_id: ResidentId,
    typed: RightTyped,
    version: int = Version,
) -> Response:
    """Set a person's right; where somebody else was faster, both are shown."""
    refused = _give(desk, office, needed_person(office, resident_id), typed, session.account, version)
    if refused:
        return person_view(request, desk, resident_id, refused)
    return see(f"/enrolment/people/{resident_id}?notice=right_given")


@router.post("/enrolment/vehicles/{vehicle_id}/right")
def give_vehicle(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    vehicle_id: VehicleId,
    typed: RightTyped,
    version: int = Version,
) -> Response:
    """The same of a vehicle."""
    refused = _give(desk, office, needed_vehicle(office, vehicle_id), typed, session.account, version)
    if refused:
        return vehicle_view(request, desk, vehicle_id, refused)
    return see(f"/enrolment/vehicles/{vehicle_id}?notice=right_given")


@router.post("/enrolment/households/{household_id}/right")
def give_household(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    household_id: HouseholdId,
    typed: RightTyped,
    version: int = Version,
) -> Response:
    """The same of everybody and every vehicle at a household without a right of their own."""
    household_code(office, household_id)
    rights = office.register.rights
    try:
        right = typed.checked(desk, rights.of_household(household_id)[0])
        rights.give_household(household_id, right, session.account, version)
    except (EntryRefused, NotEnrolled) as fault:
        return household_view(request, desk, household_id, Refusal(fault, right=typed))
    return see(f"/enrolment/households/{household_id}?notice=right_given")


@router.post("/enrolment/people/{resident_id}/block")
def block_person(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    resident_id: ResidentId,
    reason: Typed = "",
    last_day: Typed = "",
    sure: Typed = "",
    version: int = Version,
) -> Response:
    """Let a person through no more, or not before the day after the last one."""
    person, typed = needed_person(office, resident_id), BlockForm(reason, last_day)
    refused = _block(desk, office, person, typed, session.account, version, sure=sure == "yes")
    if refused:
        return person_view(request, desk, resident_id, refused)
    return see(f"/enrolment/people/{resident_id}?notice=blocked")


@router.post("/enrolment/vehicles/{vehicle_id}/block")
def block_vehicle(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    vehicle_id: VehicleId,
    reason: Typed = "",
    last_day: Typed = "",
    sure: Typed = "",
    version: int = Version,
) -> Response:
    """The same of a vehicle."""
    car, typed = needed_vehicle(office, vehicle_id), BlockForm(reason, last_day)
    refused = _block(desk, office, car, typed, session.account, version, sure=sure == "yes")
    if refused:
        return vehicle_view(request, desk, vehicle_id, refused)
    return see(f"/enrolment/vehicles/{vehicle_id}?notice=blocked")


@router.post("/enrolment/people/{resident_id}/unblock")
def unblock_person(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    resident_id: ResidentId,
    version: int = Version,
) -> Response:
    """Take the block away."""
    person = needed_person(office, resident_id)
    refused = _tried(lambda: office.register.unblock(person.id, session.account, version))
    if refused:
        return person_view(request, desk, resident_id, refused)
    return see(f"/enrolment/people/{resident_id}?notice=unblocked")


@router.post("/enrolment/vehicles/{vehicle_id}/unblock")
def unblock_vehicle(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    vehicle_id: VehicleId,
    version: int = Version,
) -> Response:
    """The same of a vehicle."""
    car = needed_vehicle(office, vehicle_id)
    refused = _tried(lambda: office.register.unblock(car.id, session.account, version))
    if refused:
        return vehicle_view(request, desk, vehicle_id, refused)
    return see(f"/enrolment/vehicles/{vehicle_id}?notice=unblocked")


def _give(desk: Desk, office: Office, entry: Entry, typed: RightForm, actor: str, version: int) -> Refusal | None:
    before = Right(entry.lanes, entry.hours)
    return _tried(
        lambda: office.register.rights.give(entry.id, typed.checked(desk, before), actor, version), right=typed
    )


def _block(
    desk: Desk, office: Office, entry: Entry, typed: BlockForm, actor: str, version: int, *, sure: bool
) -> Refusal | None:
    def done() -> None:
        if not sure:
            raise EntryRefused("console.block.sure_needed")
        ends = datetime.combine(a_day(typed.last_day), time.max, desk.zone) if typed.last_day else None
        office.register.block(entry.id, typed.reason, actor, ends, version)

    return _tried(done, block=typed)


def _tried(done: Done, right: RightForm | None = None, block: BlockForm | None = None) -> Refusal | None:
    """What was refused, with what was typed."""
    try:
        done()
    except (EntryRefused, NotEnrolled) as fault:
        return Refusal(fault, right, block)
    return None
