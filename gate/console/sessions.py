"""Who is signed in: kept on the server, known to the browser by a random token only."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from enrollment.accounts import Role
from gate.console.watch import Account


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. `key` is a hash of the token, `account` the opaque id that the record holds, `csrf` stands in
    every form, and `ends_s` is on the monotonic clock."""

    key: str
    account: str
    username: str
    role: Role
    csrf: str
    ends_s: float


@dataclass(slots=True)
class _Kept:
    """A session with the moments of its last request and of the last look at its account."""

    session: Session
    used_s: float
    checked_s: float


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
        session = Session(_key(token), account.id, account.username, account.role, self._token(), ends_s)
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

    def unchecked(self, key: str, every_s: float) -> bool:
        """Whether the session's account is due to be looked up again: True once in `every_s`."""
        now = self._now()
        with self._lock:
            kept = self._open.get(key)
            if kept is None or now - kept.checked_s < every_s:
                return False
            kept.checked_s = now
            return True

    def close(self, key: str) -> None:
        """End a session, if it is there."""
        with self._lock:
            self._open.pop(key, None)

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


def _key(token: str) -> str:
    """What a token is kept as, so that a memory dump signs nobody in."""
    return hashlib.sha256(token.encode()).hexdigest()
