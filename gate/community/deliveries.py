"""Every destination of a configuration: opened, each served by a thread of its own, and kept within its disk."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from enrollment.database import reading
from enrollment.errors import KeyUnusable, StoreBusy
from gate.box import box_of
from gate.community.delivery import Clocks, Delivery
from gate.community.destination import Destination
from gate.community.event import Allowed, Events, Shares, shares_nothing
from gate.community.files import Files
from gate.community.hc import MicroCommunity
from gate.community.mqtt import Mqtt
from gate.community.outbox import Outbox
from gate.community.queue import Queue, Standing, destinations_known
from gate.community.registered import hook_parts, registered
from gate.community.settings import (
    AnyDestination,
    DestinationPart,
    FilesPart,
    HookPart,
    MicroCommunityPart,
    MqttPart,
    ViewLibraryPart,
    WebhookPart,
)
from gate.community.view_library import ViewLibrary
from gate.community.webhook import Webhook
from gate.config import Config
from gate.ledger.snapshots import DOUBT_DAYS
from gate.ledger.tables import LedgerRow
from gate.site import Site

log = structlog.get_logger("community")

TRIM_EVERY_S = 3600.0
FOLLOW_EVERY_S = 5.0
"""A webhook that was set up at another box is served, or given up, so soon."""
LET_GO_S = 15.0
PAUSE_S = 1.0
"""So long is waited for what is being sent to a webhook that is paused or removed."""
LOOK_EVERY_S = 15.0
"""So often it is seen whether a destination is behind."""
NEVER = datetime(1, 1, 1, tzinfo=UTC)
UNCONFIGURED_DAYS = 30
"""What waits for a destination that gate.toml names no more is kept so long, in case it comes back."""


REFUSALS = frozenset(f"community.{code}" for code in ("refused", "failed", "said_no", "not_understood", "slip"))
"""What says that the peer answers and does not take what it is sent; any other fault says that it is not there."""
State = Literal["up", "sending", "waiting", "retrying", "refused"]


@dataclass(frozen=True, slots=True)
class DestinationView:
    """A destination and how it stands.

    `lag_s` is how long the oldest event waits, 0 with none; `late_s` from how long on that is too long.
    """

    id: str
    kind: str
    address: str
    standing: Standing
    lag_s: float
    late_s: float = math.inf

    @property
    def late(self) -> bool:
        """Whether what waits there has waited for too long."""
        return self.lag_s > self.late_s

    @property
    def state(self) -> State:
        """`up` with nothing waiting, `sending` or `waiting` with something, `retrying` or `refused` with a fault."""
        if self.standing.code is not None:
            return "refused" if self.standing.code in REFUSALS else "retrying"
        if not self.standing.waiting:
            return "up"
        return "sending" if self.standing.rate_per_s else "waiting"

    @property
    def left_s(self) -> float | None:
        """How long what waits will take at the rate of now; None where nothing waits or nothing goes."""
        rate = self.standing.rate_per_s
        return self.standing.waiting / rate if rate and self.standing.waiting else None


def open_destination(part: AnyDestination | HookPart, config: Config) -> Destination:
    """The destination that a block of gate.toml, or a webhook of the API, describes; connects to nothing yet."""
    if isinstance(part, WebhookPart | HookPart):
        return Webhook(part, config.compound.name)
    if isinstance(part, MqttPart):
        return Mqtt(part, config.lane, config.barrier)
    if isinstance(part, MicroCommunityPart):
        return MicroCommunity(part, config.compound.timezone)
    if isinstance(part, ViewLibraryPart):
        return ViewLibrary(part, config.compound.timezone, config.lane)
    return Files(part)


DESTINATIONS: Mapping[type[DestinationPart], type[Destination]] = {
    WebhookPart: Webhook,
    MqttPart: Mqtt,
    MicroCommunityPart: MicroCommunity,
    ViewLibraryPart: ViewLibrary,
    FilesPart: Files,
}


def outbox_of(config: Config) -> Outbox:
    """What the ledger's writer fills."""
    return Outbox({part.id: part.events for part in config.community.destination})


