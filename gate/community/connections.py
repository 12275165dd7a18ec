"""Every address that this box connects to by itself, and when it last answered.

They are those of the configuration and of the webhooks of the API.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Engine, make_url, select

from enrollment.database import reading
from gate.community.deliveries import open_destination
from gate.community.registers.settings import RestSource
from gate.community.settings import AnyDestination, HookPart
from gate.community.tables import DestinationRow
from gate.config import Config

_LOCAL = frozenset({"sim", "file", "folder", "usb", "serial", "gpio", "modbus-rtu"})


@dataclass(frozen=True, slots=True)
class Connection:
    """`purpose` is a code of `community.purpose.*`; `address` has no sign-in and no path that may hold a secret.

    `leaves` are codes of `community.leaves.*`, and `off` the lines of gate.toml to take out so that it ends.
    """

    purpose: str
    name: str
    address: str
    leaves: tuple[str, ...] = ()
    off: str = ""


def connections(config: Config, hooks: Iterable[HookPart] = ()) -> Iterator[Connection]:
    """All of them, with the webhooks of the API; what hangs on this box itself is left out."""
    for camera in config.camera:
        if camera.url.partition(":")[0] not in _LOCAL:
            off = f'[[camera]] id = "{camera.id}"'
            yield from (Connection("camera", one.id, _shown(one.url), (), off) for one in (camera, camera.small) if one)
    for barrier in config.barrier:
        if barrier.scheme not in _LOCAL:
            off = f'[[barrier]] id = "{barrier.id}"'
            yield Connection("barrier", barrier.id, _shown(barrier.url), ("commands",), off)
    for reader in config.reader:
        if reader.is_networked:
            off = f'[[reader]] id = "{reader.id}"'
            yield Connection("reader", reader.id, _shown(reader.url), ("feedback",), off)
    if config.database.url:
        server = make_url(config.database.url)
        address = f"postgresql://{server.host}:{server.port or 5432}"
        yield Connection("database", str(server.database), address, ("everything",), "[database] url")
    if config.ledger.anchor_url:
        yield Connection("anchor", "", _shown(config.ledger.anchor_url), ("checkpoints",), "[ledger] anchor_url")
    for part in (*config.community.destination, *hooks):
        address = open_destination(part, config).address
        block = f'[[community.destination]] id = "{part.id}"'
        off = f"DELETE /api/v1/webhooks/{part.id}" if isinstance(part, HookPart) else block
        yield Connection("destination", part.id, address, leaves_of(part), off)
    for source in config.community.source:
        if isinstance(source, RestSource):
            yield Connection("source", source.id, _shown(source.url), (), f'[[community.source]] id = "{source.id}"')


def leaves_of(part: AnyDestination | HookPart) -> tuple[str, ...]:
    """What a destination may get, as codes of `community.leaves.*`."""
    switched = [name for name in ("plates", "names", "pictures") if getattr(part, name)]
    agreed = ["agreed_only"] if part.kind == "gat1400" else []
    return ("minimum", *switched, *agreed)


def last_successes(engine: Engine) -> Mapping[tuple[str, str], datetime]:
    """When each connection whose success is in the database had the last one, by purpose and name."""
    with reading(engine) as session:
        rows = session.execute(select(DestinationRow.id, DestinationRow.delivered_at)).all()
    return {("destination", id_): datetime.fromisoformat(at) for id_, at in rows if at is not None}


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
