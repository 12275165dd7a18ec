"""Every register of a configuration that ours is filled from: asked, planned, and taken over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from enrollment.database import writing
from enrollment.gallery import register_version
from enrollment.plan import Decisions, Do, Limits, Plan
from enrollment.sources import Sources, SourceStanding
from enrollment.takeover import Outcome, Takeover
from enrollment.told import ToldKind
from gate.community.deliveries import UNCONFIGURED_DAYS
from gate.community.registers.drop import Drop
from gate.community.registers.hc import HcPush
from gate.community.registers.rest import Rest
from gate.community.registers.settings import AnySource, DropSource, PushSource, RestSource, SourcePart
from gate.community.registers.source import Source
from gate.config import Config
from gate.errors import GateError
from gate.ledger.ledger import StaffActs, append
from gate.site import Site

SOURCES: Mapping[type[SourcePart], type[Source]] = {RestSource: Rest, PushSource: HcPush, DropSource: Drop}


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source and how it stands."""

    id: str
    kind: str
    address: str
    apply: str
    standing: SourceStanding


def open_source(part: AnySource, config: Config) -> Source:
    """The source that a block of gate.toml describes; connects to nothing yet."""
    zone = ZoneInfo(config.compound.timezone)
    if isinstance(part, RestSource):
        return Rest(part, zone)
    return HcPush(part, zone) if isinstance(part, PushSource) else Drop(part, zone)


class Registers:
    """The sources of a site, for the running gate, the command line and pages alike. Raises `StoreBusy` throughout.

    One of these may serve several threads; another process may plan and take over at the same time.
    """

    def __init__(self, site: Site, config: Config, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._site = site
        self._now = now
        self._parts = {part.id: part for part in config.community.source}
        self._open = {part.id: open_source(part, config) for part in config.community.source}
        self._sources = Sources(site.engine, site.keyring, now, self.names)
        self._pushed = threading.Lock()

    @property
    def names(self) -> Sequence[str]:
        """The ids of all sources."""
        return tuple(self._parts)

    def source(self, name: str) -> Source:
        """The source of that name. Raises `GateError` (`source.unknown`)."""
        self._part(name)
        return self._open[name]

    def takes_over_by_itself(self, name: str) -> bool:
        """Whether what needs nobody is taken over without anybody."""
        return self._part(name).apply == "auto"

    def views(self) -> Sequence[SourceView]:
        """Every source as it stands."""
        return [
            SourceView(part.id, part.kind, self._open[name].address, part.apply, self._sources.standing(name))
            for name, part in self._parts.items()
        ]

    def ask(self, name: str) -> bool:
        """Ask a source and keep what it tells; whether that was anything new.

        Raises:
            GateError: as `Source.ask`; the standing says so too, and what was told before stays.
        """
        source = self.source(name)
        try:
            news = source.ask(self._sources.tags(name))
            if news is None:
                self._sources.say(name, None)
                return False
            self._sources.tell(name, news)
            source.kept()
        except GateError as fault:
            self._sources.say(name, fault)
            raise
        return True

    def receive(self, name: str, service: str, body: bytes) -> None:
        """Keep what a source pushes. Raises `Refused`, and `EntryRefused` for an entry that is none."""
        source = self.source(name)
        if not isinstance(source, HcPush):
            raise GateError("source.unknown", id=name, known="")
        with self._pushed:
            news = source.understood(service, body, lambda: self._sources.told(name, ToldKind.PERSON))
            self._sources.tell(name, news)

    def pushed_by(self, app_id: str) -> tuple[str, HcPush] | None:
        """The source that pushes under an appId, with its name."""
        for name, part in self._parts.items():
            source = self._open[name]
            if isinstance(part, PushSource) and isinstance(source, HcPush) and part.app_id == app_id:
                return name, source
        return None

    def believed(self, token: str) -> str | None:
        """The source whose token this is, None for nobody's. Raises `Away` where its secret cannot be used."""
        for name, source in self._open.items():
            if isinstance(source, HcPush) and source.believes(token, self._now()):
                return name
        return None

    def plan(
        self, name: str, decisions: Decisions | None = None, kinds: Collection[ToldKind] = tuple(ToldKind)
    ) -> Plan:
        """What taking over what a source tells of these kinds would do now; changes nothing."""
        part = self._part(name)
        return self._sources.plan(name, Limits(part.ended_percent / 100, part.new_rooms), decisions, kinds)

    def note_look(self, name: str, by: str) -> None:
        """Record that somebody looks at a plan, which names people."""
        with writing(self._site.engine) as session:
            append(session, self._now(), "view", {"actor": by, "what": f"source:{name}"})

    def apply(
        self,
        name: str,
        by: str | None = None,
        confirm: str | None = None,
        decisions: Decisions | None = None,
        kinds: Collection[ToldKind] = tuple(ToldKind),
    ) -> tuple[Plan, Outcome]:
        """Take over everything that waits for nobody, endings that wait only with the plan's code to `confirm` it.

        `by` is the person who asked for it, None for the schedule; a row of the record says what was done.

        Raises:
            EntryRefused: `source.other_plan`: the plan is another by now, and nothing was done.
        """
        plan = self.plan(name, decisions, kinds)
        takeover = Takeover(
            self._site.engine, self._site.keyring, StaffActs(self._site.signer), self._sources, self._now
        )
        outcome = takeover.apply(plan, confirm)
        if by is not None or any(outcome.done[do] for do in (Do.ADD, Do.CHANGE, Do.END)):
            counts = {str(do): outcome.done[do] for do in Do}
            facts = {**counts, "waiting": len(plan.conflicts), "left": len(outcome.left), "held": plan.held}
            body = {"actor": by or f"source:{name}", "source": name, **facts, "confirmed": confirm is not None}
            with writing(self._site.engine) as session:
                append(session, self._now(), "community.taken_over", body)
        return plan, outcome

    def waiting(self, name: str) -> int:
        """How much of what a source tells waits for a person, with every step of one that does nothing by itself."""
        plan = self.plan(name)
        steps = plan.steps if not self.takes_over_by_itself(name) else plan.of(Do.END) if plan.held else ()
        return len(plan.conflicts) + len(plan.wrong) + len(steps)

    def version(self) -> int:
        """Counts the changes of our register: where it is another one, a plan may be too."""
        return register_version(self._site.engine)

    def forget(self) -> None:
        """Let go of what sources have told that the configuration names no more, a month after they were asked last."""
        self._sources.forget(self.names, self._now() - timedelta(days=UNCONFIGURED_DAYS))

    def close(self) -> None:
        """Let go of connections."""
        for source in self._open.values():
            source.close()

    def _part(self, name: str) -> AnySource:
        if name not in self._parts:
            raise GateError("source.unknown", id=name, known=", ".join(self._parts) or "-")
        return self._parts[name]
