"""PIN pads: tablets at a door, each signed in as a device of one lane.

A pad joins with a code that lasts minutes and works once; from then on it holds a token. The database knows of both
only what the site's key makes of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from enrollment.act import Act, Record
from enrollment.change import new_id
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.keyring import Keyring
from enrollment.phones import CODE_DIGITS, Link
from enrollment.tables import PadRow

LONGEST_NAME = 40
MOST_PADS = 100
CODE_LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Pad:
    """A pad of one lane. `joined` says that a tablet has used its code."""

    id: str
    lane: str
    name: str
    joined: bool


class Pads:
    """Adds, joins and removes pads. Each change raises `StoreBusy` when the database does not take it."""

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        record: Record,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._keyring = keyring
        self._record = record
        self._now = now

    def add(self, lane: str, name: str, actor: str) -> Link:
        """A new pad, and the code that its tablet joins with.

        Raises:
            EntryRefused: `pad.name`, `pad.too_many`.
        """
        called = " ".join(name.split())
        if not 1 <= len(called) <= LONGEST_NAME:
            raise EntryRefused("pad.name", most=LONGEST_NAME)
        code, ends_at = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}", self._now() + CODE_LASTS
        with writing(self._engine) as session:
            if len(session.scalars(select(PadRow.id)).all()) >= MOST_PADS:
                raise EntryRefused("pad.too_many", most=MOST_PADS)
            row = PadRow(id=new_id(), lane=lane, name=called, code=self._mark(code, b"pad-code/1"), code_until=ends_at)
            session.add(row)
            self._record(session, Act("pad.added", row.id, actor, {"lane": lane}))
        return Link(code, ends_at)

    def join(self, code: str) -> tuple[Pad, str] | None:
        """The pad whose living code this is, and the token that its tablet holds from now on; None for any other."""
        mark = self._mark("".join(sign for sign in code if sign.isdecimal()), b"pad-code/1")
        token = secrets.token_urlsafe(32)
        with writing(self._engine) as session:
            row = session.scalars(select(PadRow).where(PadRow.code == mark)).first()
            if row is None or row.code_until is None or row.code_until <= self._now():
                return None
            row.code = row.code_until = None
            row.token = self._mark(token, b"pad/1")
            self._record(session, Act("pad.joined", row.id, row.id))
            return _pad(row), token

    def find(self, token: str) -> Pad | None:
        """The pad that holds this token."""
        with reading(self._engine) as session:
            row = session.scalars(select(PadRow).where(PadRow.token == self._mark(token, b"pad/1"))).first()
            return _pad(row) if row else None

    def list(self) -> tuple[Pad, ...]:
        """Every pad, by lane and name."""
        with reading(self._engine) as session:
            return tuple(_pad(row) for row in session.scalars(select(PadRow).order_by(PadRow.lane, PadRow.name)))

    def remove(self, pad_id: str, actor: str) -> None:
        """Let a pad open nothing from now on. Raises `NotEnrolled` (`pad.none`)."""
        with writing(self._engine) as session:
            row = session.get(PadRow, pad_id)
            if row is None:
                raise NotEnrolled("pad.none")
            session.delete(row)
            self._record(session, Act("pad.removed", pad_id, actor))

    def _mark(self, secret: str, context: bytes) -> str:
        return self._keyring.mark(secret.encode("utf-8", "surrogatepass"), context)


def _pad(row: PadRow) -> Pad:
    return Pad(row.id, row.lane, row.name, row.token is not None)
