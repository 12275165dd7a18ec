"""Checkpoints given to the community system: each is a signed POST to an address, so that they lie with somebody else.

The body is JSON: `compound` (its name), `checkpoint` (the line as it would stand in a file) and the line's parts `seq`,
`at`, `hash`, `key` and `signature`. Headers:

    Menwei-Time        seconds since 1970 when it was sent; a receiver refuses what is minutes old
    Menwei-Signature   sha256= and the hex HMAC-SHA256, with the shared secret, of the time, a dot and the body
    Idempotency-Key    the same for the same checkpoint sent again

Any answer of 200 to 299 says that the checkpoint is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from gate.ledger.anchors import AnchorAway
from gate.ledger.checkpoint import Checkpoint
from gate.password_file import read_password

WITHIN_S = 10.0
SHORTEST_SECRET = 16


class PostedAnchor:
    """An https address that takes checkpoints. The secret's file is read anew each time, so it can be changed."""

    def __init__(
        self,
        url: str,
        secret_file: Path,
        compound: str,
        ca_file: Path | None = None,
        *,
        within_s: float = WITHIN_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._secret_file = secret_file
        self._compound = compound
        self._ca_file = ca_file
        self._within_s = within_s
        self._clock = clock
        self.name = f"https://{urlsplit(url).netloc}"

    def note(self, checkpoint: Checkpoint) -> None:
        """Send a checkpoint.

        Raises:
            AnchorAway: `ledger.anchor_not_taken`, no answer or another than 200 to 299; `ledger.anchor_secret_short`; a
                file that cannot be read.
        """
        secret = read_password(self._secret_file, AnchorAway)
        if len(secret) < SHORTEST_SECRET:
            raise AnchorAway("ledger.anchor_secret_short", path=self._secret_file, least=SHORTEST_SECRET)
        body, at = self._body(checkpoint), str(int(self._clock()))
        headers = {
            "Content-Type": "application/json",
            "Menwei-Time": at,
            "Menwei-Signature": f"sha256={signature(secret, at, body)}",
            "Idempotency-Key": f"{checkpoint.seq}-{checkpoint.hash.hex()}",
        }
        try:
            trusted = ssl.create_default_context(cafile=self._ca_file)
            with (
                httpx.Client(verify=trusted, timeout=self._within_s, trust_env=False) as client,
                client.stream("POST", self._url, content=body, headers=headers) as answer,
            ):
                status = answer.status_code
        except (httpx.HTTPError, OSError) as failed:
            why = type(failed).__name__
            raise AnchorAway("ledger.anchor_not_taken", address=self.name, why=why) from failed
        if not 200 <= status < 300:
            raise AnchorAway("ledger.anchor_not_taken", address=self.name, why=f"HTTP {status}")

    def _body(self, checkpoint: Checkpoint) -> bytes:
        told = {
            "compound": self._compound,
            "checkpoint": str(checkpoint),
            "seq": checkpoint.seq,
            "at": checkpoint.at,
            "hash": checkpoint.hash.hex(),
            "key": checkpoint.key.hex(),
            "signature": checkpoint.signature.hex(),
        }
        return json.dumps(told, ensure_ascii=False).encode()


def signature(secret: str, at: str, body: bytes) -> str:
    """The hex HMAC-SHA256 of a time, a dot and a body."""
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
