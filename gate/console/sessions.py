"""Who is signed in: kept on the server, known to the browser by a random token only."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from enrollment.accounts import Account, Role
from enrollment.sign_ins import SignIn, Use


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. `key` is a hash of the token, `account` the opaque id that the record holds, `csrf` stands in
    every form and is made of the token, so that a page that was open before a restart can still be used; it is empty
    until the token was seen. `ends_s` is on the monotonic clock. `version` is the account's at the sign-in: once that
    has grown, the session is over. With `must_change` nothing may be done but to choose a password."""

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
    """A session with the moments of its last request and from which on its account is to be looked up again.

    `written_s` is the last request that the database knows of, None while it does not know the session.
    """

    session: Session
    used_s: float
    due_s: float
    written_s: float | None = None


class Sessions:
    """The sign-ins of now, at most `limit`: the one that was longest unused makes room for a new one.

    A session ends `lasts_s` after the sign-in, or `idle_s` after its last request; an open live page is not idle.
    `now` is the monotonic clock in seconds and `token` gives an unguessable one at each call. `changed` is set whenever
    somebody signed in or out.
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
        self.changed = threading.Event()

    def open(self, account: Account) -> str:
        """Begin a session and give its token."""
        token = self._token()
        now = self._now()
        session = _session(_key(token), account, csrf=_csrf(token), ends_s=now + self._lasts_s)
        with self._lock:
            self._sweep(now)
            while len(self._open) >= self._limit:
                del self._open[min(self._open, key=lambda key: self._open[key].used_s)]
            self._open[session.key] = _Kept(session, now, now)
        self.changed.set()
        return token

    def restore(self, found: Iterable[SignIn]) -> None:
        """Go on with the sign-ins of before a restart, each for as long as it had left, the last used ones first."""
        now = self._now()
        with self._lock:
            for one in sorted(found, key=lambda one: one.idle_s):
                if len(self._open) >= self._limit:
                    break
                ends_s = now + min(one.left_s, self._lasts_s - one.idle_s)
                used_s = now - one.idle_s
                kept = _Kept(_session(one.key, one.account, csrf="", ends_s=ends_s), used_s, now, used_s)
                if self._left_s(kept, now) > 0:
                    self._open.setdefault(one.key, kept)

    def unwritten(self, every_s: float) -> tuple[frozenset[str], tuple[Use, ...]]:
        """The keys of all sessions, and what the database is to be told: new ones, and uses so long after the last."""
        now = self._now()
        with self._lock:
            self._sweep(now)
            uses = tuple(
                Use(
                    key,
                    one.session.account,
                    one.session.version,
                    one.used_s,
                    now - one.used_s,
                    one.session.ends_s - now,
                )
                for key, one in self._open.items()
                if one.written_s is None or (one.used_s != one.written_s and one.used_s - one.written_s >= every_s)
            )
            return frozenset(self._open), uses

    def written(self, uses: Iterable[Use]) -> None:
        """The database knows of these now."""
        with self._lock:
            for use in uses:
                if kept := self._open.get(use.key):
                    kept.written_s = use.used_s

    def find(self, token: str) -> Session | None:
        """The session of a token, which is thereby in use; None for one that ended or never was."""
        kept = self._used(_key(token))
        if kept is None:
            return None
        if not kept.session.csrf:
            kept.session = replace(kept.session, csrf=_csrf(token))
        return kept.session

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
        self.changed.set()

    def close_account(self, account_id: str) -> None:
        """End every session of an account."""
        with self._lock:
            self._open = {key: kept for key, kept in self._open.items() if kept.session.account != account_id}
        self.changed.set()

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

    def _sweep(self, now: float) -> None:
        self._open = {key: kept for key, kept in self._open.items() if self._left_s(kept, now) > 0}

    def _left_s(self, kept: _Kept, now: float) -> float:
        return min(kept.session.ends_s, kept.used_s + self._idle_s) - now


def home(role: Role) -> str:
    """The first page of a role: an enroller has no business at the lanes, and a volunteer nowhere else."""
    return {Role.ENROLLER: "/enrolment", Role.PATROL: "/patrol"}.get(role, "/")


def _session(key: str, account: Account, *, csrf: str, ends_s: float) -> Session:
    return Session(
        key=key,
        account=account.id,
        username=account.username,
        role=account.role,
        csrf=csrf,
        ends_s=ends_s,
        version=account.version,
        must_change=account.must_change,
    )


def _csrf(token: str) -> str:
    """What stands in a session's forms. It tells nothing of the token, nor does the key of it."""
    return hmac.new(token.encode(), b"menwei-csrf/1", hashlib.sha256).hexdigest()


def _key(token: str) -> str:
    """What a token is kept as, so that neither a memory dump nor the database signs anybody in."""
    return hashlib.sha256(token.encode()).hexdigest()
