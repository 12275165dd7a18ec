"""HC MicroCommunity (HC 小区管理系统) pushing to us: we answer as its IoT system, whose interface it documents.

It asks `/extApi/auth/getAccessToken?appId=…&appSecret=…` for a token, sends that in the header `access_token`, and
POSTs JSON to `/extApi/user/{addUser, updateUser, deleteUser, clearUser}`, `/extApi/car/{addCar, updateCar, deleteCar,
addBlackWhite, updateBlackWhite, deleteBlackWhite}`. Every answer is HTTP 200 with `code` 0 or an error. The interface
has nothing to ask it for, so a register is what it has pushed so far. Its faces (`faceBase64`) and ID numbers are not
looked at. It tells no households: a person waits for somebody to say where they live, a car goes to its owner's.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from enrollment.errors import EntryRefused
from enrollment.sources import News
from enrollment.told import Told, ToldKind
from gate.community.destination import Away, Refused
from gate.community.registers.settings import PushSource
from gate.ledger.posted_anchor import SHORTEST_SECRET
from gate.password_file import read_password

TOKEN_LASTS = timedelta(hours=2)
"""As its interface documents."""

VISITOR = "3003"
_LISTS = {"1111": ToldKind.BLOCKED, "2222": ToldKind.ALLOWED}

PERSON = {"userId": "id", "name": "name", "startTime": "since", "endTime": "until", "roomName": "household"}
CAR = {
    "extCarId": "id",
    "carNum": "plate",
    "startTime": "since",
    "endTime": "until",
    "personName": "owner_name",
    "personTel": "owner_phone",
    "roomName": "household",
}
LISTING = {"extBwId": "id", "carNum": "plate", "startTime": "since", "endTime": "until"}
"""Its fields and ours. `roomName` stands in none of its documents; where a site adds it, it is read."""

FOREVER = "2037"
"""It writes a day of this year or later for what has no end."""


class HcPush:
    """Understands what one HC MicroCommunity sends. Keeps nothing but the secret's place."""

    fields: Mapping[str, str] = {**PERSON, **CAR, **LISTING, "blackWhite": "blocked / allowed", "machineCode": "-"}

    def __init__(self, part: PushSource, zone: ZoneInfo) -> None:
        self._part = part
        self._zone = zone
        self.address = f"/extApi ({part.app_id})"
        self.rest_s: float | None = None

    def ask(self, tags: Mapping[str, str]) -> News | None:  # noqa: ARG002 - it has nothing to be asked for
        """Nothing: it pushes. Raises `Away` where its secret cannot be used."""
        self._secret()
        return None

    def kept(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def token(self, secret: str, now: datetime) -> str | None:
        """A token for whoever knows the secret, None for anybody else. Raises `Away`."""
        if not hmac.compare_digest(secret.encode(), self._secret().encode()):
            return None
        ends = str(int((now + TOKEN_LASTS).timestamp()))
        plain = f"{self._part.app_id}.{ends}.{self._signed(ends)}"
        return base64.urlsafe_b64encode(plain.encode()).decode()

    def believes(self, token: str, now: datetime) -> bool:
        """Whether a token is one of ours and still holds. Raises `Away`."""
        try:
            app, ends, signed = base64.urlsafe_b64decode(token.encode()).decode().split(".")
            # However far off: it is ours by its signature, and the clock may have been set back.
            lasts = now.timestamp() <= int(ends)
        except (ValueError, binascii.Error):
            return False
        return lasts and app == self._part.app_id and hmac.compare_digest(signed, self._signed(ends))

    def understood(self, service: str, body: bytes, people: Callable[[], Mapping[str, Told]]) -> News:
        """What a POST to `/extApi/{service}` says; `people` gives those it has told so far, by its ids.

        It tells each person to each of its machines, and takes them from one: they are gone when they are in none.
        Raises `Refused`, and `EntryRefused` for an entry that is none.
        """
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise Refused("source.push_not_understood")
        if service in {"user/addUser", "user/updateUser"}:
            if str(told.get("personType", "")) == VISITOR:
                raise Refused("source.push_visitor")
            one = self._told(ToldKind.PERSON, PERSON, told)
            machines = {*_machines(people().get(one.ref)), *_machine(told)}
            return News([_in_machines(one, machines)])
        if service in {"user/deleteUser", "user/clearUser"}:
            return self._people_gone(service, told, people())
        if service in {"car/addCar", "car/updateCar"}:
            return News([self._told(ToldKind.VEHICLE, CAR, told)])
        if service in {"car/addBlackWhite", "car/updateBlackWhite"}:
            return self._listed(told)
        return self._taken_away(service, told)

    def _listed(self, told: Mapping[str, Any]) -> News:
        kind = _LISTS.get(str(told.get("blackWhite", "")))
        if kind is None:
            raise Refused("source.push_list", known=", ".join(_LISTS))
        one = self._told(kind, LISTING, told)
        # An entry that has moved from one list to the other is no longer on the first.
        others = [(other, one.ref) for other in _LISTS.values() if other is not kind]
        return News([one], gone=others)

    def _people_gone(self, service: str, told: Mapping[str, Any], people: Mapping[str, Told]) -> News:
        machine, ref = _machine(told), str(told.get("userId") or "")
        if service == "user/deleteUser" and not ref:
            raise EntryRefused("told.no_ref")
        meant = [one for one in people.values() if service == "user/clearUser" or one.ref == ref]
        left = {one.ref: _machines(one) - machine if machine else set[str]() for one in meant}
        stay = [_in_machines(one, left[one.ref]) for one in meant if left[one.ref]]
        return News(stay, gone=[(ToldKind.PERSON, one.ref) for one in meant if not left[one.ref]])

    def _taken_away(self, service: str, told: Mapping[str, Any]) -> News:
        named = {
            "car/deleteCar": ("extCarId", (ToldKind.VEHICLE,)),
            "car/deleteBlackWhite": ("extBwId", tuple(_LISTS.values())),
        }
        if service not in named:
            raise Refused("source.push_unknown", service=service)
        field, kinds = named[service]
        ref = str(told.get(field) or "")
        if not ref:
            raise EntryRefused("told.no_ref")
        return News(gone=[(kind, ref) for kind in kinds])

    def _told(self, kind: ToldKind, named: Mapping[str, str], told: Mapping[str, Any]) -> Told:
        raw = {ours: str(told[theirs]) for theirs, ours in named.items() if told.get(theirs) not in {None, ""}}
        if raw.get("until", "")[:4] >= FOREVER:
            raw.pop("until", None)
        return Told.of(kind, raw.pop("id", ""), raw, self._zone)

    def _signed(self, ends: str) -> str:
        return hmac.new(self._secret().encode(), f"{self._part.app_id}.{ends}".encode(), "sha256").hexdigest()

    def _secret(self) -> str:
        secret = read_password(self._part.secret_file, Away)
        if len(secret) < SHORTEST_SECRET:
            raise Away("community.secret_short", path=self._part.secret_file, least=SHORTEST_SECRET)
        return secret


def _machine(told: Mapping[str, Any]) -> set[str]:
    return {"".join(str(told.get("machineCode") or "").split())[:40]} - {""}


def _machines(one: Told | None) -> set[str]:
    return set(one.values.get("machines", "").split()) if one else set()


def _in_machines(one: Told, machines: set[str]) -> Told:
    rest = {name: text for name, text in one.values.items() if name != "machines"}
    return replace(one, values=rest | ({"machines": " ".join(sorted(machines))} if machines else {}))
