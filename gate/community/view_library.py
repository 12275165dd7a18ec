"""A GA/T 1400 view library of the police: people, faces and vehicles, of those alone whose consent is on record.

GA/T 1400.4: POST of `/VIID/System/Register` and `/VIID/System/Keepalive` with Digest sign-in and our code in the header
`User-Identify`; then `/VIID/Faces`, `/VIID/Persons` and `/VIID/MotorVehicles`, answered by a status for each object, 0
if it was taken. Numbers of objects are 48 digits: device, kind of source, time, number, kind of object, number (Annex).
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from gate.community.destination import Away, Failed
from gate.community.event import Event
from gate.community.peer import Peer
from gate.community.settings import ViewLibraryPart
from gate.password_file import read_password

KEEPALIVE_S = 60.0
SEEN_BY_MACHINE = 1
_FACE, _PERSON, _VEHICLE = "06", "01", "02"
_AUTOMATIC = "02"


class ViewLibrary:
    """One library. Whoever has not agreed to be shared is left out, and alarms too."""

    batch = 20
    fields: Mapping[str, str] = {
        "FaceID": "seq",
        "PersonID": "seq",
        "MotorVehicleID": "seq",
        "InfoKind": "-",
        "SourceID": "seq",
        "DeviceID": "lane",
        "Name": "name",
        "LocationMarkTime": "at",
        "HasPlate": "plate",
        "PlateNo": "plate",
        "PassTime": "at",
        "InOut": "direction",
        "SubImageList": "picture",
    }

    def __init__(self, part: ViewLibraryPart, timezone: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._part = part
        self._zone = ZoneInfo(timezone)
        self._clock = clock
        self._kept_s: float | None = None
        self._peer = Peer(part.url, within_s=part.timeout_s, ca_file=part.ca_file, auth=self._sign_in)
        self.address = self._peer.address

    def send(self, events: Sequence[Event]) -> None:
        """Tell those that may be told."""
        objects: dict[str, list[dict[str, Any]]] = {}
        for event in events:
            if event.event == "passage" and event.consented:
                name = "MotorVehicle" if event.lane_kind == "vehicle" else "Face" if event.picture else "Person"
                objects.setdefault(name, []).append(self._object(name, event))
        for name, told in objects.items():
            self._post(f"/VIID/{name}s", {f"{name}ListObject": {f"{name}Object": told}})

    def rest_s(self) -> float:
        """Never."""
        return 0.0

    def tick(self) -> None:
        """Register, and say once a minute that we are here."""
        if self._kept_s is not None and self._clock() - self._kept_s < KEEPALIVE_S:
            return
        step = "Register" if self._kept_s is None else "Keepalive"
        self._kept_s = None
        self._post(f"/VIID/System/{step}", {f"{step}Object": {"DeviceID": self._part.device_id}})
        self._kept_s = self._clock()

    def close(self) -> None:
        """Let go of the connection; the next begins with registering."""
        self._peer.close()
        self._kept_s = None

    def _sign_in(self) -> httpx.Auth:
        return httpx.DigestAuth(self._part.username, read_password(self._part.password_file, Away))

    def _object(self, name: str, event: Event) -> dict[str, Any]:
        device = self._part.devices.get(event.lane or "", self._part.device_id)
        at = f"{event.at.astimezone(self._zone):%Y%m%d%H%M%S}"
        source = f"{device}{_AUTOMATIC}{at}{event.seq % 100000:05d}"
        told: dict[str, Any] = {"InfoKind": SEEN_BY_MACHINE, "SourceID": source, "DeviceID": device}
        if name == "MotorVehicle":
            has = "1" if event.plate else "0"
            told |= {"MotorVehicleID": f"{source}{_VEHICLE}00001", "HasPlate": has, "PlateNo": event.plate or ""}
            told |= {"PassTime": at, "InOut": event.direction or ""}
        else:
            told |= {f"{name}ID": f"{source}{_FACE if name == 'Face' else _PERSON}00001", "LocationMarkTime": at}
            told |= {"Name": event.name} if event.name else {}
        if event.picture:
            told["SubImageList"] = {"SubImageInfoObject": [self._image(source, device, at, event.picture)]}
        return told

    def _image(self, source: str, device: str, at: str, picture: bytes) -> dict[str, Any]:
        data = base64.b64encode(picture).decode()
        shared = {"ImageID": source, "DeviceID": device, "ShotTime": at, "FileFormat": "Jpeg"}
        return {**shared, "FileSize": len(picture), "Data": data}

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        headers = {"Content-Type": "application/VIID+JSON;charset=UTF-8", "User-Identify": self._part.device_id}
        try:
            answer = self._peer.post(path, json.dumps(body, ensure_ascii=False).encode(), headers)
        except Away:
            self._kept_s = None
            raise
        for status in _statuses(answer.body, self.address):
            if str(status.get("StatusCode")) != "0":
                why = str(status.get("StatusString", ""))[:80]
                raise Failed("community.said_no", address=self.address, said=status.get("StatusCode"), why=why)


def _statuses(body: bytes, address: str) -> list[dict[str, Any]]:
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
