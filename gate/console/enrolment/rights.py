"""Which lanes somebody may use and when, and that they may use none: set on their pages, in force within a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

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
View = Callable[[Request, Desk, str, Refusal], Response]
Opened = Callable[[str, str, View], "Edit"]


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody of the staff at work on an entry's page: `version` is what they saw, `shown` the page with a refusal."""

    desk: Desk
    office: Office
    actor: str
    version: int
    address: str
    shown: Callable[[Refusal], Response]

    def give(self, entry: Entry, typed: RightForm) -> Response:
        """Set the right; where somebody else was faster, both are shown."""

        def done() -> None:
            right = typed.checked(self.desk, Right(entry.lanes, entry.hours))
            self.office.register.rights.give(entry.id, right, self.actor, self.version)

        return self.tried(done, "right_given", right=typed)

    def block(self, entry: Entry, typed: BlockForm, *, sure: bool) -> Response:
        """Let it through no more, or not before the day after the last one."""

        def done() -> None:
            if not sure:
                raise EntryRefused("console.block.sure_needed")
            ends = datetime.combine(a_day(typed.last_day), time.max, self.desk.zone) if typed.last_day else None
            self.office.register.block(entry.id, typed.reason, self.actor, ends, self.version)

        return self.tried(done, "blocked", block=typed)

    def unblock(self, entry: Entry) -> Response:
        """Take the block away."""
        return self.tried(lambda: self.office.register.unblock(entry.id, self.actor, self.version), "unblocked")

    def tried(
        self,
        done: Callable[[], object],
        notice: str,
        right: RightForm | None = None,
        block: BlockForm | None = None,
    ) -> Response:
        """The page as it is after the act, or with what was refused and what was typed."""
        try:
            done()
        except (EntryRefused, NotEnrolled) as fault:
            return self.shown(Refusal(fault, right, block))
        return see(f"{self.address}?notice={notice}")


def _edit(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    version: Annotated[int, Form(ge=0, le=10**9)] = 0,
) -> Opened:
    def at(kind: str, entry_id: str, view: View) -> Edit:
        return Edit(
            desk,
            office,
            session.account,
            version,
            f"/enrolment/{kind}/{entry_id}",
            lambda refused: view(request, desk, entry_id, refused),
        )

    return at


At = Annotated[Opened, Depends(_edit)]


def _block_typed(reason: Typed = "", last_day: Typed = "") -> BlockForm:
    return BlockForm(reason, last_day)


BlockTyped = Annotated[BlockForm, Depends(_block_typed)]


@router.post("/enrolment/people/{resident_id}/right")
def give_person(at: At, office: TheOffice, resident_id: ResidentId, typed: RightTyped) -> Response:
    """Set a person's right."""
    return at("people", resident_id, person_view).give(needed_person(office, resident_id), typed)


@router.post("/enrolment/vehicles/{vehicle_id}/right")
def give_vehicle(at: At, office: TheOffice, vehicle_id: VehicleId, typed: RightTyped) -> Response:
    """The same of a vehicle."""
    return at("vehicles", vehicle_id, vehicle_view).give(needed_vehicle(office, vehicle_id), typed)


@router.post("/enrolment/households/{household_id}/right")
def give_household(at: At, office: TheOffice, household_id: HouseholdId, typed: RightTyped) -> Response:
    """The same of everybody and every vehicle at a household without a right of their own."""
    household_code(office, household_id)
    edit, rights = at("households", household_id, household_view), office.register.rights

    def done() -> None:
        right = typed.checked(edit.desk, rights.of_household(household_id)[0])
        rights.give_household(household_id, right, edit.actor, edit.version)

    return edit.tried(done, "right_given", right=typed)


@router.post("/enrolment/people/{resident_id}/block")
def block_person(at: At, office: TheOffice, resident_id: ResidentId, typed: BlockTyped, sure: Typed = "") -> Response:
    """Let a person through no more."""
    return at("people", resident_id, person_view).block(needed_person(office, resident_id), typed, sure=sure == "yes")


@router.post("/enrolment/vehicles/{vehicle_id}/block")
def block_vehicle(at: At, office: TheOffice, vehicle_id: VehicleId, typed: BlockTyped, sure: Typed = "") -> Response:
    """The same of a vehicle."""
    return at("vehicles", vehicle_id, vehicle_view).block(needed_vehicle(office, vehicle_id), typed, sure=sure == "yes")


@router.post("/enrolment/people/{resident_id}/unblock")
def unblock_person(at: At, office: TheOffice, resident_id: ResidentId) -> Response:
    """Let a person through again."""
    return at("people", resident_id, person_view).unblock(needed_person(office, resident_id))


@router.post("/enrolment/vehicles/{vehicle_id}/unblock")
def unblock_vehicle(at: At, office: TheOffice, vehicle_id: VehicleId) -> Response:
    """The same of a vehicle."""
    return at("vehicles", vehicle_id, vehicle_view).unblock(needed_vehicle(office, vehicle_id))
