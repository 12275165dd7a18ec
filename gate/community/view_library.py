"""A GA/T 1400 view library of the police: people, faces and vehicles, of those alone whose consent is on record.

GA/T 1400.4: POST of `/VIID/System/Register` and `/VIID/System/Keepalive` with Digest sign-in and our code in the header
`User-Identify`; then `/VIID/Faces`, `/VIID/Persons` and `/VIID/MotorVehicles`, answered by a status for each object, 0
if it was taken. Numbers of objects are 48 digits: device, kind of source, time, number, kind of object, number (Annex).
With `community = true` the objects of the community extension go too (`view_library_community`).
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from gate.community.destination import Message
from gate.community.event import Event
from gate.community.settings import ViewLibraryPart
from gate.community.view_library_community import CommunityExtension
from gate.community.view_library_line import ViewLibraryLine
from gate.config import Lane

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

    def __init__(
        self,
        part: ViewLibraryPart,
        timezone: str,
        lanes: Sequence[Lane] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._part = part
        self._zone = ZoneInfo(timezone)
        self._line = ViewLibraryLine(part, clock)
        self._extension = CommunityExtension(part, lanes) if part.community else None
        self._announced = False
        self.address = self._line.address

    def render(self, event: Event) -> Sequence[Message]:
        """The calls for one."""
        about = self._extension.about(event) if self._extension else []
        return [*about, *self._objects([event])]

    def send(self, events: Sequence[Event]) -> None:
        """Tell those that may be told."""
        if self._extension:
            for event in events:
                for message in self._extension.fresh(event):
                    self._line.post(message)
                self._extension.took(event)
        for message in self._objects(events):
            self._line.post(message)

    def rest_s(self) -> float:
        """Never."""
        return 0.0

    def tick(self) -> None:
        """Register, and say once a minute that we are here."""
        if self._line.keep():
            self._announced = False
        if self._extension and not self._announced:
            for message in self._extension.begin():
                self._line.post(message)
            self._announced = True

    def close(self) -> None:
        """Let go of the connection; the next begins with registering."""
        self._line.close()

    def _objects(self, events: Sequence[Event]) -> list[Message]:
        objects: dict[str, list[dict[str, Any]]] = {}
        for event in events:
            if event.event == "passage" and event.consented:
                name = "MotorVehicle" if event.lane_kind == "vehicle" else "Face" if event.picture else "Person"
                objects.setdefault(name, []).append(self._object(name, event))
        return [
            Message(f"/VIID/{name}s", {f"{name}ListObject": {f"{name}Object": told}}) for name, told in objects.items()
        ]

    def _object(self, name: str, event: Event) -> dict[str, Any]:
        device = event.lane_there or self._part.devices.get(event.lane or "", self._part.device_id)
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
