"""What residents' own pages share, and who is signed in to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from enrollment.entry import Resident
from enrollment.faces import FacePhoto
from enrollment.gate_code import GateCodes
from enrollment.keyring import Keyring
from enrollment.notices import Notices
from enrollment.pads import Pad, Pads
from enrollment.passes import Passes, Quota
from enrollment.phones import Phones
from enrollment.register import Register
from enrollment.requests import Requests
from gate.console.errors import RequestRefused
from gate.console.pad.way import PadWay
from gate.own_data import OwnData
from gate.pin_tries import PinTries

RESIDENT_COOKIE = "menwei_resident"
RESIDENT_PATH = "/me"
"""The cookie is sent to these pages alone, so that a resident's phone and a guard's desk may share a browser."""


PAD_COOKIE = "menwei_pad"
PAD_PATH = "/pinpad"


@dataclass(frozen=True, slots=True)
class Lobby:
    """The parts of residents' own pages.

    `address` is where phones reach them, None for wherever staff's browser is. `judge` makes a face of a photo's bytes
    and raises `PictureRefused` or `PhotoRefused`; None where this gate has no lane for faces. `pad_way` shows to a lane
    what is typed at a pad, and `pin_tries` counts wrong PINs for a household there and at card readers alike.
    """

    register: Register
    phones: Phones
    requests: Requests
    notices: Notices
    own: OwnData
    codes: GateCodes
    passes: Passes
    quota: Quota
    pads: Pads
    keyring: Keyring
    phone_days: int
    address: str | None = None
    pad_way: PadWay | None = None
    judge: Callable[[bytes], FacePhoto] | None = None
    pin_tries: PinTries | None = None

    def token(self, cookie: str) -> str:
        """What stands in the forms of the phone or pad that holds this cookie."""
        return self.keyring.mark(cookie.encode("utf-8", "surrogatepass"), b"resident-form/1")


@dataclass(frozen=True, slots=True)
class Caller:
    """A resident on the own phone. `csrf` stands in every form."""

    phone: str
    resident: Resident
    csrf: str


def caller_of(lobby: Lobby, cookie: str) -> Caller | None:
    """Whose phone holds this cookie; None for nobody's. Raises `StoreBusy`."""
    phone = lobby.phones.find(cookie) if cookie else None
    entry = lobby.register.find(phone.resident_id) if phone else None
    if phone is None or not isinstance(entry, Resident):
        return None
    return Caller(phone.id, entry, lobby.token(cookie))


def _lobby(request: Request) -> Lobby:
    lobby: Lobby | None = request.app.state.desk.lobby
    if lobby is None:
        raise RequestRefused("console.not_found", 404)
    return lobby


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def _pad(request: Request) -> Pad:
    pad: Pad = request.state.pad
    return pad


TheLobby = Annotated[Lobby, Depends(_lobby)]
"""Raises `RequestRefused` on a console without residents' pages."""
Calling = Annotated[Caller, Depends(_caller)]
"""The resident of a route that is for residents; `access.admit` has seen to it that there is one."""
AtPad = Annotated[Pad, Depends(_pad)]
"""The pad of a route that is for pads."""
