"""The community extension (小区) of a GA/T 1400 view library: cameras, doors, and people and vehicles who agreed.

GA/T 1400 itself has no such objects, and no published text of any region's extension could be found; what regions ask
for differs. The addresses are those seen in use, `/VIID/APEs` and `/VIID/Community/` with `DoorDevices`, `DoorInfos`,
`PersonInfos` and `CarInfos`, and the fields the fewest that such messages had in common. Identity documents, telephone
numbers and addresses, which they have room for, are never told: this box does not have them. Numbers have 20 digits:
the community's first ten, the kind of object, and seven digits that stay the object's own.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from gate.community.destination import Message
from gate.community.event import Event
from gate.community.settings import ViewLibraryPart
from gate.config import Lane

FIELDS: Mapping[str, str] = {
    "ApeID": "-",
    "Name": "-",
    "IsOnline": "-",
    "DeviceID": "-",
    "DoorID": "-",
    "CapCameraID": "-",
    "CommunityID": "-",
    "DataSourceID": "-",
    "DataStatus": "-",
    "PersonInfo.PersonID": "subject",
    "PersonInfo.Name": "name",
    "PersonInfo.PhotoData": "picture",
    "CarInfo.CarInfoID": "subject",
    "CarInfo.PlateNo": "plate",
}
"""As `Destination.fields`."""
PERSON, VEHICLE, DOOR = "701", "702", "125"
VALID = 0


class CommunityExtension:
    """What is told of one community. A person or vehicle is told once for each connection."""

    def __init__(self, part: ViewLibraryPart, lanes: Sequence[Lane]) -> None:
        self._part = part
        self._lanes = lanes
        self._community = part.community_id or ""
        self._told: set[str] = set()

    def begin(self) -> list[Message]:
        """Our cameras, doors' devices and doors, told after each registering."""
        self._told.clear()
        if not self._lanes:
            return []
        cameras, devices, doors = [], [], []
        for lane in self._lanes:
            camera = self._part.devices.get(lane.id, self._part.device_id)
            door = self._id(DOOR, zlib.crc32(lane.id.encode()))
            cameras.append(self._of({"ApeID": camera, "Name": lane.name, "IsOnline": "1"}))
            devices.append(self._of({"DeviceID": door, "Name": lane.name}))
            doors.append(self._of({"DoorID": door, "Name": lane.name, "DeviceID": door, "CapCameraID": camera}))
        return [
            Message("/VIID/APEs", {"APEListObject": {"APEObject": cameras}}),
            Message("/VIID/Community/DoorDevices", {"DoorDeviceListObject": {"DoorDeviceObject": devices}}),
            Message("/VIID/Community/DoorInfos", {"DoorInfoListObject": {"DoorInfoObject": doors}}),
        ]

    def about(self, event: Event) -> list[Message]:
        """Whose passage it is, where the subject agreed and has a number."""
        if event.event != "passage" or not event.consented or event.number is None:
            return []
        if event.lane_kind != "vehicle":
            person = self._of({"PersonID": self._id(PERSON, event.number)})
            person |= {"Name": event.name} if event.name else {}
            person |= {"PhotoData": base64.b64encode(event.picture).decode()} if event.picture else {}
            return [Message("/VIID/Community/PersonInfos", {"PersonInfoListObject": {"PersonInfoObject": [person]}})]
        if not event.plate:
            return []
        car = self._of({"CarInfoID": self._id(VEHICLE, event.number), "PlateNo": event.plate})
        return [Message("/VIID/Community/CarInfos", {"CarInfoList": {"CarInfo": [car]}})]

    def fresh(self, event: Event) -> list[Message]:
        """The same, but nothing for whom this connection has been told of."""
        return [] if event.subject in self._told else self.about(event)

    def took(self, event: Event) -> None:
        """The library has been told of the event's subject, if there was something to tell."""
        if event.subject is not None and self.about(event):
            self._told.add(event.subject)

    def _id(self, kind: str, number: int) -> str:
        return f"{self._community[:10]}{kind}{number % 10_000_000:07d}"

    def _of(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        shared = {"CommunityID": self._community, "DataSourceID": self._community[:10], "DataStatus": VALID}
        return {**facts, **shared}
