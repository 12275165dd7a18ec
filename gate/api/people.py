"""People of the register: listed, entered, changed and erased. Faces, consents and PINs stay with the staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from enrollment.entry import Resident
from enrollment.form import PersonForm, Standing
from enrollment.hours import parse_hours
from enrollment.household import HouseholdCode
from enrollment.listing import people_page, standings
from gate.api import cursor
from gate.api.admission import KeyedRoute, TheCaller, TheParts
from gate.api.entity_tags import expected_version, version_tag
from gate.api.entries import Entry, Erased, Household, Living, SubjectId, Typed, certified, check_lanes, common
from gate.api.parts import Parts
from gate.api.problem_answers import Refused
from gate.erasure import erase

router = APIRouter(route_class=KeyedRoute)


class PersonEntry(Entry):
    """What is entered about a person."""

    name: Typed
    standing: Standing = Standing.FAMILY
    phone: Typed | None = None
    minor_until: date | None = Field(default=None, description="the fourteenth birthday of a child")


class Person(PersonEntry, Living):
    """A living entry."""


class People(BaseModel):
    """A page, in the order of the ids."""

    items: list[Person]
    next: str | None


@router.get("/people")
def people(
    request: Request,
    response: Response,
    parts: TheParts,
    caller: TheCaller,
    household: Household = None,
    limit: cursor.Limit = cursor.USUAL,
    next_page: cursor.Next = None,
) -> People:
    """A page of the people who live here."""
    asked = {"list": "people", "household": household}
    key = cursor.read(asked, next_page, 1)
    code = HouseholdCode.parse(household) if household is not None else None
    parts.desk.looks.record(caller, "people" if code is None else f"household:{code}")
    found, more = people_page(parts.site.engine, key[0] if key else "", limit, code)
    follows = cursor.written(asked, [found[-1].id]) if more and found else None
    response.headers.update(cursor.following(request, follows))
    return People(items=_told(parts, found), next=follows)


@router.post("/people", status_code=201)
def add_person(response: Response, parts: TheParts, caller: TheCaller, entry: PersonEntry) -> Person:
    """Enter a person, without a face."""
    person = parts.site.register.enrol(_form(parts, entry), caller.account)
    response.headers.update({"Location": f"/api/v1/people/{person.id}", **version_tag(person.version)})
    return _told(parts, [person])[0]


@router.get("/people/{person_id}")
def person(response: Response, parts: TheParts, caller: TheCaller, person_id: SubjectId) -> Person:
    """One person."""
    found = _living(parts, person_id)
    parts.desk.looks.record(caller, f"resident:{person_id}")
    response.headers.update(version_tag(found.version))
    return _told(parts, [found])[0]


@router.put("/people/{person_id}")
def change_person(
    request: Request, response: Response, parts: TheParts, caller: TheCaller, person_id: SubjectId, entry: PersonEntry
) -> Person:
    """Replace what is entered about a person; `If-Match` names the version that was seen."""
    expected = expected_version(request, _living(parts, person_id).version)
    changed = parts.site.register.edit_person(person_id, _form(parts, entry), caller.account, expected)
    response.headers.update(version_tag(changed.version))
    return _told(parts, [changed])[0]


@router.delete("/people/{person_id}")
def erase_person(request: Request, parts: TheParts, caller: TheCaller, person_id: SubjectId) -> Erased:
    """Erase a person from register, record and pictures for good; `If-Match` names the version that was seen."""
    expected = expected_version(request, _living(parts, person_id).version)
    return certified(erase(parts.site, person_id, caller.account, expected))


def _living(parts: Parts, person_id: str) -> Resident:
    found = parts.site.register.find(person_id)
    if not isinstance(found, Resident):
        raise Refused("api.no_person", 404)
    return found


def _form(parts: Parts, entry: PersonEntry) -> PersonForm:
    check_lanes(parts, entry.lanes)
    return PersonForm.of(
        entry.name,
        entry.household,
        entry.lanes,
        phone=entry.phone,
        minor_until=entry.minor_until,
        notes=entry.notes,
        term=entry.term,
        standing=entry.standing,
        hours=parse_hours(entry.hours or ""),
    )


def _told(parts: Parts, found: Sequence[Resident]) -> list[Person]:
    lives_as = standings(parts.site.engine, [one.id for one in found])
    return [
        Person(
            **common(one),
            name=one.name,
            standing=lives_as.get(one.id, Standing.FAMILY),
            phone=one.phone,
            minor_until=one.minor_until,
        )
        for one in found
    ]
