"""A line to a GA/T 1400 view library: registers, keeps alive, and reads the status of each object that was told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from gate.community.destination import Away, Failed, Message
from gate.community.peer import Peer
from gate.community.settings import ViewLibraryPart
from gate.password_file import read_password

KEEPALIVE_S = 60.0


class ViewLibraryLine:
    """One library. Whatever goes wrong with the call leads to registering anew."""

    def __init__(self, part: ViewLibraryPart, clock: Callable[[], float] = time.monotonic) -> None:
        self._part = part
        self._clock = clock
        self._kept_s: float | None = None
        self._peer = Peer(part.url, within_s=part.timeout_s, ca_file=part.ca_file, auth=self._sign_in)
        self.address = self._peer.address

    def keep(self) -> bool:
        """Register, or say once a minute that we are here; whether it has just registered us. Raises as `post`."""
        fresh = self._kept_s is None
        if self._kept_s is not None and self._clock() - self._kept_s < KEEPALIVE_S:
            return False
        step = "Register" if fresh else "Keepalive"
        self._kept_s = None
        self.post(Message(f"/VIID/System/{step}", {f"{step}Object": {"DeviceID": self._part.device_id}}))
        self._kept_s = self._clock()
        return fresh

    def post(self, message: Message) -> None:
        """Tell objects. Raises `Failed` for a status that is not 0, and as `Peer.post`."""
        headers = {"Content-Type": "application/VIID+JSON;charset=UTF-8", "User-Identify": self._part.device_id}
        try:
            answer = self._peer.post(message.where, json.dumps(message.body, ensure_ascii=False).encode(), headers)
        except Away:
            self._kept_s = None
            raise
        for status in _statuses(answer.body, self.address):
            if str(status.get("StatusCode")) != "0":
                why = str(status.get("StatusString", ""))[:80]
                raise Failed("community.said_no", address=self.address, said=status.get("StatusCode"), why=why)

    def close(self) -> None:
        """Let go of the connection; the next begins with registering."""
        self._peer.close()
        self._kept_s = None

    def _sign_in(self) -> httpx.Auth:
        return httpx.DigestAuth(self._part.username, read_password(self._part.password_file, Away))


def _statuses(body: bytes, address: str) -> list[Mapping[str, Any]]:
    """Each status of an answer, which has one or a list of them."""
    try:
        told = json.loads(body)
        listed = (
            told["ResponseStatusListObject"]["ResponseStatusObject"] if "ResponseStatusListObject" in told else None
        )
        found = listed if listed is not None else told["ResponseStatusObject"]
        return [dict(status) for status in (found if isinstance(found, list) else [found])]
    except (ValueError, KeyError, TypeError):
        raise Failed("community.not_understood", address=address) from None
