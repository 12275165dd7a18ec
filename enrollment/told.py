"""What a register elsewhere tells us, in one neutral form whoever tells it: people, vehicles, lists of plates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Self, TypeAlias
from zoneinfo import ZoneInfo

from enrollment.entry import Resident, Vehicle
from enrollment.errors import EnrollmentError, EntryRefused
from enrollment.form import (
    PersonForm,
    Standing,
    Term,
    VehicleForm,
    VehicleType,
    entered_moment,
    minor_until,
    tidy,
)
from enrollment.household import HouseholdCode
from models.plate.grammar import classify, normalise
from models.sighting import PlateColour

LONGEST_REF = 200
NOWHERE = "0-0-0"
"""Stands in for the household while the other fields of somebody whose household is not told are checked."""


Values: TypeAlias = Mapping[str, str]
"""What is said of somebody, by field, as text."""


class ToldKind(StrEnum):
    """What an entry of a source is."""

    PERSON = "person"
    VEHICLE = "vehicle"
    BLOCKED = "blocked"
    ALLOWED = "allowed"


PEOPLE_AND_CARS = (ToldKind.PERSON, ToldKind.VEHICLE)
LISTS = (ToldKind.BLOCKED, ToldKind.ALLOWED)

FIELDS: Mapping[ToldKind, tuple[str, ...]] = {
    ToldKind.PERSON: ("household", "name", "phone", "standing", "born", "since", "until"),
    ToldKind.VEHICLE: ("household", "plate", "colour", "type", "since", "until", "owner_name", "owner_phone"),
    ToldKind.BLOCKED: ("plate", "reason", "since", "until"),
    ToldKind.ALLOWED: ("plate", "reason", "since", "until"),
}
"""What may be told of each, besides its id there. Anything else that a source sends is left where it is."""

NEEDED: Mapping[ToldKind, str] = {ToldKind.PERSON: "name"} | dict.fromkeys(list(ToldKind)[1:], "plate")
DEFAULTS = {"standing": Standing.FAMILY, "colour": PlateColour.UNKNOWN, "type": VehicleType.CAR}
"""What a field is where nobody has said anything: the same as telling nothing."""

ASIDE = frozenset({"owner_name", "owner_phone", "machines"})
"""What is told and never stands here: whose a vehicle is, for a source that knows no households, and where a source
that tells somebody to each of its machines has done so."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry, tidied: `values` has only what was said and is not the default, as text (moments in UTC)."""

    kind: ToldKind
    ref: str
    values: Mapping[str, str]

    @classmethod
    def of(
        cls,
        kind: ToldKind,
        ref: str,
        raw: Mapping[str, str],
        zone: ZoneInfo,
        key: Callable[[str], str] = str.casefold,
    ) -> Self:
        """The entry in the words of its source; `key` turns a word for a standing, colour or type into ours.

        Raises:
            EntryRefused: a field that is none; `told.no_ref`, `told.incomplete` where name or plate is missing.
        """
        ref = " ".join(ref.split())
        if not ref or len(ref) > LONGEST_REF:
            raise EntryRefused("told.no_ref")
        said = {name: text for name in FIELDS[kind] if (text := " ".join(raw.get(name, "").split()))}
        if NEEDED[kind] not in said:
            raise EntryRefused("told.incomplete", field=NEEDED[kind])
        for name in said.keys() & DEFAULTS.keys():
            said[name] = _one_of(name, key(said[name]), said[name])
        for name in said.keys() & {"since", "until"}:
            moment = entered_moment(said[name], zone, whole_day=name == "until")
            said[name] = moment.isoformat(timespec="microseconds")
        return cls(kind, ref, _checked(kind, said))


@dataclass(frozen=True, slots=True)
class Wrong:
    """An entry that cannot be taken over: its id there where that could be read, or its row, and why."""

    kind: ToldKind
    ref: str | None
    row: int | None
    fault: EnrollmentError


def person_form(values: Mapping[str, str], standing: Standing, known: Resident | None = None) -> PersonForm:
    """The whole form of a person of these values; right and notes are those of who is `known` already."""
    grown = values.get("minor_until")
    return PersonForm.of(
        values["name"],
        values["household"],
        known.lanes if known else None,
        phone=values.get("phone"),
        minor_until=date.fromisoformat(grown) if grown else None,
        notes=known.notes if known else None,
        term=_term(values),
        standing=standing,
        hours=known.hours if known else (),
    )


def vehicle_form(values: Mapping[str, str], known: Vehicle | None = None) -> VehicleForm:
    """The whole form of a vehicle of these values; right, owner and notes are those of the `known` one."""
    return VehicleForm.of(
        values["plate"],
        values["household"],
        PlateColour(values.get("colour", PlateColour.UNKNOWN)),
        known.lanes if known else None,
        type=VehicleType(values.get("type", VehicleType.CAR)),
        owner=known.owner if known else None,
        notes=known.notes if known else None,
        term=_term(values),
        hours=known.hours if known else (),
    )


def moment_of(values: Mapping[str, str], name: str) -> datetime | None:
    """A moment among values, None where it is not there."""
    return datetime.fromisoformat(values[name]) if name in values else None


def _term(values: Mapping[str, str]) -> Term:
    return Term(moment_of(values, "since"), moment_of(values, "until"))


def _checked(kind: ToldKind, said: dict[str, str]) -> dict[str, str]:
    """The values as the register would keep them. Raises `EntryRefused`."""
    if kind is ToldKind.PERSON:
        if born := said.pop("born", None):
            grown = minor_until(_day(born))
            said |= {"minor_until": grown.isoformat()} if grown > datetime.now(UTC).date() else {}
        form = person_form({"household": NOWHERE, **said}, Standing(said.get("standing", Standing.FAMILY)))
        said |= {"name": form.name} | ({"phone": form.phone} if form.phone else {})
    elif kind is ToldKind.VEHICLE:
        said["plate"] = vehicle_form({"household": NOWHERE, **said}).plate
        if phone := said.get("owner_phone"):
            said["owner_phone"] = PersonForm.of("-", NOWHERE, phone=phone).phone or ""
    else:
        said["plate"] = normalise(said["plate"])
        if classify(said["plate"], PlateColour.UNKNOWN) is None:
            raise EntryRefused("register.not_a_plate", plate=said["plate"])
        tidy(said.get("reason"))
        _term(said)
    if "household" in said:
        said["household"] = str(HouseholdCode.parse(said["household"]))
    return {name: text for name, text in said.items() if text and DEFAULTS.get(name) != text}


def _one_of(name: str, word: str, entered: str) -> str:
    kinds = type(DEFAULTS[name])
    if word not in {str(member) for member in kinds}:
        raise EntryRefused("roster.no_such_word", word=entered)
    return word


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.replace("/", "-").replace(".", "-")[:10])
    except ValueError as wrong:
        raise EntryRefused("roster.no_day", entered=text) from wrong
