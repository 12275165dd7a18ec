"""Wakes every open live page when there is news, with one thread for all of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gate.feed import Feed, News

WAIT_S = 0.5
"""How long the thread waits for news before it looks whether it should end."""


class Listeners:
    """The open event streams, at most `limit`. A page reads the feed itself; nothing is queued for a slow one.

    `boot` tells this run of the gate from the one before, whose numbers began at 1 as well. `on_news` is called in
    the thread with each new item.
    """

    def __init__(self, feed: Feed, *, boot: str, limit: int, on_news: Callable[[News], None]) -> None:
        self._feed = feed
        self._boot = boot
        self._limit = limit
        self._on_news = on_news
        self._waiting: set[asyncio.Event] = set()
        self._ended = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._pump, name="console-news", daemon=True)

    def start(self) -> None:
        """Begin to wake; called on the event loop that the pages are served from."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """End every stream and the thread."""
        self.end()
        await asyncio.to_thread(self._thread.join)

    def end(self) -> None:
        """Tell every stream that it ends now; called on the event loop."""
        self._ended.set()
        self.wake()

    @property
    def ended(self) -> bool:
        """Whether the streams are to end."""
        return self._ended.is_set()

    @property
    def full(self) -> bool:
        """Whether there is no room for another stream."""
        return len(self._waiting) >= self._limit

    @property
    def open(self) -> int:
        """How many streams are open."""
        return len(self._waiting)

    @contextmanager
    def join(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever there may be news, for as long as the context lasts."""
        woken = asyncio.Event()
        self._waiting.add(woken)
        try:
            yield woken
        finally:
            self._waiting.discard(woken)

    def wake(self) -> None:
        """Let every stream look around: for news, for the end of its session. Called on the event loop."""
        for woken in self._waiting:
            woken.set()

    def wake_soon(self) -> None:
        """`wake`, called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.wake)

    def mark(self, number: int) -> str:
        """The id of an event: this run and the number of the news."""
        return f"{self._boot}-{number}"

    def number(self, mark: str) -> int | None:
        """The number in an event's id; None where it is not from this run."""
        boot, _, digits = mark.rpartition("-")
        known = boot == self._boot and digits.isascii() and digits.isdecimal()
        return int(digits) if known and len(digits) < 19 and int(digits) <= self._feed.latest else None

    def _pump(self) -> None:
        number = 0
        while not self._ended.is_set():
            news = self._feed.after(number, WAIT_S)
            if not news:
                continue
            number = news[-1].number
            for item in news:
                self._on_news(item)
            self.wake_soon()
