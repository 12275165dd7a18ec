"""The keys that other systems ask with: made by an administrator on the box, shown once, kept as a digest only.

A key is `mw_`, eight hex digits that name it, and 256 random bits. Such a secret cannot be guessed, so a plain SHA-256
of it is kept (unlike a password's, whose hash has to be slow).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select, update

from enrollment.act import Act, FactValue, Record
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from gate.api.scopes import Scope
from gate.api.tables import ApiKeyRow

LONGEST_DAYS = 731
"""A key ends within two years: whoever set it up may have left by then."""
USUAL_DAYS = 365

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,31}")
_KEY = re.compile(r"mw_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
_NOBODYS = "0" * 64


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. `state` at a moment is `ok`, `over` or `revoked`."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    until: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    @property
    def prefix(self) -> str:
        """How the key begins, which tells keys apart and opens nothing."""
        return f"mw_{self.id}"

    @property
    def actor(self) -> str:
        """Who the record names for what is done with it."""
        return f"api:{self.name}"

    def state(self, at: datetime) -> str:
        """`ok` while it holds."""
        if self.revoked_at is not None:
            return "revoked"
        return "ok" if at < self.until else "over"


class ApiKeys:
    """Makes, checks and revokes keys. Each method raises `StoreBusy` when the database does not answer."""

    def __init__(self, engine: Engine, record: Record, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._engine = engine
        self._record = record
        self._now = now

    def add(self, name: str, scopes: Iterable[Scope], until: datetime, actor: str) -> tuple[ApiKey, str]:
        """A new key, and the text of it, which is told this once.

        Raises:
            EntryRefused: `api_key.name` (2 to 32 of a-z, 0-9, `.` and `-`), `api_key.taken` (by a revoked one too),
                `api_key.no_scope`, `api_key.bad_end` (not after now, or more than two years ahead).
        """
        wanted, now = frozenset(scopes), self._now()
        if not _NAME.fullmatch(name):
            raise EntryRefused("api_key.name")
        if not wanted:
            raise EntryRefused("api_key.no_scope", known=", ".join(Scope))
        if not now < until <= now + timedelta(days=LONGEST_DAYS):
            raise EntryRefused("api_key.bad_end", days=LONGEST_DAYS)
        with writing(self._engine) as session:
            if session.scalars(select(ApiKeyRow.id).where(ApiKeyRow.name == name)).first():
                raise EntryRefused("api_key.taken", name=name)
            id_ = secrets.token_hex(4)
            while session.get(ApiKeyRow, id_):
                id_ = secrets.token_hex(4)
            text = f"mw_{id_}_{secrets.token_urlsafe(32)}"
            row = ApiKeyRow(id=id_, name=name, digest=_digest(text), created_at=now, created_by=actor, until=until)
            row.scopes = " ".join(sorted(wanted))
            session.add(row)
            session.flush()
            ends = until.astimezone(UTC).isoformat()
            facts: dict[str, FactValue] = {
                "name": name,
                "scopes": [str(scope) for scope in sorted(wanted)],
                "until": ends,
            }
            self._record(session, Act("api_key.added", id_, actor, facts))
            return _key(row), text

    def list(self) -> tuple[ApiKey, ...]:
        """All keys by name, revoked ones too."""
        with reading(self._engine) as session:
            return tuple(_key(row) for row in session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.name)))

    def revoke(self, name: str, actor: str) -> ApiKey:
        """Let a key be used no more, from its next request on. Raises `NotEnrolled`: `api_key.none`."""
        with writing(self._engine) as session:
            row = session.scalars(select(ApiKeyRow).where(ApiKeyRow.name == name)).first()
            if row is None or row.revoked_at is not None:
                raise NotEnrolled("api_key.none", name=name)
            row.revoked_at = self._now()
            self._record(session, Act("api_key.revoked", row.id, actor, {"name": name}))
            return _key(row)

    def find(self, text: str) -> ApiKey | None:
        """The key of that text, also one that is over or revoked; None for a wrong one."""
        shaped = _KEY.fullmatch(text)
        if shaped is None:
            return None
        with reading(self._engine) as session:
            row = session.get(ApiKeyRow, shaped[1])
            right = hmac.compare_digest(row.digest if row else _NOBODYS, _digest(text))
            return _key(row) if row and right else None

    def used(self, key: ApiKey) -> None:
        """Note when a key was used last."""
        with writing(self._engine) as session:
            session.execute(update(ApiKeyRow).where(ApiKeyRow.id == key.id).values(last_used_at=self._now()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(row: ApiKeyRow) -> ApiKey:
    known = frozenset(Scope)
    # A scope of a later version opens nothing here.
    scopes = frozenset(Scope(name) for name in row.scopes.split() if name in known)
    return ApiKey(row.id, row.name, scopes, row.created_at, row.until, row.revoked_at, row.last_used_at)
