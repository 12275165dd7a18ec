"""An OSDP line: the panel asks one reader after the other and waits for its answer, each in its turn."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from gate.errors import ReaderFault
from gate.reader.osdp.packet import MARK, Finder
from gate.reader.osdp.session import Session
from gate.reader.reader import Feedback, Misread, ReaderEvent
from gate.reader.wire import Wire

REPLY_S = 0.2
"""The standard's longest wait for an answer."""
ROUND_S = 0.25


class OsdpLine:
    """Implements `ReaderLine` for readers at different addresses of one wire."""

    def __init__(
        self,
        wire: Wire,
        sessions: Sequence[Session],
        clock: Callable[[], float] = time.monotonic,
        reply_s: float = REPLY_S,
    ) -> None:
        self._wire = wire
        self._reply_s = reply_s
        self._sessions = {session.reader: session for session in sessions}
        self._clock = clock
        self._finder = Finder()
        self._turn: deque[Session] = deque()

    def events(self) -> Sequence[ReaderEvent]:
        """The next one that is due is asked, and where nobody is, the line rests until somebody will be.

        Whoever does not answer keeps it for `reply_s`, and the others have their turn before it is asked again.
        """
        now_s = self._clock()
        if not self._turn:
            self._turn.extend(session for session in self._sessions.values() if session.due_s <= now_s)
        if self._turn:
            return self._ask(self._turn.popleft())
        soonest_s = min((session.due_s for session in self._sessions.values()), default=now_s + ROUND_S)
        self._wire.read(min(max(0.0, soonest_s - now_s), ROUND_S))  # nobody was asked: it is noise
        return ()

    def answer(self, reader: str, feedback: Feedback, /) -> None:
        """As `ReaderLine` says."""
        self._sessions[reader].show(feedback)

    def close(self) -> None:
        """As `ReaderLine` says."""
        self._wire.close()

    def _ask(self, session: Session) -> list[ReaderEvent]:
        self._wire.read(0.0)
        self._finder.clear()
        damaged = self._finder.damaged
        try:
            command = session.command()
        except ReaderFault as fault:
            return session.unusable(fault, self._clock())
        self._wire.write(bytes((MARK,)) + command)
        ends_s, heard, found = self._clock() + self._reply_s, False, False
        while (left_s := ends_s - self._clock()) > 0:
            came = self._wire.read(left_s)
            heard = heard or bool(came)
            for packet in self._finder.feed(came):
                found = True
                events = session.take(packet, self._clock())
                if events is not None:
                    return events
        noise = [Misread(session.reader, "damaged")] if self._finder.damaged > damaged else []
        return [*noise, *session.silence(self._clock(), garbled=heard and not found)]
