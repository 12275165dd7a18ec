"""Browsers that somebody has signed in from before, told by a sealed cookie.

Wrong passwords are counted per account, wherever they come from; without more, whoever knows a guard's name could keep
the guard out by guessing. So a browser that has signed the account in before is counted by itself instead (OWASP's
device cookies): guessing from elsewhere never makes the booth wait, and a stolen cookie gets no more tries than that.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from enrollment.accounts import folded
from enrollment.errors import KeyUnusable
from enrollment.keyring import Keyring

LASTS_S = 90 * 24 * 3600
NAMES = 8
"""So many accounts share a browser at most; the booth's is used in shifts."""

_CONTEXT = b"menwei-device/1"


@dataclass(frozen=True, slots=True)
class Device:
    """A browser, and the accounts that have signed in from it, by username, each with the second it last did."""

    id: str
    names: dict[str, int] = field(default_factory=dict)


class Devices:
    """Seals and reads the cookie. `wall` gives aware UTC."""

    def __init__(self, keyring: Keyring, wall: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._wall = wall

    def key(self, cookie: str, username: str) -> str | None:
        """What wrong passwords are counted under for an account that has signed in from this browser; else None."""
        device = self._read(cookie)
        return f"device {device.id} {folded(username)}" if device and folded(username) in device.names else None

    def signed_in(self, cookie: str, username: str) -> str:
        """The cookie once the account has signed in from this browser."""
        device = self._read(cookie) or Device(secrets.token_hex(16))
        names = {**device.names, folded(username): self._now_s()}
        newest = sorted(names.items(), key=lambda item: item[1])[-NAMES:]
        plain = json.dumps({"id": device.id, "names": dict(newest)}).encode()
        return base64.urlsafe_b64encode(self._keyring.seal(plain, _CONTEXT)).decode()

    def _read(self, cookie: str) -> Device | None:
        try:
            plain = self._keyring.open_sealed(base64.urlsafe_b64decode(cookie), _CONTEXT)
        except (KeyUnusable, binascii.Error, ValueError):
            return None
        # Sealed by us, so of our own making.
        told: dict[str, Any] = json.loads(plain)
        oldest = self._now_s() - LASTS_S
        return Device(told["id"], {name: at for name, at in told["names"].items() if at >= oldest})

    def _now_s(self) -> int:
        return int(self._wall().timestamp())
