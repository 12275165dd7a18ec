"""Every card reader of a configuration: a thread for each line, and one for each reader's way to its lane."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from gate.config import Config
from gate.pin_tries import PinTries
from gate.reader.desk import ReaderDesk, ToLane
from gate.reader.opening import lines_of, open_line
from gate.reader.reader import Condition, ReaderState
from gate.reader.settings import ReaderPart
from gate.reader.worker import LineWorker, ReaderHealth
from gate.throttle import Throttle

log = structlog.get_logger("reader")

WRONG_CARDS = 5
CARD_WAIT_S = 10.0
"""Whoever holds wrong cards to a reader must not keep the neighbours out for long."""


@dataclass(frozen=True, slots=True)
class ReaderView:
    """A reader as the console shows it."""

    id: str
    lane: str
    health: ReaderHealth


class Readers:
    """Opens nothing before `start`. `on_change` hears of each change of a reader, and its part of the configuration."""

    def __init__(
        self,
        config: Config,
        lanes: ToLane,
        on_change: Callable[[ReaderPart, Condition], None],
        pin_tries: PinTries,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`pin_tries` counts wrong PINs, at pads as well."""
        self._parts = {part.id: part for part in config.reader}
        self._workers: dict[str, LineWorker] = {}
        self._desks: dict[str, ReaderDesk] = {}
        card_tries = Throttle(free=WRONG_CARDS, limit=len(config.reader), now=clock, longest_delay_s=CARD_WAIT_S)
        for parts in lines_of(config.reader):
            worker = LineWorker(
                [part.id for part in parts],
                partial(open_line, parts, clock),
                on_read=lambda read: self._desks[read.reader].put(read),
                on_change=lambda condition: on_change(self._parts[condition.reader], condition),
                clock=clock,
            )
            for part in parts:
                self._workers[part.id] = worker
                self._desks[part.id] = ReaderDesk(
                    part,
                    lanes,
                    worker.answer,
                    worker.misread,
                    card_tries=card_tries,
                    pin_tries=pin_tries,
                    clock=clock,
                )

    def start(self) -> None:
        """Begin to read."""
        for part in self._parts.values():
            if part.install:
                log.warning("reader.install_left_on", reader=part.id)
        for desk in self._desks.values():
            desk.start()
        for worker in dict.fromkeys(self._workers.values()):
            worker.start()

    def stop(self) -> None:
        """End: no card opens anything from now on."""
        workers = list(dict.fromkeys(self._workers.values()))
        for worker in workers:
            worker.stop(0.0)
        for worker in workers:
            worker.stop()
        for desk in self._desks.values():
            desk.stop()

    def views(self) -> Sequence[ReaderView]:
        """Every reader as it is now, in the order of the configuration."""
        return [ReaderView(part.id, part.lane, self._workers[part.id].health(part.id)) for part in self._parts.values()]

    @property
    def all_online(self) -> bool:
        """Whether every reader answers and none is tampered with."""
        conditions = [view.health.condition for view in self.views()]
        return all(one.state is ReaderState.ONLINE and not one.tampered for one in conditions)
