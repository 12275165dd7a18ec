"""Vehicles of the register: listed, entered, changed and erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from enrollment.entry import Resident
from enrollment.entry import Vehicle as Entered
from enrollment.form import VehicleForm, VehicleType
from enrollment.hours import parse_hours
from enrollment.household import HouseholdCode
from enrollment.listing import vehicles_page
from gate.api import cursor
from gate.api.admission import KeyedRoute, TheCaller, TheParts
from gate.api.entity_tags import expected_version, version_tag
from gate.api.entries import Entry, Erased, Household, Living, SubjectId, certified, check_lanes, common
from gate.api.parts import Parts
from gate.api.problem_answers import Refused
from gate.erasure import erase
from models.sighting import PlateColour

router = APIRouter(route_class=KeyedRoute)


class VehicleEntry(Entry):
    """What is entered about a vehicle."""

    plate: Annotated[str, Field(max_length=20)]
    colour: PlateColour = PlateColour.UNKNOWN
    type: VehicleType = VehicleType.CAR
    owner: str | None = Field(default=None, max_length=36, description="a person's id")


class Vehicle(VehicleEntry, Living):
    """A living entry."""


class Vehicles(BaseModel):
    """A page, in the order of the ids."""

    items: list[Vehicle]
    next: str | None


@router.get("/vehicles")
def vehicles(
    request: Request,
    response: Response,
    parts: TheParts,
    caller: TheCaller,
    household: Household = None,
    limit: cursor.Limit = cursor.USUAL,
    next_page: cursor.Next = None,
) -> Vehicles:
    """A page of the vehicles that are entered here."""
    asked = {"list": "vehicles", "household": household}
    key = cursor.read(asked, next_page, 1)
    code = HouseholdCode.parse(household) if household is not None else None
    parts.desk.looks.record(caller, "vehicles" if code is None else f"household:{code}")
    found, more = vehicles_page(parts.site.engine, key[0] if key else "", limit, code)
    follows = cursor.written(asked, [found[-1].id]) if more and found else None
    response.headers.update(cursor.following(request, follows))
    return Vehicles(items=_told(found), next=follows)


@router.post("/vehicles", status_code=201)
def add_vehicle(response: Response, parts: TheParts, caller: TheCaller, entry: VehicleEntry) -> Vehicle:
    """Enter a vehicle."""
    vehicle = parts.site.register.enter_vehicle(_form(parts, entry), caller.account)
    response.headers.update({"Location": f"/api/v1/vehicles/{vehicle.id}", **version_tag(vehicle.version)})
    return _told([vehicle])[0]


@router.get("/vehicles/{vehicle_id}")
def vehicle(response: Response, parts: TheParts, caller: TheCaller, vehicle_id: SubjectId) -> Vehicle:
    """One vehicle."""
    found = _living(parts, vehicle_id)
    parts.desk.looks.record(caller, f"vehicle:{vehicle_id}")
    response.headers.update(version_tag(found.version))
    return _told([found])[0]


@router.put("/vehicles/{vehicle_id}")
def change_vehicle(
    request: Request, response: Response, parts: TheParts, caller: TheCaller, vehicle_id: SubjectId, entry: VehicleEntry
) -> Vehicle:
    """Replace what is entered about a vehicle; `If-Match` names the version that was seen."""
    expected = expected_version(request, _living(parts, vehicle_id).version)
    changed = parts.site.register.edit_vehicle(vehicle_id, _form(parts, entry), caller.account, expected)
    response.headers.update(version_tag(changed.version))
    return _told([changed])[0]


@router.delete("/vehicles/{vehicle_id}")
def erase_vehicle(request: Request, parts: TheParts, caller: TheCaller, vehicle_id: SubjectId) -> Erased:
    """Erase a vehicle from register, record and pictures for good; `If-Match` names the version that was seen."""
    expected = expected_version(request, _living(parts, vehicle_id).version)
    return certified(erase(parts.site, vehicle_id, caller.account, expected))


def _living(parts: Parts, vehicle_id: str) -> Entered:
    found = parts.site.register.find(vehicle_id)
    if not isinstance(found, Entered):
        raise Refused("api.no_vehicle", 404)
    return found


def _form(parts: Parts, entry: VehicleEntry) -> VehicleForm:
    check_lanes(parts, entry.lanes)
    if entry.owner is not None and not isinstance(parts.site.register.find(entry.owner), Resident):
        raise Refused("api.no_owner", 422, field="owner", place="body")
    return VehicleForm.of(
        entry.plate,
        entry.household,
        entry.colour,
        entry.lanes,
        type=entry.type,
        owner=entry.owner,
        notes=entry.notes,
        term=entry.term,
        hours=parse_hours(entry.hours or ""),
    )


def _told(found: Sequence[Entered]) -> list[Vehicle]:
    return [Vehicle(**common(one), plate=one.plate, colour=one.colour, type=one.type, owner=one.owner) for one in found]