class Deliveries:
    """The way out. `note` writes a row of the record; `shares` tells who has agreed to be named there.

    `outbox` is the one that the ledger's writer fills: it is told of webhooks that come and go while the gate runs.
    `late` are the destinations that are behind, and `on_late` hears whenever they are others.
    """

    def __init__(
        self,
        site: Site,
        config: Config,
        note: Callable[..., object],
        shares: Shares = shares_nothing,
        clocks: Clocks | None = None,
        on_late: Callable[[Sequence[str]], object] = lambda _late: None,
        outbox: Outbox | None = None,
    ) -> None:
        self.late: tuple[str, ...] = ()
        self._on_late = on_late
        self._site = site
        self._config = config
        self._note = note
        self._clocks = clocks or Clocks()
        self._holder = box_of(config.storage.folder)
        self._events = Events(site, config.lane, shares)
        self._outbox = outbox or outbox_of(config)
        self._deliveries = [self._delivery(part) for part in config.community.destination]
        self._hooks: dict[str, Delivery] = {}
        self._let_go: dict[str, Delivery] = {}
        self._following = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="community-trim", daemon=True)

    def start(self) -> None:
        """Begin delivering."""
        for delivery in self._deliveries:
            delivery.start()
        self._thread.start()

    def follow(self) -> None:
        """Serve the webhooks that are set up now, and no others. Raises `StoreBusy`."""
        with self._following:
            if self._stopping.is_set():
                return
            hooks = registered(self._site.engine, self._site.keyring)
            configured = {part.id: part.events for part in self._config.community.destination}
            self._outbox.hear({**configured, **{name: part.events for name, (part, _) in hooks.items()}})
            served = {name: part for name, (part, paused) in hooks.items() if not paused}
            for name in self._hooks.keys() - served.keys():
                self._let_go[name] = self._hooks.pop(name)
                self._let_go[name].stop(PAUSE_S)
            for name in served.keys() - self._hooks.keys():
                if (before := self._let_go.pop(name, None)) is not None:
                    before.stop(LET_GO_S)
                self._hooks[name] = self._delivery(served[name])
                self._hooks[name].start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End; what is left waits in the outbox."""
        with self._following:
            self._stopping.set()
            deliveries = [*self._deliveries, *self._hooks.values(), *self._let_go.values()]
        for delivery in deliveries:
            delivery.stop(0.0)
        for delivery in deliveries:
            delivery.stop(timeout_s)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def trim(self) -> None:
        """Drop what is over each destination's bounds; a row of the record says how much that was.

        Nothing goes for its age while the last row before today lies more than a week back: see `Snapshots.due`.
        """
        now = self._clocks.wall()
        sure = self._clock_is_sure(now)
        hooks = hook_parts(self._site.engine, self._site.keyring)
        bounds = {part.id: (part.keep_events, part.keep_days) for part in (*self._config.community.destination, *hooks)}
        for name in bounds.keys() | destinations_known(self._site.engine):
            keep, days = bounds.get(name, (max([200_000, *(keep for keep, _ in bounds.values())]), UNCONFIGURED_DAYS))
            dropped = Queue(self._site.engine, name).trim(keep, now - timedelta(days=days) if sure else NEVER)
            if dropped:
                log.warning("community.dropped", destination=name, events=dropped)
                self._note("community.dropped", destination=name, events=dropped)

    def look(self) -> None:
        """See which destinations are behind, and say it once of each, on record too. Raises `StoreBusy`."""
        late, now = [], self._clocks.wall()
        for part in (*self._config.community.destination, *hook_parts(self._site.engine, self._site.keyring)):
            oldest = Queue(self._site.engine, part.id).oldest_at()
            lag_s = (now - datetime.fromisoformat(oldest)).total_seconds() if oldest else 0.0
            if lag_s > part.late_s:
                late.append(part.id)
                if part.id not in self.late:
                    log.warning("community.behind", destination=part.id, lag_s=round(lag_s))
                    self._note("community.behind", destination=part.id, lag_s=round(lag_s))
            elif part.id in self.late:
                log.info("community.caught_up", destination=part.id)
                self._note("community.caught_up", destination=part.id)
        before, self.late = self.late, tuple(late)
        if self.late != before:
            self._on_late(self.late)

    def _clock_is_sure(self, now: datetime) -> bool:
        with reading(self._site.engine) as session:
            last = session.scalar(select(func.max(LedgerRow.at)).where(LedgerRow.at < f"{now:%Y-%m-%d}"))
        return last is not None and last >= f"{now - timedelta(days=DOUBT_DAYS):%Y-%m-%d}"

    def _delivery(self, part: AnyDestination | HookPart) -> Delivery:
        allowed = Allowed(part.plates, part.names, part.pictures)
        queue = Queue(self._site.engine, part.id, ZoneInfo(self._config.compound.timezone))
        destination = open_destination(part, self._config)
        return Delivery(queue, self._events, destination, allowed, self._holder, self._clocks)

    def _run(self) -> None:
        trim_s = look_s = -math.inf
        broken = False
        while True:
            now_s = self._clocks.monotonic()
            try:
                self.follow()
                if now_s - trim_s >= TRIM_EVERY_S:
                    trim_s = now_s
                    self.trim()
                if now_s - look_s >= LOOK_EVERY_S:
                    look_s = now_s
                    self.look()
                broken = False
            except (StoreBusy, SQLAlchemyError, KeyUnusable) as failed:
                if not broken:
                    log.warning("community.not_trimmed", why=type(failed).__name__)
                broken = True
            if self._stopping.wait(FOLLOW_EVERY_S):
                return


def destination_views(site: Site, config: Config, now: datetime) -> Sequence[DestinationView]:
    """Every destination of the configuration, and every webhook of the API, as it stands. Raises `StoreBusy`."""
    views, zone = [], ZoneInfo(config.compound.timezone)
    for part in (*config.community.destination, *hook_parts(site.engine, site.keyring)):
        standing = Queue(site.engine, part.id, zone).standing(now)
        lag_s = (now - datetime.fromisoformat(standing.oldest)).total_seconds() if standing.oldest else 0.0
        address = open_destination(part, config).address
        views.append(DestinationView(part.id, part.kind, address, standing, max(0.0, lag_s), part.late_s))
    return views
