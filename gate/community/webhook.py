"""An https address that gets each event as a signed CloudEvent; `samples/webhook_receiver.py` is one that checks them.

The body is a CloudEvents 1.0 event in its structured JSON form, whose `data` is `Event.body`. Headers:

    Menwei-Time        seconds since 1970 when it was sent; a receiver refuses what is more than five minutes off
    Menwei-Signature   sha256= and the hex HMAC-SHA256, with the shared secret, of the time, a dot and the body
    Idempotency-Key    the event's id: the same each time it is sent

Any answer of 200 to 299 says that it is kept. 401 and 403 say that the signature is not believed, 429 and 502 to 504
that all should come later; 500 is tried again a few times, and another 4xx makes the event a dead letter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from gate.community.destination import Away, Message
from gate.community.event import BODY, Event
from gate.community.peer import Peer
from gate.community.settings import HookPart, WebhookPart
from gate.ledger.posted_anchor import SHORTEST_SECRET, signature
from gate.password_file import read_password


class Webhook:
    """One address. The secret's file is read anew each time, so it can be changed."""

    batch = 1
    fields: Mapping[str, str] = {
        "id": "key",
        "source": "-",
        "type": "event",
        "time": "at",
        **{f"data.{name}": name for name in BODY},
    }

    def __init__(
        self, part: WebhookPart | HookPart, compound: str, wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._part = part
        self._source = f"/menwei/{quote(compound, safe='')}"
        self._wall = wall
        certificate = part.certificate if isinstance(part, HookPart) else None
        self._peer = Peer(part.url, within_s=part.timeout_s, ca_file=part.ca_file, certificate=certificate)
        self.address = self._peer.address

    def render(self, event: Event) -> Sequence[Message]:
        """The CloudEvent."""
        return [Message("POST", self._cloud_event(event))]

    def send(self, events: Sequence[Event]) -> None:
        """Post one."""
        secret = self._secret()
        for event in events:
            body = json.dumps(self._cloud_event(event), ensure_ascii=False).encode()
            at = str(int(self._wall().timestamp()))
            self._peer.post(
                "",
                body,
                {
                    "Content-Type": "application/cloudevents+json; charset=utf-8",
                    "Menwei-Time": at,
                    "Menwei-Signature": f"sha256={signature(secret, at, body)}",
                    "Idempotency-Key": event.key,
                },
            )

    def rest_s(self) -> float:
        """Never."""
        return 0.0

    def tick(self) -> None:
        """Nothing: whether the address is there shows with the next event."""

    def close(self) -> None:
        """Let go of the connection."""
        self._peer.close()

    def _secret(self) -> str:
        if isinstance(self._part, HookPart):
            return self._part.secret.get_secret_value()
        secret = read_password(self._part.secret_file, Away)
        if len(secret) < SHORTEST_SECRET:
            raise Away("community.secret_short", path=self._part.secret_file, least=SHORTEST_SECRET)
        return secret

    def _cloud_event(self, event: Event) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": event.key,
            "source": self._source,
            "type": f"menwei.{event.event}.v1",
            "time": event.at.isoformat(),
            "datacontenttype": "application/json",
            "data": event.body(),
        }
