"""What is being looked for stays on the server: a name or a plate is in no address, so in no history and no log."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from gate.console.errors import RequestRefused
from gate.ledger.search import Query

REMEMBERED = 500
LONGEST_WORDS = 200
LONGEST_FIELD = 50


class Purpose(StrEnum):
    """What somebody's history, or an export, is wanted for; each has a sentence under `audit.purpose.<code>`."""

    COMPLAINT = "complaint"
    INCIDENT = "incident"
    POLICE = "police"
    SUBJECT = "subject"
    INSPECTION = "inspection"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Stated:
    """The purpose that was stated, with words of one's own."""

    purpose: Purpose
    words: str


class Searches:
    """The searches of all who are signed in, by a random token; the oldest make room."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Query] = OrderedDict()

    def keep(self, session_key: str, query: Query) -> str:
        """Keep a search of a session and give its token."""
        token = secrets.token_urlsafe(12)
        with self._lock:
            self._kept[session_key, token] = query
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return token

    def find(self, session_key: str, token: str) -> Query:
        """The search. Raises `RequestRefused` where the session has none of that token (any more)."""
        with self._lock:
            query = self._kept.get((session_key, token))
        if query is None:
            raise RequestRefused("audit.search_gone", 404)
        return query


def stated(purpose: str, words: str) -> Stated:
    """The purpose of a form. Raises `RequestRefused` where none was chosen, or `other` has no words."""
    said = " ".join(words.split())[:LONGEST_WORDS]
    if purpose not in list(Purpose):
        raise RequestRefused("audit.purpose_needed", 422)
    if purpose == Purpose.OTHER and len(said) < 2:
        raise RequestRefused("audit.words_needed", 422)
    return Stated(Purpose(purpose), said)


def moment(text: str, zone: tzinfo, *, end: bool = False) -> datetime | None:
    """A moment of a form, `2026-02-17` or `2026-02-17T15:10`, in local time; a bare day ends with its last second."""
    text = text.strip()
    if not text:
        return None
    try:
        if len(text) == len("2026-02-17"):
            day = datetime.combine(datetime.fromisoformat(text).date(), time(0), zone)
            return day + timedelta(days=1) if end else day
        given = datetime.fromisoformat(text)
    except ValueError as unreadable:
        raise RequestRefused("audit.bad_time", 422) from unreadable
    return given if given.tzinfo else given.replace(tzinfo=zone)
