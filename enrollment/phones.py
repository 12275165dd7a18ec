"""Residents' phones: a short code lets one in, once; it stays signed in until it leaves or lies unused for too long.

The database knows of codes and tokens only what the site's key makes of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import CursorResult, Engine, delete, func, select
from sqlalchemy.orm import Session

from enrollment.act import Act, Record
from enrollment.change import needed_resident
from enrollment.database import reading, writing
from enrollment.keyring import Keyring
from enrollment.tables import LinkRow, PhoneRow, ResidentRow

CODE_DIGITS = 12
"""Digits, because they are typed by people of eighty: 10**12 codes, of which a handful live for minutes each."""

USED_EVERY = timedelta(hours=1)
"""A phone's last use is written down only so often."""

MOST_PHONES = 5
"""A resident's phones; the one that was longest unused makes room for a new one."""


@dataclass(frozen=True, slots=True)
class Link:
    """A fresh code, to be told now: it is kept nowhere. `spaced` is the same for reading aloud."""

    code: str
    ends_at: datetime

    @property
    def spaced(self) -> str:
        """`123456789012` as `1234 5678 9012`."""
        return " ".join(self.code[start : start + 4] for start in range(0, len(self.code), 4))

    def __repr__(self) -> str:
        return f"Link(ends_at={self.ends_at!r})"


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone that is signed in: an opaque id, and whose it is."""

    id: str
    resident_id: str


class Phones:
    """Makes links, signs phones in and out. Each change raises `StoreBusy` when the database does not take it.

    A link lasts `link_lasts`, a phone until it was not used for `phone_lasts`. `token` gives unguessable strings.
    """

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        record: Record,
        *,
        link_lasts: timedelta = timedelta(minutes=15),
        phone_lasts: timedelta = timedelta(days=30),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        token: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self._engine = engine
        self._keyring = keyring
        self._record = record
        self._link_lasts = link_lasts
        self.lasts = phone_lasts
        self._now = now
        self._token = token

    def link(self, resident_id: str, actor: str) -> Link:
        """A code that signs one phone of a resident in, once; one that was made before is over.

        Raises:
            NotEnrolled: `register.nobody`.
        """
        with writing(self._engine) as session:
            needed_resident(session, resident_id)
            session.execute(delete(LinkRow).where(LinkRow.resident_id == resident_id))
            code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
            ends_at = self._now() + self._link_lasts
            session.add(LinkRow(id=self._code_mark(code), resident_id=resident_id, ends_at=ends_at))
            self._record(session, Act("resident.link_made", resident_id, actor))
        return Link(code, ends_at)

    def enter(self, code: str) -> str | None:
        """The token of a phone that shows a living code, which is thereby used up; None for any other code."""
        mark = self._code_mark("".join(sign for sign in code if sign.isdecimal()))
        token, now = self._token(), self._now()
        with writing(self._engine) as session:
            link = session.get(LinkRow, mark)
            if link is None:
                return None
            session.delete(link)
            if link.ends_at <= now or not _lives_here(session, link.resident_id):
                return None
            self._make_room(session, link.resident_id)
            row = PhoneRow(id=self._token_mark(token), resident_id=link.resident_id, used_at=now)
            session.add(row)
            self._record(session, Act("resident.phone_joined", link.resident_id, link.resident_id))
        return token

    def find(self, token: str) -> Phone | None:
        """The phone of a token, which is thereby in use; None for one that left, was unused for too long or never was.

        A database that takes no writes ends nothing.
        """
        mark, now = self._token_mark(token), self._now()
        with reading(self._engine) as session:
            row = session.get(PhoneRow, mark)
            if row is None or row.used_at + self.lasts <= now or not _lives_here(session, row.resident_id):
                return None
            found, stale = Phone(row.id, row.resident_id), now - row.used_at >= USED_EVERY
        if stale:
            with writing(self._engine) as session:
                if (kept := session.get(PhoneRow, mark)) is not None:
                    kept.used_at = now
        return found

    def leave(self, phone: Phone) -> None:
        """Sign a phone out: its token is worth nothing from now on."""
        with writing(self._engine) as session:
            if _gone(session.execute(delete(PhoneRow).where(PhoneRow.id == phone.id))):
                self._record(session, Act("resident.phone_left", phone.resident_id, phone.resident_id))

    def end_all(self, resident_id: str, actor: str) -> int:
        """Sign every phone of a resident out, and end a link that was not used yet; how many phones it was."""
        with writing(self._engine) as session:
            session.execute(delete(LinkRow).where(LinkRow.resident_id == resident_id))
            gone = _gone(session.execute(delete(PhoneRow).where(PhoneRow.resident_id == resident_id)))
            if gone:
                self._record(session, Act("resident.phones_ended", resident_id, actor, {"phones": gone}))
        return gone

    def count(self, resident_id: str) -> int:
        """How many phones of a resident are signed in."""
        alive = PhoneRow.used_at > self._now() - self.lasts
        with reading(self._engine) as session:
            counted = select(func.count()).select_from(PhoneRow)
            return session.scalar(counted.where(PhoneRow.resident_id == resident_id, alive)) or 0

    def forget(self) -> int:
        """Delete the links and phones that are over; how many went."""
        now = self._now()
        over = (
            delete(LinkRow).where(LinkRow.ends_at <= now),
            delete(PhoneRow).where(PhoneRow.used_at <= now - self.lasts),
        )
        with writing(self._engine) as session:
            return sum(_gone(session.execute(one)) for one in over)

    def _make_room(self, session: Session, resident_id: str) -> None:
        mine = select(PhoneRow).where(PhoneRow.resident_id == resident_id).order_by(PhoneRow.used_at.desc())
        for row in session.scalars(mine).all()[MOST_PHONES - 1 :]:
            session.delete(row)

    def _code_mark(self, code: str) -> str:
        return self._keyring.mark(code.encode(), b"phone-link/1")

    def _token_mark(self, token: str) -> str:
        return self._keyring.mark(token.encode("utf-8", "surrogatepass"), b"phone/1")


def _lives_here(session: Session, resident_id: str) -> bool:
    row = session.get(ResidentRow, resident_id)
    return row is not None and row.ended_at is None


def _gone(result: object) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
