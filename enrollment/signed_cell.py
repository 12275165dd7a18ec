"""What a cell of the form says of a sheet about consent: signed on a day (`2026-03-01`), or declined on it.

The day may be followed by the version of the text that was signed (`2026-03-01 v1`); without it that is the newest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from enrollment.consent import Consent, ConsentForm, Guardian, Language, Means, Purpose
from enrollment.errors import EntryRefused

_DAY = re.compile(r"[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}")
_VERSION = re.compile(r"(?:第\s*([0-9]{1,4})\s*版|[vV]\s*([0-9]{1,4}))")


@dataclass(frozen=True, slots=True)
class SignedCell:
    """A day, the version of the text where one is told, and whether the answer was no."""

    day: date
    version: int | None = None
    declined: bool = False

    def form(
        self, purpose: Purpose, zone: tzinfo, language: Language, guardian: Guardian | None, *, keep_photo: bool = False
    ) -> ConsentForm:
        """The sheet on paper, signed or declined as that day began in the compound's zone."""
        return ConsentForm(
            purpose,
            Means.PAPER,
            datetime.combine(self.day, time(), zone),
            language,
            self.version,
            guardian=None if self.declined else guardian,
            keep_photo=keep_photo and not self.declined,
            declined=self.declined,
        )


def read_signed(cell: str, no: Sequence[str]) -> SignedCell:
    """What a cell says; `no` are the words for a refusal, folded to lower case.

    Raises:
        EntryRefused: `roster.no_day`; `roster.declined_when`, a refusal without its day.
    """
    found = _DAY.search(cell)
    if found is None:
        raise EntryRefused("roster.declined_when" if cell.casefold() in no else "roster.no_day", entered=cell)
    rest = cell[: found.start()] + " " + cell[found.end() :]
    version = _VERSION.search(rest)
    if version is not None:
        rest = rest[: version.start()] + rest[version.end() :]
    word = rest.strip().casefold()
    if word and word not in no:
        raise EntryRefused("roster.no_such_word", word=rest.strip())
    number = int(version[1] or version[2]) if version else None
    return SignedCell(day_of(found[0]), number, declined=bool(word))


def day_of(entered: str) -> date:
    """A day as people write it. Raises `EntryRefused` (`roster.no_day`)."""
    try:
        return date.fromisoformat(entered.replace("/", "-").replace(".", "-"))
    except ValueError as wrong:
        raise EntryRefused("roster.no_day", entered=entered) from wrong


def is_news(form: ConsentForm, said: Sequence[Consent], now: datetime) -> bool:
    """Whether a sheet says something that is not on record yet: a table may be handed in again and again.

    The same sheet never undoes what was said later: a withdrawal, a refusal, or a consent.

    Raises:
        EntryRefused: `roster.said_since`, the record's later word is another; `consent.over`, the consent of that day
            has ended by its date; `consent.withdraw_instead`, one that lives would be declined.
    """
    known = [one for one in said if one.purpose is form.purpose]
    last = max((max(one.signed_at, one.withdrawn_at or one.signed_at) for one in known), default=None)
    living = next((one for one in known if one.alive(now)), None)
    if last is None:
        return True
    if living is not None and not form.declined:
        return form.signed_at > living.signed_at and form.text.id != living.text
    if form.signed_at > last:
        if living is not None:
            raise EntryRefused("consent.withdraw_instead")
        return True
    newest = max(known, key=lambda one: one.recorded_at)
    if form.declined and newest.declined:
        return False
    if not form.declined and any(one.expires_at is not None and one.expires_at <= now for one in known):
        raise EntryRefused("consent.over")
    raise EntryRefused("roster.said_since", day=last.date())
