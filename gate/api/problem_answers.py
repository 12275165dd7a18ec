"""What the API answers instead: problem details (RFC 9457) in the language that the asker prefers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from enrollment.errors import EntryRefused, NotEnrolled
from gate.api.scopes import RULES
from gate.barrier.code import Code
from gate.console.errors import RequestRefused
from gate.errors import BarrierFault
from gate.texts import LANGUAGES, Language, catalogue, explain, system_language, t
from models.errors import Fault

MEDIA_TYPE = "application/problem+json"
TRY_AGAIN_S = 5
"""What a database that is busy, or a barrier that does not answer, is given before the next try."""
HTTP_CODES = {404: "api.not_found", 405: "api.not_allowed", 413: "console.too_large"}
CONFLICTS = frozenset({"register.plate_taken", "pass.plate_enrolled"})
FIELDS = {
    "register.not_a_plate": "plate",
    "register.plate_taken": "plate",
    "pass.plate_enrolled": "plate",
    "register.household_code": "household",
    "register.name_empty": "name",
    "register.name_long": "name",
    "register.name_unseen": "name",
    "register.no_lanes": "lanes",
    "hours.unreadable": "hours",
    "hours.no_time": "hours",
    "hours.empty": "hours",
    "hours.many": "hours",
    "register.phone": "phone",
    "register.notes_long": "notes",
    "register.notes_unseen": "notes",
    "register.ends_before_it_begins": "until",
    "pass.bad_span": "until",
    "pass.bad_uses": "uses",
    "console.reason_length": "words",
    "audit.words_needed": "words",
    "audit.too_many": "plate",
}
"""Which field a rule of the register, or of a search, is about."""


class FieldProblem(BaseModel):
    """One field that is not as it should be; `in` says where it stands."""

    field: str
    place: str = Field(serialization_alias="in", description="path, query, header or body")
    code: str
    detail: str


class Problem(BaseModel):
    """What went wrong. `code` is stable and for programs, `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldProblem] | None = None


class Refused(RequestRefused):
    """A request that the API does not serve; `headers` go with the answer, `field` and `place` name what is wrong."""

    def __init__(
        self,
        code: str,
        status: int,
        *,
        headers: Mapping[str, str] | None = None,
        field: str | None = None,
        place: str = "query",
        **facts: object,
    ) -> None:
        super().__init__(code, status, **facts)
        self.headers = headers or {}
        self.field = field
        self.place = place


def language_of(request: Request) -> Language:
    """What `Accept-Language` prefers of our languages (RFC 9110, 12.5.4); the gate's own where it says nothing."""
    best, chosen = 0.0, system_language()
    for part in request.headers.get("accept-language", "").lower().split(","):
        tag, _, parameters = part.strip().partition(";")
        try:
            quality = float(parameters.partition("q=")[2] or 1) if tag else 0.0
        except ValueError:
            continue
        for language in LANGUAGES:
            if tag.partition("-")[0] == language and quality > best:
                best, chosen = quality, language
    return chosen


async def answer_fault(request: Request, fault: Fault) -> Response:
    """A fault of the gate, with the status that says what to do about it."""
    headers = dict(fault.headers) if isinstance(fault, Refused) else {}
    status = status_of(fault)
    if "seconds" in fault.facts:
        headers["Retry-After"] = str(fault.facts["seconds"])
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(TRY_AGAIN_S)
    field, place = FIELDS.get(fault.code), "query" if request.method == "GET" else "body"
    if isinstance(fault, Refused) and fault.field:
        field, place = fault.field, fault.place
    detail = explain(fault, language_of(request))
    errors = [FieldProblem(field=field, place=place, code=fault.code, detail=detail)] if field else None
    return problem(request, status, fault.code, detail, errors, headers)


async def answer_http(request: Request, refused: HTTPException) -> Response:
    """What the routing refused; a method that is not there is told which are."""
    status = refused.status_code
    code = HTTP_CODES.get(status, "api.bad_request")
    headers = dict(refused.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))
    return problem(request, status, code, t(code, language_of(request)), None, headers)


async def answer_invalid(request: Request, invalid: RequestValidationError) -> Response:
    """Each field that is wrong; what was sent is not repeated."""
    language = language_of(request)
    errors = [_field(error, language) for error in invalid.errors()]
    unreadable = any(error["type"] == "json_invalid" for error in invalid.errors())
    status = HTTPStatus.BAD_REQUEST if unreadable else HTTPStatus.UNPROCESSABLE_ENTITY
    return problem(request, status, "api.invalid", t("api.invalid", language), errors)


async def answer_slip(request: Request, _slip: Exception) -> Response:
    """A slip of the program; it says nothing of itself."""
    return problem(request, 500, "api.slip", t("api.slip", language_of(request)))


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    errors: list[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer itself."""
    language = language_of(request)
    told = Problem(
        type=f"urn:menwei:problem:{code}",
        title=t(f"api.title.{status}", language) if f"api.title.{status}" in catalogue() else HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        code=code,
        errors=errors,
    )
    body = json.dumps(told.model_dump(by_alias=True, exclude_none=True), ensure_ascii=False)
    about = {"Content-Language": language, "Vary": "Accept-Language"}
    return Response(body, status, {**about, **(headers or {})}, MEDIA_TYPE)


def status_of(fault: Fault) -> int:
    """The status of a fault."""
    if isinstance(fault, RequestRefused):
        return fault.status
    if fault.code == "register.changed_meanwhile":
        return HTTPStatus.PRECONDITION_FAILED
    if fault.code in CONFLICTS:
        return HTTPStatus.CONFLICT
    if isinstance(fault, NotEnrolled):
        return HTTPStatus.NOT_FOUND
    if isinstance(fault, EntryRefused):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(fault, BarrierFault) and fault.code != Code.NOT_ANSWERING:
        return HTTPStatus.CONFLICT
    return HTTPStatus.SERVICE_UNAVAILABLE


def _field(error: Mapping[str, Any], language: Language) -> FieldProblem:
    place, *path = (str(part) for part in error["loc"])
    known = f"api.field.{error['type']}"
    code = known if known in catalogue() else "api.field.wrong"
    # Only bounds and choices of our own are told, never what was sent.
    facts = {"expected": "", "bound": ""} | _bounds(error.get("ctx", {}))
    return FieldProblem(field=".".join(path) or place, place=place, code=code, detail=t(code, language, **facts))


def _bounds(context: Mapping[str, Any]) -> dict[str, object]:
    bounds = [context[name] for name in ("ge", "le", "gt", "lt", "min_length", "max_length") if name in context]
    return {"expected": context.get("expected", ""), "bound": bounds[0] if bounds else ""}


def _methods(request: Request) -> list[str]:
    asked = request.scope.get("path", "").removeprefix(request.scope.get("root_path", "")).split("/")
    fitting = []
    for method, path in RULES:
        parts = path.split("/")
        if len(parts) == len(asked) and all(a == b or a.startswith("{") for a, b in zip(parts, asked, strict=True)):
            fitting.append(method)
    return sorted(set(fitting))
