"""HC MicroCommunity (HC 小区管理系统), spoken to as one of its machines per lane.

From its documented contract: POST below `/app/`, the machine's code in the header `machinecode`, JSON both ways, and an
answer of HTTP 200 whose `code` is not 0 is an error. `machineTranslate.machineUploadFaceLog` takes people,
`machineTranslate.machineUploadCarLog` vehicles with a plate, `machine.openDoorLog` openings by hand, and
`machineTranslate.machineHeartbeart` (spelt so) says that a machine is alive. It has no idempotency key: our
`transaction-id` is none to it, and what is sent again after a kill may be in its log twice.
"""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gate.community.destination import Failed, Message, Refused
from gate.community.event import Event
from gate.community.peer import Peer
from gate.community.settings import MicroCommunityPart
from gate.texts import t

HEARTBEAT_S = 60.0
FACE, KEY = "1000", "2000"
OPENED, SEEN = "8888", "6666"
CAR_NOT_IN = "5"
NOBODY = "-1"


class MicroCommunity:
    """One community of it. Alarms, doors, lanes without a machine and unread plates are not told: it has no place."""

    batch = 1
    fields: Mapping[str, str] = {
        "communityId": "-",
        "machineCode": "lane",
        "carNum": "plate",
        "inTime": "at",
        "outTime": "at",
        "state": "verdict",
        "remark": "reason",
        "userId": "subject",
        "userName": "name",
        "openTypeCd": "event",
        "recordTypeCd": "verdict",
        "similar": "-",
        "photo": "picture",
        "photoJpg": "picture",
        "dateTime": "at",
        "extCommunityId": "-",
    }

    def __init__(self, part: MicroCommunityPart, timezone: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._part = part
        self._zone = ZoneInfo(timezone)
        self._clock = clock
        self._machines = dict(part.machines)
        self._beat_s = -HEARTBEAT_S
        self._peer = Peer(part.url, within_s=part.timeout_s, ca_file=part.ca_file)
        self.address = self._peer.address

    def render(self, event: Event) -> Sequence[Message]:
        """The call for one."""
        machine = event.lane_there or self._part.machines.get(event.lane or "")
        if machine is None:
            return []
        if event.event == "passage" and event.lane_kind == "vehicle" and event.plate:
            return [Message("/app/machineTranslate.machineUploadCarLog", self._car(event, machine))]
        if event.event == "passage" and event.lane_kind == "pedestrian":
            return [Message("/app/machineTranslate.machineUploadFaceLog", self._face(event, machine))]
        return [Message("/app/machine.openDoorLog", self._face(event, machine))] if event.event == "opening" else []

    def send(self, events: Sequence[Event]) -> None:
        """Tell one."""
        for event in events:
            for message in self.render(event):
                self._machines[event.lane or ""] = message.body["machineCode"]
                self._post(message, event.key)

    def rest_s(self) -> float:
        """Never."""
        return 0.0

    def tick(self) -> None:
        """Each machine's heartbeat, once a minute."""
        if self._clock() - self._beat_s < HEARTBEAT_S:
            return
        now = datetime.now(UTC)
        for machine in sorted(set(self._machines.values())):
            beat = {"machineCode": machine, "communityId": self._part.community_id, "lastOnTime": self._local(now)}
            # What it says of a heartbeat is no reason to keep the events back.
            with contextlib.suppress(Failed, Refused):
                self._post(Message("/app/machineTranslate.machineHeartbeart", beat), f"beat-{now.timestamp():.0f}")
        self._beat_s = self._clock()

    def close(self) -> None:
        """Let go of the connection."""
        self._peer.close()

    def _car(self, event: Event, machine: str) -> dict[str, Any]:
        told = {
            "machineCode": machine,
            "communityId": self._part.community_id,
            "carNum": event.plate,
            "outTime" if event.direction == "out" else "inTime": self._local(event.at),
            "remark": t(f"reason.{event.reason}", "zh"),
        }
        told |= {} if event.verdict == "open" else {"state": CAR_NOT_IN}
        return told | ({"photoJpg": base64.b64encode(event.picture).decode()} if event.picture else {})

    def _face(self, event: Event, machine: str) -> dict[str, Any]:
        by_hand = event.event == "opening"
        return {
            "machineCode": machine,
            "userId": event.subject or NOBODY,
            "userName": event.name or "",
            "openTypeCd": KEY if by_hand else FACE,
            "recordTypeCd": OPENED if by_hand or event.verdict == "open" else SEEN,
            "similar": "0",
            "photo": base64.b64encode(event.picture).decode() if event.picture else "",
            "dateTime": self._local(event.at),
            "extCommunityId": self._part.community_id,
        }

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"

    def _post(self, message: Message, key: str) -> None:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "machinecode": message.body["machineCode"],
            "communityId": self._part.community_id,
            "app-id": "menwei",
            "transaction-id": key,
            "req-time": f"{datetime.now(self._zone):%Y%m%d%H%M%S}",
            "user-id": NOBODY,
        }
        answer = self._peer.post(message.where, json.dumps(message.body, ensure_ascii=False).encode(), headers)
        try:
            told = json.loads(answer.body)
            code, said = str(told["code"]), str(told.get("msg", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Failed("community.not_understood", address=self.address) from None
        if code != "0":
            raise Failed("community.said_no", address=self.address, said=code, why=said[:80])
