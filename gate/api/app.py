"""The API for other systems as an ASGI application of its own, which the console's server has under /api/v1."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from anyio import CapacityLimiter
from fastapi import APIRouter, FastAPI, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from gate.api import lanes, passages, passes, people, vehicles, webhooks
from gate.api.admission import KeyedRoute, RateHeaders
from gate.api.keys import ApiKeys
from gate.api.parts import AT_ONCE, FREE_WRONG_KEYS, Parts, Uses
from gate.api.problem_answers import (
    MEDIA_TYPE,
    Problem,
    answer_fault,
    answer_http,
    answer_invalid,
    answer_slip,
)
from gate.api.rates import Rates
from gate.api.scopes import RULES
from gate.api.settings import Api
from gate.community.registered import Webhooks
from gate.console.desk import Desk
from gate.ledger.ledger import StaffActs
from gate.site import Site
from gate.throttle import Throttle
from models.errors import Fault

PATH = "/api/v1"
VERSION = "1"
EXPOSED = ("ETag", "Link", "Location", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
ABOUT = "Passages, lanes, people, vehicles, passes and webhooks of one gate, for other systems."

about = APIRouter(route_class=KeyedRoute)


@about.get("/openapi.json", include_in_schema=False)
def description() -> JSONResponse:
    """The description of the API, for a key of any scope and for whoever is signed in to the console."""
    return JSONResponse(document())


def create_api(
    desk: Desk,
    site: Site,
    settings: Api,
    on_webhooks: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The API over a console's desk and its site; `on_webhooks` is called when a webhook came, went or paused."""
    record = StaffActs(site.signer)

    def record_refusal(address: str, why: str) -> None:
        if desk.archive is not None:
            desk.archive.record("api_key.refused", address=address, why=why)

    parts = Parts(
        desk=desk,
        site=site,
        keys=ApiKeys(site.engine, record),
        webhooks=Webhooks(site.engine, site.keyring, record, on_webhooks),
        rates=Rates(settings.requests_per_minute, clock),
        uses=Uses(clock),
        wrong_keys=Throttle(free=FREE_WRONG_KEYS, limit=desk.bounds.remembered_failures, now=clock),
        record_refusal=record_refusal,
        working=CapacityLimiter(AT_ONCE),
    )
    app = _assembled()
    app.state.parts = parts
    if settings.allow_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allow_origins,
            allow_methods=sorted({method for method, _ in RULES}),
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"],
            expose_headers=EXPOSED,
        )
    return app


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, not to be changed. What it holds depends on the program alone, not on a site."""
    told = _assembled().openapi()
    told["servers"] = [{"url": PATH}]
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    told["components"]["schemas"] |= problem.pop("$defs") | {"Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):
        told["components"]["schemas"].pop(name, None)
    refused = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, item in told["paths"].items():
        for method, operation in item.items():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {"description": "Refused", "content": refused}
            operation["x-scopes"] = sorted(RULES[method.upper(), path])
    return told


def _assembled() -> FastAPI:
    app = FastAPI(
        title="Menwei 门卫",
        description=ABOUT,
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # `admission` bounds bodies itself: the console's own bound would answer with plain text.
        max_body_size=sys.maxsize,
        dependencies=[Security(HTTPBearer(auto_error=False, description="a key of `gate api-key add`"))],
        generate_unique_id_function=_operation,
    )
    app.add_middleware(RateHeaders)
    for part in (passages, lanes, people, vehicles, passes, webhooks):
        app.include_router(part.router, tags=[part.__name__.rpartition(".")[2]])
    app.include_router(about)
    app.exception_handler(Fault)(answer_fault)
    app.exception_handler(HTTPException)(answer_http)
    app.exception_handler(RequestValidationError)(answer_invalid)
    app.exception_handler(Exception)(answer_slip)
    return app


def _operation(route: APIRoute) -> str:
    """A name for code that is generated from the description: the function's own."""
    return route.name
