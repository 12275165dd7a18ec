"""Every look at personal data leaves a row in the record, once per sign-in and thing looked at."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Protocol

from gate.console.watch import Watch


class Looker(Protocol):
    """Who looks: a session, or another system's key. `account` stands in the record, `key` in the memory of looks."""

    @property
    def key(self) -> str:
        """What looks are remembered under."""
        ...

    @property
    def account(self) -> str:
        """Who the record names."""
        ...


LIVE = "live"
"""What is looked at on the live page: lanes, passages, and what waits with whom it may be."""

REMEMBERED = 10_000
"""Looks that are known to be recorded; one that was forgotten is recorded again, which loses nothing."""


class Looks:
    """Records a look before the thing is shown, and does not repeat it for each refresh of a picture."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def record(self, looker: Looker, what: str) -> None:
        """Record that somebody looks at `what`. A fault of the record is the caller's to answer."""
        self.once(looker, what, partial(self._watch.record_view, actor=looker.account, what=what))

    def record_passage(self, looker: Looker, passage_id: str) -> None:
        """Record that somebody reads a passage's story."""
        record = partial(self._watch.record_passage_view, actor=looker.account, passage_id=passage_id)
        self.once(looker, f"passage:{passage_id}", record)

    def once(self, looker: Looker, what: str, record: Callable[[], None]) -> None:
        """Call `record` unless it was called for the same look before."""
        key = looker.key, what
        with self._lock:
            if key in self._seen:
                self._seen.move_to_end(key)
                return
        record()
        with self._lock:
            self._seen[key] = None
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
