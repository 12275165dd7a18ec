"""Who of the staff may sign in, and as what. There is no account until somebody adds one."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from enrollment.act import Act, FactValue, Record
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.password import LONGEST, plain, strong
from enrollment.tables import AccountRow

TEMPORARY_DAYS = 7
"""How long a password that somebody else chose signs in; it was seen, so it has to be replaced soon."""

_USERNAME = re.compile(r"[\w][\w.-]{1,31}")


class Role(StrEnum):
    """What an account is for: the booth, the register, the record, everything, or a walk through the compound.

    The last is a volunteer's or grid worker's (网格员), who sees whose car stands in the way and no more.
    """

    GUARD = "guard"
    ENROLLER = "enroller"
    AUDITOR = "auditor"
    ADMIN = "admin"
    PATROL = "patrol"


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff, by an opaque id for the record and a username for signing in.

    `version` grows with every change that ends the sign-ins of before; `must_change` says that the password was chosen
    by somebody else, `second_factor` that a code is asked for after it.
    """

    id: str
    username: str
    role: Role
    disabled: bool
    created_at: datetime
    version: int = 0
    must_change: bool = False
    second_factor: bool = False


class Accounts:
    """Adds accounts and checks passwords, kept as Argon2id (argon2-cffi's defaults, RFC 9106's low-memory choice)."""

    def __init__(
        self,
        engine: Engine,
        record: Record,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._engine = engine
        self._record = record
        self._now = now
        self._hasher = hasher or PasswordHasher()

    def add(self, username: str, password: str, role: Role, actor: str, *, temporary: bool = False) -> Account:
        """A new account; a `temporary` password has to be changed at the first sign-in, within a week.

        Raises:
            EntryRefused: `account.username` (2 to 32 letters, digits, `.`, `-` or `_`), `account.taken`, and for the
                password as `password.strong` does.
        """
        name = _username(username)
        hashed = self._hasher.hash(strong(password, name))
        with writing(self._engine) as session:
            if _row(session, name):
                raise EntryRefused("account.taken", username=name)
            row = AccountRow(
                id=uuid.uuid4().hex, username=name, hash=hashed, role=role, disabled=False, created_at=self._now()
            )
            row.temporary_until = self._temporary_until(temporary)
            session.add(row)
            session.flush()
            facts: dict[str, FactValue] = {"role": str(role)}
            self._record(session, Act("account.added", row.id, actor, facts))
            return account_of(row)

    def verify(self, username: str, password: str) -> Account | None:
        """The account that signs in with this password.

        None for a wrong one, an unknown or a disabled account, and a temporary password that has run out. All of these
        take the same work. A hash made with older parameters is replaced on the way.
        """
        given = plain(password) if len(password) <= LONGEST else b""
        with reading(self._engine) as session:
            row = _row(session, folded(username))
            hashed = row.hash if row else self._nobody
            account = account_of(row) if row else None
            over = row is not None and row.temporary_until is not None and row.temporary_until < self._now()
        right = self._matches(hashed, given)
        if account is None or not right or account.disabled or over:
            return None
        if self._hasher.check_needs_rehash(hashed):
            self._rehash(account.id, hashed, given)
        return account

    def list(self) -> tuple[Account, ...]:
        """All accounts, by username."""
        with reading(self._engine) as session:
            return tuple(account_of(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.username)))

    def find(self, username: str) -> Account | None:
        """The account of that name, disabled or not."""
        with reading(self._engine) as session:
            row = _row(session, folded(username))
            return account_of(row) if row else None

    def of_id(self, account_id: str) -> Account | None:
        """The account with that id, disabled or not."""
        with reading(self._engine) as session:
            row = session.get(AccountRow, account_id)
            return account_of(row) if row else None

    def disable(self, username: str, actor: str) -> Account:
        """Let an account sign in no more and end its sign-ins; its name stays taken.

        Raises:
            NotEnrolled: `account.nobody`.
            EntryRefused: `account.last_admin`, nobody could undo it.
        """
        with writing(self._engine) as session:
            row = _needed(session, username)
            _not_the_last_admin(session, row)
            row.disabled = True
            return self._ended(session, row, Act("account.disabled", row.id, actor))

    def enable(self, username: str, actor: str) -> Account:
        """Let a disabled account sign in again. Raises `NotEnrolled`."""
        with writing(self._engine) as session:
            row = _needed(session, username)
            row.disabled = False
            self._record(session, Act("account.enabled", row.id, actor))
            return account_of(row)

    def set_role(self, username: str, role: Role, actor: str) -> Account:
        """Let an account do other things from its next sign-in on; those of before end. Raises as `disable` does."""
        with writing(self._engine) as session:
            row = _needed(session, username)
            if row.role == role:
                return account_of(row)
            if role != Role.ADMIN:
                _not_the_last_admin(session, row)
            row.role = role
            return self._ended(session, row, Act("account.role_set", row.id, actor, {"role": str(role)}))

    def set_password(self, username: str, password: str, actor: str, *, temporary: bool = False) -> Account:
        """Give an account another password and end its sign-ins.

        Raises `NotEnrolled`, and `EntryRefused` like `add`.
        """
        hashed = self._hasher.hash(strong(password, folded(username)))
        with writing(self._engine) as session:
            row = _needed(session, username)
            row.hash = hashed
            row.temporary_until = self._temporary_until(temporary)
            return self._ended(session, row, Act("account.password_set", row.id, actor, {"temporary": temporary}))

    def end_sessions(self, username: str, actor: str) -> Account:
        """End every sign-in of an account. Raises `NotEnrolled`."""
        with writing(self._engine) as session:
            row = _needed(session, username)
            return self._ended(session, row, Act("account.sessions_ended", row.id, actor))

    @cached_property
    def _nobody(self) -> str:
        """A hash that nobody's password has, checked where there is no account."""
        return self._hasher.hash(uuid.uuid4().bytes)

    def _temporary_until(self, temporary: bool) -> datetime | None:  # noqa: FBT001
        return self._now() + timedelta(days=TEMPORARY_DAYS) if temporary else None

    def _ended(self, session: Session, row: AccountRow, act: Act) -> Account:
        row.version += 1
        self._record(session, act)
        return account_of(row)

    def _matches(self, hashed: str, given: bytes) -> bool:
        try:
            return self._hasher.verify(hashed, given)
        except (VerificationError, InvalidHashError):
            return False

    def _rehash(self, account_id: str, old: str, given: bytes) -> None:
        fresh = self._hasher.hash(given)
        with writing(self._engine) as session:
            # Only over the hash that was checked: a password set meanwhile stands.
            same = (AccountRow.id == account_id, AccountRow.hash == old)
            session.execute(update(AccountRow).where(*same).values(hash=fresh))


