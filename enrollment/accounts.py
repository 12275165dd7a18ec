"""Who of the staff may sign in, and as what. There is no account until somebody adds one."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from enrollment.act import Act, FactValue, Record
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.tables import AccountRow

SHORTEST = 10
LONGEST = 256
"""Characters of a password; the upper end keeps a sign-in from becoming work for the box."""

DIFFERENT = 4
"""So many different characters a password has at least: `aaaaaaaaaa` and `1212121212` have fewer."""

WORST = frozenset(resources.files("enrollment").joinpath("worst_passwords.txt").read_text("utf-8").split())
"""Long enough and still the first to be guessed, in either country's habits."""

_USERNAME = re.compile(r"[\w][\w.-]{1,31}")


class Role(StrEnum):
    """What an account is for: the booth, the register, the record, or everything."""

    GUARD = "guard"
    ENROLLER = "enroller"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff, by an opaque id for the record and a username for signing in."""

    id: str
    username: str
    role: Role
    disabled: bool
    created_at: datetime


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

    def add(self, username: str, password: str, role: Role, actor: str) -> Account:
        """A new account.

        Raises:
            EntryRefused: `account.username` (2 to 32 letters, digits, `.`, `-` or `_`), `account.taken`, and for the
                password `account.password_short`, `password_long`, `password_is_name`, `password_common`.
        """
        name = _username(username)
        hashed = self._hasher.hash(_strong(password, name))
        with writing(self._engine) as session:
            if _row(session, name):
                raise EntryRefused("account.taken", username=name)
            row = AccountRow(
                id=uuid.uuid4().hex, username=name, hash=hashed, role=role, disabled=False, created_at=self._now()
            )
            session.add(row)
            session.flush()
            facts: dict[str, FactValue] = {"role": str(role)}
            self._record(session, Act("account.added", row.id, actor, facts))
            return _account(row)

    def verify(self, username: str, password: str) -> Account | None:
        """The account that signs in with this password; None for a wrong one, an unknown or a disabled account.

        All of these take the same work. A hash made with older parameters is replaced on the way.
        """
        plain = _plain(password) if len(password) <= LONGEST else b""
        with reading(self._engine) as session:
            row = _row(session, _folded(username))
            hashed = row.hash if row else self._nobody
            account = _account(row) if row else None
        right = self._matches(hashed, plain)
        if account is None or not right or account.disabled:
            return None
        if self._hasher.check_needs_rehash(hashed):
            self._rehash(account.id, hashed, plain)
        return account

    def list(self) -> tuple[Account, ...]:
        """All accounts, by username."""
        with reading(self._engine) as session:
            return tuple(_account(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.username)))

    def find(self, username: str) -> Account | None:
        """The account of that name, disabled or not."""
        with reading(self._engine) as session:
            row = _row(session, _folded(username))
            return _account(row) if row else None

    def disable(self, username: str, actor: str) -> Account:
        """Let an account sign in no more; its name stays taken. Raises `NotEnrolled`."""
        return self._set_disabled(username, True, actor)

    def enable(self, username: str, actor: str) -> Account:
        """Let a disabled account sign in again. Raises `NotEnrolled`."""
        return self._set_disabled(username, False, actor)

    def set_password(self, username: str, password: str, actor: str) -> Account:
        """Give an account another password. Raises `NotEnrolled`, and `EntryRefused` like `add`."""
        hashed = self._hasher.hash(_strong(password, _folded(username)))
        with writing(self._engine) as session:
            row = _needed(session, username)
            row.hash = hashed
            self._record(session, Act("account.password_set", row.id, actor))
            return _account(row)

    @cached_property
    def _nobody(self) -> str:
        """A hash that nobody's password has, checked where there is no account."""
        return self._hasher.hash(uuid.uuid4().bytes)

    def _matches(self, hashed: str, plain: bytes) -> bool:
        try:
            return self._hasher.verify(hashed, plain)
        except (VerificationError, InvalidHashError):
            return False

    def _rehash(self, account_id: str, old: str, plain: bytes) -> None:
        fresh = self._hasher.hash(plain)
        with writing(self._engine) as session:
            # Only over the hash that was checked: a password set meanwhile stands.
            same = (AccountRow.id == account_id, AccountRow.hash == old)
            session.execute(update(AccountRow).where(*same).values(hash=fresh))

    def _set_disabled(self, username: str, disabled: bool, actor: str) -> Account:  # noqa: FBT001
        with writing(self._engine) as session:
            row = _needed(session, username)
            row.disabled = disabled
            self._record(session, Act("account.disabled" if disabled else "account.enabled", row.id, actor))
            return _account(row)


def _folded(username: str) -> str:
    return unicodedata.normalize("NFKC", username).strip().lower()


def _username(username: str) -> str:
    name = _folded(username)
    if not _USERNAME.fullmatch(name):
        raise EntryRefused("account.username")
    return name


def _plain(password: str) -> bytes:
    # NFC, as RFC 8265's OpaqueString asks: the same keys give the same bytes on every machine.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _strong(password: str, username: str) -> bytes:
    if len(password) < SHORTEST:
        raise EntryRefused("account.password_short", needed=SHORTEST)
    if len(password) > LONGEST:
        raise EntryRefused("account.password_long", longest=LONGEST)
    if password.lower() in {username, username[::-1], username * 2}:
        raise EntryRefused("account.password_is_name")
    if password.lower() in WORST or len(set(password)) < DIFFERENT:
        raise EntryRefused("account.password_common")
    return _plain(password)


def _row(session: Session, name: str) -> AccountRow | None:
    return session.scalars(select(AccountRow).filter_by(username=name)).first()


def _needed(session: Session, username: str) -> AccountRow:
    row = _row(session, _folded(username))
    if row is None:
        raise NotEnrolled("account.nobody", username=_folded(username))
    return row


def _account(row: AccountRow) -> Account:
    return Account(row.id, row.username, Role(row.role), row.disabled, row.created_at)
