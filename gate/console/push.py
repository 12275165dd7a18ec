"""Where HC MicroCommunity pushes its registers: our half of the interface that it documents for its IoT system.

Its answers are its own: HTTP 200, `code` 0 or -1, a `msg` in Chinese, and the `taskId` that was sent.
"""

from __future__ import annotations

import json
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from gate.console.desk import Desk, TheDesk
from gate.console.errors import not_before
from gate.console.sign_in import address_of
from gate.texts import explain
from models.errors import Fault

LARGEST_PUSH = 4_000_000
"""Bytes. It sends a face with each person, which we do not look at."""

router = APIRouter()


@router.get("/extApi/auth/getAccessToken")
def token(request: Request, desk: TheDesk) -> JSONResponse:
    """A token for whoever knows the secret of an appId. Wrong ones are slowed down by address."""
    app_id, secret = request.query_params.get("appId", ""), request.query_params.get("appSecret", "")
    address = f"push:{address_of(request)}"
    not_before(desk.addresses.begin(address))
    source = desk.sources.registers.pushed_by(app_id) if desk.sources else None
    try:
        given = source[1].token(secret, desk.wall()) if source else None
    except Fault as unusable:
        return _no(unusable)
    if given is None:
        return _no(Fault("source.push_stranger"))
    desk.addresses.succeeded(address)
    return JSONResponse({"code": 0, "msg": "成功", "data": {"access_token": given, "expires_in": 7200}})


@router.post("/extApi/{group}/{act}", max_body_size=LARGEST_PUSH)
async def push(group: str, act: str, request: Request, desk: TheDesk) -> JSONResponse:
    """Keep one entry; it is on our disk when this answers."""
    body = await request.body()
    return await to_thread.run_sync(_taken, desk, request.headers.get("access_token", ""), f"{group}/{act}", body)


def _taken(desk: Desk, given: str, service: str, body: bytes) -> JSONResponse:
    sources = desk.sources
    try:
        name = sources.registers.believed(given) if sources else None
        if sources is None or name is None:
            return _no(Fault("source.push_stranger"), body)
        sources.registers.receive(name, service, body)
    except Fault as refused:
        return _no(refused, body)
    sources.wake(name)
    return JSONResponse({"code": 0, "msg": "成功", "data": _task(body)})


def _no(fault: Fault, body: bytes = b"") -> JSONResponse:
    return JSONResponse({"code": -1, "msg": explain(fault, "zh"), "data": _task(body)})


def _task(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
        return {"taskId": str(told["taskId"])[:64]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