def folded(username: str) -> str:
    """One spelling of a username for all that count as the same."""
    return unicodedata.normalize("NFKC", username).strip().lower()


def _username(username: str) -> str:
    name = folded(username)
    if not _USERNAME.fullmatch(name):
        raise EntryRefused("account.username")
    return name


def _row(session: Session, name: str) -> AccountRow | None:
    return session.scalars(select(AccountRow).filter_by(username=name)).first()


def _needed(session: Session, username: str) -> AccountRow:
    row = _row(session, folded(username))
    if row is None:
        raise NotEnrolled("account.nobody", username=folded(username))
    return row


def _not_the_last_admin(session: Session, row: AccountRow) -> None:
    others = select(AccountRow.id).where(
        AccountRow.role == Role.ADMIN, AccountRow.disabled.is_(False), AccountRow.id != row.id
    )
    if row.role == Role.ADMIN and not row.disabled and session.scalars(others.limit(1)).first() is None:
        raise EntryRefused("account.last_admin", username=row.username)


def account_of(row: AccountRow) -> Account:
    """What may be known about a row outside of this room."""
    return Account(
        row.id,
        row.username,
        Role(row.role),
        row.disabled,
        row.created_at,
        row.version,
        row.temporary_until is not None,
        row.totp_sealed is not None,
    )
