"""What this box does with personal data: a notice for everybody, and the assessment for who answers for it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gate.console.desk import TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page

router = APIRouter()


@router.get("/privacy")
def notice(request: Request, desk: TheDesk) -> Response:
    """What hangs at the gate, to be read or printed. Nothing in it is about anybody."""
    if desk.handling is None:
        raise RequestRefused("console.not_found", 404)
    return page(request, "privacy.html", handling=desk.handling())


@router.get("/privacy/assessment")
def assessment(request: Request, desk: TheDesk) -> Response:
    """The impact assessment, filled in as far as the box knows; it counts people and names none."""
    if desk.handling is None:
        raise RequestRefused("console.not_found", 404)
    return page(request, "privacy_assessment.html", handling=desk.handling())
