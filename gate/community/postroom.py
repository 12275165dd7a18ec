"""The way out as a person looks after it: what was not taken and how it would be sent, and what its lane is called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from gate.community.connections import Connection, connections, last_successes
from gate.community.deliveries import DestinationView, destination_views, open_destination
from gate.community.destination import Message
from gate.community.event import Allowed, Event, Events, Shares, shares_nothing
from gate.community.letters import DeadLetters, Letter
from gate.community.names import NameBook, Names, Thing
from gate.community.registered import hook_parts
from gate.community.settings import AnyDestination, HookPart
from gate.config import Config
from gate.errors import GateError
from gate.site import Site

PATTERNS: Mapping[tuple[str, Thing], str] = {
    ("hc", "lane"): r"[A-Za-z0-9_-]{1,30}",
    ("gat1400", "lane"): r"[0-9]{20}",
}
"""What a name must look like at a kind of destination; elsewhere any word does."""
ANY = r"[^\s\"'<>\\]{1,64}"
RENAMED: Mapping[str, tuple[Thing, ...]] = {"hc": ("lane",), "gat1400": ("lane",)}
"""The things that a kind of destination has names for; both where it is not in here."""


class NameRefused(GateError):
    """A name that the destination cannot have."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A lane or device of a letter: what gate.toml calls it there, and what a person has corrected that to."""

    thing: Thing
    id: str
    configured: str
    corrected: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter, what would be sent with the names at hand, and the names that can be corrected.

    `event` is None where the record has it no more; `messages` is empty where the destination has no place for it.
    """

    letter: Letter
    event: Event | None
    messages: Sequence[Message]
    names: Names
    renamed: Sequence[Renamed]


AnyPart: TypeAlias = AnyDestination | HookPart


class PostRoom:
    """All destinations. Every method raises `StoreBusy` where the database is busy."""

    def __init__(self, site: Site, config: Config, shares: Shares = shares_nothing) -> None:
        self._site = site
        self._config = config
        self._events = Events(site, config.lane, shares)
        self.lane_of_camera: Mapping[str, str] = {lane.camera: lane.id for lane in config.lane}

    @property
    def parts(self) -> Mapping[str, AnyPart]:
        """The destinations of the configuration and the webhooks of the API, by their ids."""
        hooks = hook_parts(self._site.engine, self._site.keyring)
        return {part.id: part for part in (*self._config.community.destination, *hooks)}

    def views(self, now: datetime) -> Sequence[DestinationView]:
        """Every destination as it stands."""
        return destination_views(self._site, self._config, now)

    def connections(self) -> Sequence[tuple[Connection, datetime | None]]:
        """Every outbound connection, with its last success where the database knows it."""
        last, hooks = last_successes(self._site.engine), hook_parts(self._site.engine, self._site.keyring)
        return [(found, last.get((found.purpose, found.name))) for found in connections(self._config, hooks)]

    def letters(self, destination: str) -> DeadLetters:
        """What a destination did not take."""
        return DeadLetters(self._site.engine, destination)

    def open(self, destination: str, seq: int, tried: Mapping[Thing, str] | None = None) -> Opened | None:
        """A letter as it would be sent, with the names that hold or, to try them, with others; None for no such.

        Raises:
            NameRefused: one of the names cannot be.
        """
        letter = self.letters(destination).find(seq)
        if letter is None:
            return None
        part, names = self.parts[destination], NameBook(self._site.engine, destination).now()
        shown, event = names, self._event(part, seq, names)
        if event is not None and tried:
            for (thing, id_), name in self._checked(part, event, tried).items():
                shown = shown.with_name(thing, id_, name)
            event = self._event(part, seq, shown)
        messages = open_destination(part, self._config).render(event) if event else ()
        return Opened(letter, event, messages, names, self._renamed(part, event, shown) if event else ())

    def correct(self, destination: str, seq: int, wanted: Mapping[Thing, str], actor: str, now: datetime) -> Names:
        """Let what a letter is about have these names from now on; the version that holds then.

        Raises:
            NameRefused: one of the names cannot be.
        """
        part, book = self.parts[destination], NameBook(self._site.engine, destination)
        event = self._event(part, seq, book.now())
        return book.correct(self._checked(part, event, wanted), actor, now) if event else book.now()

    def _event(self, part: AnyPart, seq: int, names: Names) -> Event | None:
        allowed = Allowed(part.plates, part.names, part.pictures)
        return self._events.load([seq], allowed, names).get(seq)

    def _checked(self, part: AnyPart, event: Event, wanted: Mapping[Thing, str]) -> dict[tuple[Thing, str], str]:
        """The names by what they are for; what the event does not have is left out."""
        found = {}
        for thing in _things(part, event):
            name = wanted.get(thing, "").strip()
            if name and not re.fullmatch(PATTERNS.get((part.kind, thing), ANY), name):
                raise NameRefused(f"community.bad_name.{part.kind if part.kind in RENAMED else 'any'}")
            found[thing, str(getattr(event, thing))] = name
        return found

    def _renamed(self, part: AnyPart, event: Event, names: Names) -> list[Renamed]:
        codes = {**getattr(part, "machines", {}), **getattr(part, "devices", {})}
        found = []
        for thing in _things(part, event):
            id_ = str(getattr(event, thing))
            plain = getattr(part, "device_id", "") if part.kind in RENAMED else id_
            configured = codes.get(id_, plain)
            found.append(Renamed(thing, id_, configured, names.of(thing, id_) or ""))
        return found


def _things(part: AnyPart, event: Event) -> list[Thing]:
    known: tuple[Thing, ...] = RENAMED.get(part.kind, ("lane", "device"))
    return [thing for thing in known if getattr(event, thing) is not None]
