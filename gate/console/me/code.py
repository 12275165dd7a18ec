"""A resident's own QR code for the gate, with those of the next minutes for a phone that loses the network."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from enrollment.credential import Credential, CredentialKind
from enrollment.gate_code import STEP_S, step_of
from gate.console.desk import Desk, TheDesk
from gate.console.drawing import qr_svg
from gate.console.errors import RequestRefused
from gate.console.lobby import Caller, Calling, Lobby, TheLobby
from gate.console.pages import page
from gate.texts import t

AHEAD = 20
"""So many codes are handed out at once: ten minutes without the network. Each is good in its own minute alone."""

router = APIRouter()


@router.get("/me/code")
def code_page(request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling) -> Response:
    """The code, which changes by itself; or the button to get one."""
    held = _held(desk, lobby, caller)
    # The page fills the minutes in.
    language, blank = request.state.language, {"minutes": "{minutes}"}
    texts = {name: t(f"me.code_{name}", language, **blank) for name in ("offline", "ended")}
    data = {"texts": texts, "now": _codes(desk, lobby, held)} if held else None
    return page(request, "me_code.html", data=data)


@router.post("/me/code")
def get_code(desk: TheDesk, lobby: TheLobby, caller: Calling) -> Response:
    """Give the resident a QR code, where there is none."""
    if _held(desk, lobby, caller) is None:
        lobby.register.credentials.give(caller.resident.id, CredentialKind.QR, caller.resident.id)
    return RedirectResponse("/me/code", 303)


@router.get("/me/code/next")
def next_codes(desk: TheDesk, lobby: TheLobby, caller: Calling) -> JSONResponse:
    """The codes from now on."""
    held = _held(desk, lobby, caller)
    if held is None:
        raise RequestRefused("credential.none", 404)
    return JSONResponse(_codes(desk, lobby, held))


def _held(desk: Desk, lobby: Lobby, caller: Caller) -> Credential | None:
    """The resident's newest QR code that is in its time."""
    now = desk.wall()
    codes = [one for one in lobby.register.credentials.of(caller.resident.id) if one.kind is CredentialKind.QR]
    return next((one for one in reversed(codes) if one.until is None or one.until > now), None)


def _codes(desk: Desk, lobby: Lobby, held: Credential) -> dict[str, Any]:
    """Drawings, each for `step_ms`; `into_ms` of the first have passed. The phone's own clock does not matter."""
    now = desk.wall()
    first = step_of(now)
    return {
        "codes": [qr_svg(lobby.codes.changing(held.id, step)) for step in range(first, first + AHEAD)],
        "step_ms": STEP_S * 1000,
        "into_ms": round((now.timestamp() - first * STEP_S) * 1000),
    }
