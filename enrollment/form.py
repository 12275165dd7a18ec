"""What staff enter about people and vehicles, checked and tidied when it is made."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Self

from enrollment.errors import EntryRefused
from enrollment.hours import Hours
from enrollment.household import HouseholdCode
from enrollment.name import clean_name
from models.plate.grammar import classify, normalise
from models.sighting import PlateColour

LONGEST_TEXT = 200
"""Characters of a note or of a reason."""

LONGEST_DAY = len("2026-03-01")

MAJORITY = 14
"""Years: below this age a guardian consents (Personal Information Protection Law, article 31)."""

_PHONE = re.compile(r"\+?[0-9]{5,19}")
_UNSHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]")
"""What a note is not shown as it was typed with: controls but a line's end, overrides of the direction, lone halves of
a character. Joiners stay, which scripts and emoji need, and so does every kind of space."""


class Standing(StrEnum):
    """As what somebody lives in a household."""

    OWNER = "owner"
    TENANT = "tenant"
    FAMILY = "family"


class VehicleType(StrEnum):
    """What kind of vehicle it is, in the words of the form."""

    CAR = "car"
    VAN = "van"
    TRUCK = "truck"
    BUS = "bus"
    MOTORCYCLE = "motorcycle"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Term:
    """From when until when a right holds; None is without an end on that side. Moments are aware."""

    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise EntryRefused("register.ends_before_it_begins")


ALWAYS = Term()


@dataclass(frozen=True, slots=True)
class PersonForm:
    """A resident as entered. `minor_until` is the fourteenth birthday of a child, None for everybody else."""

    name: str
    household: HouseholdCode
    lanes: tuple[str, ...] | None = None
    phone: str | None = None
    minor_until: date | None = None
    notes: str | None = None
    term: Term = ALWAYS
    standing: Standing = Standing.FAMILY
    hours: Hours = ()

    @classmethod
    def of(
        cls,
        name: str,
        household: str,
        lanes: Iterable[str] | None = None,
        *,
        phone: str | None = None,
        minor_until: date | None = None,
        notes: str | None = None,
        term: Term = ALWAYS,
        standing: Standing = Standing.FAMILY,
        hours: Hours = (),
    ) -> Self:
        """The form as typed, tidied.

        Raises:
            EntryRefused: a name or household code that is none; `register.no_lanes`, `register.phone`,
                `register.ends_before_it_begins`, and as `tidy`.
        """
        home = HouseholdCode.parse(household)
        named, lanes_ = clean_name(name), rights(lanes)
        return cls(named, home, lanes_, _phone(phone), minor_until, tidy(notes), term, standing, hours)


@dataclass(frozen=True, slots=True)
class VehicleForm:
    """A vehicle as entered. `owner` is a resident's id, where one is named."""

    plate: str
    household: HouseholdCode
    colour: PlateColour = PlateColour.UNKNOWN
    lanes: tuple[str, ...] | None = None
    type: VehicleType = VehicleType.CAR
    owner: str | None = None
    notes: str | None = None
    term: Term = ALWAYS
    hours: Hours = ()

    @classmethod
    def of(
        cls,
        plate: str,
        household: str,
        colour: PlateColour = PlateColour.UNKNOWN,
        lanes: Iterable[str] | None = None,
        *,
        type: VehicleType = VehicleType.CAR,  # noqa: A002
        owner: str | None = None,
        notes: str | None = None,
        term: Term = ALWAYS,
        hours: Hours = (),
    ) -> Self:
        """The form as typed, tidied.

        Raises:
            EntryRefused: `register.not_a_plate` where no rule of the grammar fits plate and colour; a household code
                that is none; `register.no_lanes`, `register.ends_before_it_begins`, and as `tidy`.
        """
        text, home, lanes_ = normalise(plate), HouseholdCode.parse(household), rights(lanes)
        if classify(text, colour) is None:
            raise EntryRefused("register.not_a_plate", plate=text)
        return cls(text, home, colour, lanes_, type, owner, tidy(notes), term, hours)


def entered_moment(text: str, zone: tzinfo, *, whole_day: bool) -> datetime:
    """A day or moment as typed, in UTC: of `zone` where it has no offset; a `whole_day` is part of what ends with it.

    Raises:
        EntryRefused: `told.no_moment`.
    """
    plain = text.replace("/", "-")
    try:
        if len(plain) > LONGEST_DAY:
            moment = datetime.fromisoformat(plain)
        else:
            day = date.fromisoformat(plain.replace(".", "-"))
            moment = datetime.combine(day + timedelta(days=int(whole_day)), time())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise EntryRefused("told.no_moment", entered=text[:40]) from wrong


def minor_until(born: date) -> date:
    """The fourteenth birthday; a child of 29 February has it on 1 March."""
    try:
        return born.replace(year=born.year + MAJORITY)
    except ValueError:
        return date(born.year + MAJORITY, 3, 1)


def born(minor_until: date) -> date:
    """A birthday whose fourteenth return this is: that of a child of 29 February is told as 1 March."""
    return minor_until.replace(year=minor_until.year - MAJORITY)


def rights(lanes: Iterable[str] | None) -> tuple[str, ...] | None:
    """The lanes, each once and sorted; None for every lane. Raises `EntryRefused` (`register.no_lanes`)."""
    if lanes is None:
        return None
    named = tuple(sorted(set(lanes)))
    if not named:
        # Stored, no lane at all would read as every lane.
        raise EntryRefused("register.no_lanes")
    return named


def clean_reason(text: str) -> str:
    """Why somebody is blocked, in one line. Raises `EntryRefused`: `register.reason_needed`, `register.reason_long`."""
    reason = " ".join(text.split())
    if not reason:
        raise EntryRefused("register.reason_needed")
    if len(reason) > LONGEST_TEXT:
        raise EntryRefused("register.reason_long", length=len(reason), longest=LONGEST_TEXT)
    return reason


def tidy(notes: str | None) -> str | None:
    """A note in one line, None for an empty one.

    Raises:
        EntryRefused: `register.notes_unseen`, `register.notes_long`.
    """
    return fitting(" ".join((notes or "").split()), LONGEST_TEXT)


def fitting(note: str, longest: int) -> str | None:
    """The note, None for an empty one. Raises `EntryRefused` like `tidy`."""
    if _UNSHOWN.search(note):
        raise EntryRefused("register.notes_unseen")
    if len(note) > longest:
        raise EntryRefused("register.notes_long", length=len(note), longest=longest)
    return note or None


def _phone(entered: str | None) -> str | None:
    plain = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", entered or ""))
    if plain and not _PHONE.fullmatch(plain):
        raise EntryRefused("register.phone")
    return plain or None
