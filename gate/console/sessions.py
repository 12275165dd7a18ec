"""Who is signed in: kept on the server, known to the browser by a random token only."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from enrollment.accounts import Account, Role


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. `key` is a hash of the token, `account` the opaque id that the record holds, `csrf` stands in
    every form, and `ends_s` is on the monotonic clock. `version` is the account's at the sign-in: once that has grown,
    the session is over. With `must_change` nothing may be done but to choose a password."""

    key: str
    account: str
    username: str
    role: Role
    csrf: str
    ends_s: float
    version: int
    must_change: bool


@dataclass(slots=True)
class _Kept:
    """A session with the moments of its last request and from which on its account is to be looked up again."""

    session: Session
    used_s: float
    due_s: float


class Sessions:
    """The sign-ins of now, at most `limit`: the one that was longest unused makes room for a new one.

    A session ends `lasts_s` after the sign-in, or `idle_s` after its last request; an open live page is not idle.
    `now` is the monotonic clock in seconds and `token` gives an unguessable one at each call.
    """

    def __init__(
        self, *, lasts_s: float, idle_s: float, limit: int, now: Callable[[], float], token: Callable[[], str]
    ) -> None:
        self._lasts_s = lasts_s
        self._idle_s = idle_s
        self._limit = limit
        self._now = now
        self._token = token
        self._lock = threading.Lock()
        self._open: dict[str, _Kept] = {}

    def open(self, account: Account) -> str:
        """Begin a session and give its token."""
        token = self._token()
        now = self._now()
        ends_s = now + self._lasts_s
        session = Session(
            key=_key(token),
            account=account.id,
            username=account.username,
            role=account.role,
            csrf=self._token(),
            ends_s=ends_s,
            version=account.version,
            must_change=account.must_change,
        )
        with self._lock:
            self._open = {key: kept for key, kept in self._open.items() if self._left_s(kept, now) > 0}
            while len(self._open) >= self._limit:
                del self._open[min(self._open, key=lambda key: self._open[key].used_s)]
            self._open[session.key] = _Kept(session, now, now)
        return token

    def find(self, token: str) -> Session | None:
        """The session of a token, which is thereby in use; None for one that ended or never was."""
        kept = self._used(_key(token))
        return kept.session if kept else None

    def left_s(self, key: str) -> float:
        """Seconds that a session still lasts without another request, 0 where it ended; being asked is being used."""
        kept = self._used(key)
        return self._left_s(kept, kept.used_s) if kept else 0.0

    def due(self, key: str) -> bool:
        """Whether the session's account is to be looked up now."""
        with self._lock:
            kept = self._open.get(key)
            return kept is not None and self._now() >= kept.due_s

    def postpone(self, key: str, for_s: float) -> None:
        """Let the next look at the session's account wait."""
        with self._lock:
            if kept := self._open.get(key):
                kept.due_s = self._now() + for_s

    def close(self, key: str) -> None:
        """End a session, if it is there."""
        with self._lock:
            self._open.pop(key, None)

    def close_account(self, account_id: str) -> None:
        """End every session of an account."""
        with self._lock:
            self._open = {key: kept for key, kept in self._open.items() if kept.session.account != account_id}

    def count(self, account_id: str) -> int:
        """How many sessions an account has now."""
        now = self._now()
        with self._lock:
            return sum(
                kept.session.account == account_id and self._left_s(kept, now) > 0 for kept in self._open.values()
            )

    def _used(self, key: str) -> _Kept | None:
        now = self._now()
        with self._lock:
            kept = self._open.get(key)
            if kept is None:
                return None
            if self._left_s(kept, now) <= 0:
                del self._open[key]
                return None
            kept.used_s = now
            return kept

    def _left_s(self, kept: _Kept, now: float) -> float:
        return min(kept.session.ends_s, kept.used_s + self._idle_s) - now


def home(role: Role) -> str:
    """The first page of a role: an enroller has no business at the lanes, and a volunteer nowhere else."""
    return {Role.ENROLLER: "/enrolment", Role.PATROL: "/patrol"}.get(role, "/")


def _key(token: str) -> str:
    """What a token is kept as, so that a memory dump signs nobody in."""
    return hashlib.sha256(token.encode()).hexdigest()
