"""Webhooks that other systems set up through the API: kept in the database beside those of gate.toml.

Such a webhook hears what it asked for and no more than the minimum, with plates where its key may see them. It never
gets a name or a picture: only gate.toml allows that. Its secret is made here, told once, and kept sealed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificates
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from enrollment.act import Act, FactValue, Record
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.keyring import Keyring
from gate.community.settings import HookPart
from gate.community.tables import DeadLetterRow, DestinationRow, NamesRow, OutboxRow, WebhookRow

MOST = 20
"""Webhooks that may be set up; each has a thread of its own."""
LONGEST_URL = 500
LONGEST_CERTIFICATE = 10_000


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook without its secret; `id` is its destination's too. `certificate` is PEM of who vouches for the peer."""

    id: str
    url: str
    events: tuple[str, ...]
    plates: bool
    paused: bool
    certificate: str | None
    made_by: str
    made_at: datetime


class Webhooks:
    """Makes, pauses and removes them; `on_change` is called after each change. Raises `StoreBusy`."""

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        record: Record,
        on_change: Callable[[], object] = lambda: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._keyring = keyring
        self._record = record
        self._on_change = on_change
        self._now = now

    def add(
        self, url: str, events: Collection[str], actor: str, *, plates: bool = False, certificate: str | None = None
    ) -> tuple[Hook, str]:
        """A new webhook, and its secret, which is told this once.

        Raises:
            EntryRefused: `webhook.bad_url` (not https://, or with a sign-in, a query or a fragment),
                `webhook.bad_certificate`, `webhook.too_many`.
        """
        _check(url, certificate)
        secret = secrets.token_urlsafe(32)
        with writing(self._engine) as session:
            if (session.scalar(select(func.count()).select_from(WebhookRow)) or 0) >= MOST:
                raise EntryRefused("webhook.too_many", most=MOST)
            row = WebhookRow(id=f"hook-{secrets.token_hex(6)}", url=url, events=json.dumps(sorted(set(events))))
            row.plates, row.paused, row.certificate = plates, False, certificate
            row.secret, row.made_by, row.made_at = b"", actor, self._now()
            row.secret = self._keyring.seal(secret.encode(), _context(row.id))
            session.add(row)
            session.flush()
            facts: dict[str, FactValue] = {
                "host": urlsplit(url).netloc,
                "events": sorted(set(events)),
                "plates": plates,
            }
            self._record(session, Act("webhook.added", row.id, actor, facts))
            hook = _hook(row)
        self._on_change()
        return hook, secret

    def list(self) -> tuple[Hook, ...]:
        """All of them, the first made first."""
        with reading(self._engine) as session:
            rows = session.scalars(select(WebhookRow).order_by(WebhookRow.made_at, WebhookRow.id))
            return tuple(_hook(row) for row in rows)

    def find(self, hook_id: str) -> Hook:
        """One of them. Raises `NotEnrolled`: `webhook.none`."""
        with reading(self._engine) as session:
            return _hook(_needed(session, hook_id))

    def pause(self, hook_id: str, actor: str, *, paused: bool) -> Hook:
        """Hold back what it would be told, or go on; what happens meanwhile waits. Raises `NotEnrolled`."""
        with writing(self._engine) as session:
            row = _needed(session, hook_id)
            if row.paused == paused:
                return _hook(row)
            row.paused = paused
            self._record(session, Act("webhook.paused" if paused else "webhook.resumed", hook_id, actor))
            hook = _hook(row)
        self._on_change()
        return hook

    def remove(self, hook_id: str, actor: str) -> None:
        """Take it away with all that waits for it. Raises `NotEnrolled`."""
        with writing(self._engine) as session:
            session.delete(_needed(session, hook_id))
            for table, column in (
                (OutboxRow, OutboxRow.destination),
                (DeadLetterRow, DeadLetterRow.destination),
                (DestinationRow, DestinationRow.id),
                (NamesRow, NamesRow.destination),
            ):
                session.execute(delete(table).where(column == hook_id))
            self._record(session, Act("webhook.removed", hook_id, actor))
        self._on_change()


def registered(engine: Engine, keyring: Keyring) -> dict[str, tuple[HookPart, bool]]:
    """Every webhook by its id as a destination, and whether it is paused. Raises `StoreBusy`, `KeyUnusable`."""
    with reading(engine) as session:
        rows = session.scalars(select(WebhookRow).order_by(WebhookRow.made_at, WebhookRow.id)).all()
        return {
            row.id: (
                HookPart(
                    id=row.id,
                    url=row.url,
                    events=tuple(json.loads(row.events)),
                    plates=row.plates,
                    certificate=row.certificate,
                    secret=SecretStr(keyring.open_sealed(row.secret, _context(row.id)).decode()),
                ),
                row.paused,
            )
            for row in rows
        }


def hook_parts(engine: Engine, keyring: Keyring) -> tuple[HookPart, ...]:
    """All of them as destinations, paused ones too. Raises as `registered`."""
    return tuple(part for part, _ in registered(engine, keyring).values())


def _check(url: str, certificate: str | None) -> None:
    try:
        HookPart(id="hook", url=url, secret=SecretStr(""))
    except ValidationError as wrong:
        raise EntryRefused("webhook.bad_url") from wrong
    if certificate is None:
        return
    try:
        load_pem_x509_certificates(certificate.encode())
    except ValueError as wrong:
        raise EntryRefused("webhook.bad_certificate") from wrong


def _context(hook_id: str) -> bytes:
    return f"webhook:{hook_id}".encode()


def _needed(session: Session, hook_id: str) -> WebhookRow:
    row = session.get(WebhookRow, hook_id)
    if row is None:
        raise NotEnrolled("webhook.none")
    return row


def _hook(row: WebhookRow) -> Hook:
    events = tuple(json.loads(row.events))
    return Hook(row.id, row.url, events, row.plates, row.paused, row.certificate, row.made_by, row.made_at)
