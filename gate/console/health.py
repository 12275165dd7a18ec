"""Whether the gate works, for a watchdog and for a monitoring system."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from gate.console.desk import TheDesk
from models.errors import Fault

router = APIRouter()


@router.get("/healthz")
def healthz(desk: TheDesk) -> JSONResponse:
    """The overall state and nothing else: 200 for `ok` and `degraded`, 503 for `failing`.

    A lost camera is `degraded`: starting the gate again would not bring it back and would cost the other lanes.
    """
    try:
        state = desk.watch.health().state
    except Fault:
        state = "failing"
    return JSONResponse({"state": state}, 503 if state == "failing" else 200)


@router.get("/metrics")
def metrics(desk: TheDesk) -> Response:
    """The numbers, for a program on this machine or an auditor or administrator who is signed in."""
    return Response(desk.metrics.page(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
