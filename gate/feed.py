"""News from the lanes for whoever watches: a bounded ring that never makes a lane wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened. `number` grows by one.

    `topic` is `passage`, `barrier`, `camera`, `reader`, `community`, `ring`, `notice`, `question` or `notes`.
    """

    number: int
    topic: str
    lane: str | None
    at: datetime
    body: Mapping[str, Any] = field(default_factory=dict)


class Feed:
    """Keeps the last `size` news and lets any number of readers wait for newer ones."""

    def __init__(self, size: int = 500) -> None:
        self._ring: deque[News] = deque(maxlen=size)
        self._changed = threading.Condition()
        self._number = 0

    def publish(self, topic: str, lane: str | None, at: datetime, **body: Any) -> News:
        """Add one and wake the readers."""
        with self._changed:
            self._number += 1
            news = News(self._number, topic, lane, at, body)
            self._ring.append(news)
            self._changed.notify_all()
        return news

    @property
    def latest(self) -> int:
        """The number of the newest, 0 when there is none."""
        with self._changed:
            return self._number

    def after(self, number: int, timeout_s: float) -> tuple[News, ...]:
        """All kept news above `number`, oldest first, waiting up to `timeout_s` for the first."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number, timeout_s)
            return tuple(news for news in self._ring if news.number > number)
