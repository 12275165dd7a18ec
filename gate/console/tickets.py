"""Between the password and the code: who has shown the first and not yet the second."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from enrollment.accounts import Account

LASTS_S = 300.0
LIMIT = 500


@dataclass(frozen=True, slots=True)
class _Kept:
    account: Account
    ends_s: float


class Tickets:
    """Hands out an unguessable ticket that is good for five minutes; the oldest of 500 make room.

    `now` is the monotonic clock in seconds.
    """

    def __init__(self, *, now: Callable[[], float], token: Callable[[], str]) -> None:
        self._now = now
        self._token = token
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def issue(self, account: Account) -> str:
        """A ticket for an account whose password was right."""
        ticket = self._token()
        with self._lock:
            self._kept[_key(ticket)] = _Kept(account, self._now() + LASTS_S)
            while len(self._kept) > LIMIT:
                self._kept.popitem(last=False)
        return ticket

    def find(self, ticket: str) -> Account | None:
        """The account as it was when its password was checked; None for a ticket that is over or never was."""
        with self._lock:
            kept = self._kept.get(_key(ticket))
        return kept.account if kept and self._now() < kept.ends_s else None

    def close(self, ticket: str) -> None:
        """Let a ticket be used no more."""
        with self._lock:
            self._kept.pop(_key(ticket), None)


def _key(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()
