"""Every look at personal data leaves a row in the record, once per sign-in and thing looked at."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from gate.console.sessions import Session
from gate.console.watch import Watch

REMEMBERED = 10_000
"""Looks that are known to be recorded; one that was forgotten is recorded again, which loses nothing."""


class Looks:
    """Records a look before the thing is shown, and does not repeat it for each refresh of a picture."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def record(self, session: Session, what: str) -> None:
        """Record that the session's person looks at `what`. A fault of the record is the caller's to answer."""
        self._once(session, what, partial(self._watch.record_view, actor=session.account, what=what))

    def record_passage(self, session: Session, passage_id: str) -> None:
        """Record that the session's person reads a passage's story."""
        record = partial(self._watch.record_passage_view, actor=session.account, passage_id=passage_id)
        self._once(session, f"passage:{passage_id}", record)

    def _once(self, session: Session, what: str, record: Callable[[], None]) -> None:
        key = session.key, what
        with self._lock:
            if key in self._seen:
                self._seen.move_to_end(key)
                return
        record()
        with self._lock:
            self._seen[key] = None
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
