"""The transactions in which the register changes: each with its record, its digests and a new version."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from enrollment import directory
from enrollment.act import Act, FactValue, Record
from enrollment.database import writing
from enrollment.errors import EntryRefused, KeyUnusable, NotEnrolled
from enrollment.keyring import KEY_BYTES, Keyring
from enrollment.tables import RegisterVersionRow, ResidentRow, RightRow

KEPT_APART = frozenset({"id", "salt", "own_key", "version"})
"""Columns of a subject that are no detail of it, and so in no digest."""


def utc_now() -> datetime:
    """The moment, for records."""
    return datetime.now(UTC)


def new_id() -> str:
    """An id that says nothing about whom it names: 32 hex digits, random."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Edit:
    """An open change of one subject: its session, its row, and the facts that its record will have."""

    session: Session
    row: directory.Row
    facts: dict[str, FactValue] = field(default_factory=dict)


class Changes:
    """Opens the transactions. `record` is called inside them; nothing is written where it, or the database, fails."""

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        record: Record,
        now: Callable[[], datetime] = utc_now,
        make_id: Callable[[], str] = new_id,
    ) -> None:
        self.engine = engine
        self.keyring = keyring
        self.now = now
        self.make_id = make_id
        self._record = record

    @contextmanager
    def edit(self, subject_id: str, verb: str, actor: str, expected: int | None = None) -> Iterator[Edit]:
        """Change one living resident or vehicle; the record is `resident.<verb>` or `vehicle.<verb>`.

        Its facts hold the new version and salted digests of the details before and after (`digest`), which say nothing
        once the row's salt is erased.

        Raises:
            NotEnrolled: `register.nobody`.
            EntryRefused: `register.changed_meanwhile`, the subject has another version than the `expected` one.
        """
        with writing(self.engine) as session:
            row = needed(session, subject_id)
            if expected is not None and row.version != expected:
                raise EntryRefused("register.changed_meanwhile", id=subject_id, version=row.version, expected=expected)
            before = digest(session, row)
            opened = Edit(session, row)
            yield opened
            row.version += 1
            session.flush()
            self.settle(session, row, verb, actor, {"before": before, **opened.facts})

    def settle(
        self, session: Session, row: directory.Row, verb: str, actor: str, facts: Mapping[str, FactValue]
    ) -> None:
        """Record what was done to a row, whose details are all in place, and count the change."""
        after = {"after": digest(session, row)} if row.ended_at is None else {}
        self.done(
            session, Act(f"{directory.kind(row)}.{verb}", row.id, actor, {"version": row.version, **after, **facts})
        )

    def done(self, session: Session, act: Act) -> None:
        """Record an act and count the change, for every gate to load the register again."""
        session.flush()
        session.execute(update(RegisterVersionRow).values(version=RegisterVersionRow.version + 1))
        self._record(session, act)

    def own_keyring(self, session: Session, resident: ResidentRow) -> Keyring:
        """The resident's own key, made where there is none yet. Raises `KeyUnusable` under another site's key."""
        if resident.own_key is None:
            resident.own_key = self.keyring.seal(secrets.token_bytes(KEY_BYTES), _context(resident))
            session.flush()
        return self.opened(resident)

    def opened(self, resident: ResidentRow) -> Keyring:
        """The resident's own key, which is there. Raises `KeyUnusable` where the site's key is another."""
        return Keyring(self.keyring.open_sealed(resident.own_key or b"", _context(resident)))


def _context(resident: ResidentRow) -> bytes:
    return f"resident:{resident.id}".encode()


def own_key_opens(session: Session, keyring: Keyring | None) -> bool | None:
    """Whether a resident's own key opens with this key of the site; None where there is none to try."""
    resident = session.scalars(select(ResidentRow).where(ResidentRow.own_key.is_not(None)).limit(1)).first()
    if resident is None or resident.own_key is None:
        return None
    try:
        return keyring is not None and bool(keyring.open_sealed(resident.own_key, _context(resident)))
    except KeyUnusable:
        return False


def needed(session: Session, subject_id: str) -> directory.Row:
    """The row of a living resident or vehicle. Raises `NotEnrolled` (`register.nobody`)."""
    row = directory.living(session, subject_id)
    if row is None:
        raise NotEnrolled("register.nobody", id=subject_id)
    return row


def needed_resident(session: Session, resident_id: str) -> ResidentRow:
    """The row of a living resident. Raises `NotEnrolled` (`register.nobody`)."""
    row = needed(session, resident_id)
    if not isinstance(row, ResidentRow):
        raise NotEnrolled("register.nobody", id=resident_id)
    return row


def digest(session: Session, row: directory.Row) -> str:
    """SHA-256 over the row's salt and its details and lanes as JSON; the salt is made with the first digest."""
    if row.salt is None:
        row.salt = secrets.token_bytes(16)
    details = {
        column.name: str(value)
        for column in row.__table__.columns
        if column.name not in KEPT_APART and (value := getattr(row, column.name)) is not None
    }
    lanes = sorted(session.scalars(select(RightRow.lane).where(RightRow.subject_id == row.id)))
    text = json.dumps([details, lanes], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(row.salt + text.encode("utf-8", "surrogatepass")).hexdigest()
