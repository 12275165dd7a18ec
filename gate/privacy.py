"""What this box does with personal data, told from its configuration and what it holds: for notices and assessments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from enrollment.consent import Purpose
from enrollment.database import reading
from enrollment.template import people_in_use
from gate.api.keys import ApiKey, ApiKeys
from gate.clocks import Clock, clocks
from gate.community.connections import Connection, connections
from gate.community.registered import hook_parts
from gate.community.settings import HookPart
from gate.config import Config
from gate.ledger.ledger import StaffActs
from gate.site import Site

FILING_PEOPLE = 100_000
"""Whoever stores the faces of so many people files it with the province's cyberspace office within 30 working days
(Measures for the security management of face recognition, in force since 2025-06-01)."""

FILING_SOON_PEOPLE = 80_000
"""From here on it is said: filing takes an assessment and some weeks."""

LEAVES = frozenset({"destination", "anchor"})
"""The purposes of connections that tell somebody else something; the others reach the gate's own devices."""


class Filing(StrEnum):
    """How near the duty to file is; a code of `privacy.filing_*`."""

    NONE = "none"
    SOON = "soon"
    DUE = "due"


def filing(people: int) -> Filing:
    """How near the duty to file is with the faces of so many people."""
    if people < FILING_SOON_PEOPLE:
        return Filing.NONE
    return Filing.SOON if people < FILING_PEOPLE else Filing.DUE


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told of passages, a webhook of the API by its host.

    `names`, `pictures` and `plates` say what else than ids goes there.
    """

    id: str
    kind: str
    address: str
    names: bool
    pictures: bool
    plates: bool


@dataclass(frozen=True, slots=True)
class Handling:
    """All of it on one day; `askers` are the keys of the API that hold.

    `handler` and `contact` are empty where the configuration names nobody.
    """

    day: date
    compound: str
    handler: str
    contact: str
    lanes: Mapping[str, str]
    finder: str
    embedder: str
    liveness: str | None
    clocks: tuple[Clock, ...]
    recipients: tuple[Recipient, ...]
    askers: tuple[ApiKey, ...]
    connections: tuple[Connection, ...]
    residents: int
    minors: int
    vehicles: int
    faces: int
    consents: Mapping[Purpose, int]
    declined: Mapping[Purpose, int]
    staff: int
    with_code: int

    @property
    def filing(self) -> Filing:
        """How near the duty to file is."""
        return filing(self.faces)

    @property
    def named(self) -> bool:
        """Whether residents can tell from it whom to turn to."""
        return bool(self.handler and self.contact)


def handling_of(site: Site, config: Config) -> Handling:
    """What the box does and holds now. Raises `StoreBusy`, `KeyUnusable`."""
    now, cast = datetime.now(UTC), site.cast(config.models)
    count, hooks = site.register.count(), hook_parts(site.engine, site.keyring)
    accounts = [account for account in site.accounts.list() if not account.disabled]
    return Handling(
        day=now.astimezone(ZoneInfo(config.compound.timezone)).date(),
        compound=config.compound.name,
        handler=config.compound.handler,
        contact=config.compound.contact,
        lanes={lane.name: lane.kind for lane in config.lane},
        finder=cast.face_finder,
        embedder=cast.face_embedder,
        liveness=cast.face_liveness if config.faces.liveness.on else None,
        clocks=clocks(site, config.storage.snapshot_days, now.date()),
        recipients=tuple(_recipients(config, hooks)),
        askers=tuple(key for key in ApiKeys(site.engine, StaffActs(site.signer)).list() if key.state(now) == "ok"),
        connections=tuple(connections(config, hooks)),
        residents=count.residents,
        minors=count.minors,
        vehicles=count.vehicles,
        faces=faces_of(site),
        consents={purpose: site.register.consents.agreeing(purpose) for purpose in Purpose},
        declined={purpose: site.register.consents.declining(purpose) for purpose in Purpose},
        staff=len(accounts),
        with_code=sum(account.second_factor for account in accounts),
    )


def faces_of(site: Site) -> int:
    """How many people's faces are stored."""
    with reading(site.engine) as session:
        return people_in_use(session)


def _recipients(config: Config, hooks: Sequence[HookPart]) -> list[Recipient]:
    addresses = {one.name: one.address for one in connections(config, hooks) if one.purpose == "destination"}
    called = {part.id: addresses[part.id].partition("://")[2] for part in hooks}
    return [
        Recipient(called.get(part.id, part.id), part.kind, addresses[part.id], part.names, part.pictures, part.plates)
        for part in (*config.community.destination, *hooks)
    ]
