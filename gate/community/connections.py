"""Every address that this box connects to by itself, from the configuration alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import make_url

from gate.community.deliveries import open_destination
from gate.community.registers.settings import RestSource
from gate.config import Config

_LOCAL = frozenset({"sim", "file", "folder", "usb", "serial", "gpio", "modbus-rtu"})


@dataclass(frozen=True, slots=True)
class Connection:
    """`purpose` is a code of `community.purpose.*`; `address` has no sign-in and no path that may hold a secret."""

    purpose: str
    name: str
    address: str


def connections(config: Config) -> Iterator[Connection]:
    """All of them; what hangs on this box itself is left out."""
    for camera in config.camera:
        if camera.url.partition(":")[0] not in _LOCAL:
            yield Connection("camera", camera.id, _shown(camera.url))
    for barrier in config.barrier:
        if barrier.scheme not in _LOCAL:
            yield Connection("barrier", barrier.id, _shown(barrier.url))
    if config.database.url:
        server = make_url(config.database.url)
        yield Connection("database", str(server.database), f"postgresql://{server.host}:{server.port or 5432}")
    if config.ledger.anchor_url:
        yield Connection("anchor", "", _shown(config.ledger.anchor_url))
    for part in config.community.destination:
        yield Connection("destination", part.id, open_destination(part, config).address)
    for source in config.community.source:
        if isinstance(source, RestSource):
            yield Connection("source", source.id, _shown(source.url))


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
