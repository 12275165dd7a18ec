"""The console as an ASGI application."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from enrollment.accounts import Accounts
from enrollment.keyring import Keyring
from enrollment.second_factor import SecondFactor
from enrollment.sign_ins import SignIns
from gate.archive import Archive
from gate.community.postroom import PostRoom
from gate.config import Console
from gate.console import (
    barriers,
    booth,
    calls,
    events,
    health,
    live,
    own_account,
    privacy,
    push,
    shift,
    sign_in,
    staff,
    visitors,
)
from gate.console import parking as parking_pages
from gate.console import sources as sources_pages
from gate.console.access import admit
from gate.console.audit import export, overview, pages
from gate.console.audit.searches import Searches
from gate.console.calls import close_calls, held_until
from gate.console.community import letters
from gate.console.community import pages as community
from gate.console.desk import LANGUAGE_COOKIE, SESSION_COOKIE, Bounds, Desk, Office, Sources
from gate.console.devices import Devices
from gate.console.enrolment import consents, erasing, households, intake, people, photos, rights, vehicles
from gate.console.envelope import LARGEST_BODY, Envelope
from gate.console.errors import RequestRefused
from gate.console.listeners import Listeners
from gate.console.lobby import Lobby
from gate.console.looks import Looks
from gate.console.me import code, desk_side, entry
from gate.console.me import consents as own_consents
from gate.console.me import notices as own_notices
from gate.console.me import pages as own_pages
from gate.console.me import visitors as own_visitors
from gate.console.metrics import Metrics
from gate.console.opening import Openings
from gate.console.pad import pages as pad_pages
from gate.console.pad import staff as pad_staff
from gate.console.pages import page
from gate.console.patrol import cases as patrol_cases
from gate.console.patrol import pages as patrol_pages
from gate.console.patrol.desk import PatrolDesk
from gate.console.questions import Questions
from gate.console.session_keeper import SessionKeeper
from gate.console.sessions import Sessions
from gate.console.tickets import Tickets
from gate.console.watch import Watch
from gate.console.wording import chosen_language
from gate.feed import News
from gate.parking.room import ParkingRoom
from gate.pin_tries import PinTries
from gate.privacy import Handling
from gate.shift_notes import ShiftNotes
from gate.texts import explain
from gate.throttle import Throttle
from models.errors import Fault

GATE = "gate"
"""Who the record names for what the console does by itself."""

HTTP_CODES = {404: "console.not_found", 405: "console.not_allowed", 413: "console.too_large"}

PARTS = (
    sign_in,
    own_account,
    staff,
    live,
    calls,
    booth,
    shift,
    barriers,
    events,
    health,
    pages,
    export,
    overview,
    households,
    people,
    consents,
    photos,
    vehicles,
    rights,
    erasing,
    intake,
    parking_pages,
    privacy,
    community,
    letters,
    push,
    sources_pages,
    visitors,
    desk_side,
    entry,
    own_pages,
    own_consents,
    code,
    own_visitors,
    own_notices,
    pad_pages,
    pad_staff,
    patrol_pages,
    patrol_cases,
)
"""Each has a `router` with its routes."""

ELSEWHERE = {
    "console.sign_in_needed": "/sign-in",
    "console.password_first": "/account/password",
    "me.sign_in_needed": "/me/enter",
    "pad.sign_in_needed": "/pinpad",
}
"""Where a person is led instead of being told."""


def _now() -> datetime:
    return datetime.now(UTC)


def _token() -> str:
    return secrets.token_urlsafe(32)


def create_app(
    watch: Watch,
    accounts: Accounts,
    settings: Console,
    timezone: str,
    *,
    second_factor: SecondFactor,
    keyring: Keyring,
    archive: Archive | None = None,
    office: Office | None = None,
    lobby: Lobby | None = None,
    handling: Callable[[], Handling] | None = None,
    post_room: PostRoom | None = None,
    sources: Sources | None = None,
    patrol: PatrolDesk | None = None,
    parking: ParkingRoom | None = None,
    shift_notes: ShiftNotes | None = None,
    sign_ins: SignIns | None = None,
    api: Callable[[Desk], ASGIApp] | None = None,
    bounds: Bounds | None = None,
    clock: Callable[[], float] = time.monotonic,
    wall: Callable[[], datetime] = _now,
    token: Callable[[], str] = _token,
) -> FastAPI:
    """The console of one gate.

    `keyring` seals the cookies that tell a browser by. `archive` is the record for the auditor's pages, `office` the
    register for the enrollers', `lobby` what residents' own pages need, `handling` tells what is done with personal
    data, `post_room` is the way out, `sources` are the registers that push to us, `patrol` is what the patrol's pages
    need, `parking` tells what is inside, `shift_notes` what one shift leaves for the next, `sign_ins` carries who is
    signed in over a restart, and `api` makes what other systems ask under /api/v1; without them these are not there.
    `timezone` is the compound's IANA name; `clock` is monotonic, in seconds, and `wall` gives aware UTC; `token` gives
    unguessable strings. The application holds two threads while it is served, and its parts in `state.desk`.
    """
    bounds = bounds or Bounds()
    metrics = Metrics(watch)
    questions = Questions(watch, wall=wall, lasts_s=bounds.waits_s, held=partial(held_until, lobby), now=clock)

    def on_news(news: News) -> None:
        metrics.observe(news)
        questions.hear(news)
        if news.topic == "question" and news.lane is not None and not news.body["who"]:
            close_calls(desk, news.lane, GATE)

    sessions = Sessions(
        lasts_s=settings.session_hours * 3600, idle_s=bounds.idle_s, limit=bounds.sessions, now=clock, token=token
    )
    desk = Desk(
        watch=watch,
        accounts=accounts,
        second_factor=second_factor,
        settings=settings,
        zone=ZoneInfo(timezone),
        bounds=bounds,
        sessions=sessions,
        session_keeper=SessionKeeper(sessions, sign_ins) if sign_ins else None,
        names=Throttle(free=bounds.failures_per_name, limit=bounds.remembered_failures, now=clock),
        addresses=Throttle(free=bounds.failures_per_address, limit=bounds.remembered_failures, now=clock),
        guesses=Throttle(
            free=bounds.failures_per_account,
            limit=bounds.remembered_failures,
            now=clock,
            longest_delay_s=bounds.longest_account_wait_s,
        ),
        codes=Throttle(free=bounds.wrong_codes, limit=bounds.remembered_failures, now=clock),
        links=Throttle(free=bounds.wrong_links, limit=bounds.remembered_failures, now=clock),
        pin_tries=(lobby.pin_tries if lobby else None) or PinTries(clock),
        rings=Throttle(free=1, limit=bounds.remembered_failures, now=clock, longest_delay_s=bounds.longest_ring_wait_s),
        devices=Devices(keyring, wall),
        tickets=Tickets(now=clock, token=token),
        checking=CapacityLimiter(bounds.checks_at_once),
        listeners=Listeners(watch.feed, boot=token()[:12], limit=bounds.listeners, on_news=on_news),
        wall=wall,
        looks=Looks(watch),
        questions=questions,
        openings=Openings(watch, questions),
        shift_notes=shift_notes,
        metrics=metrics,
        archive=archive,
        office=office,
        lobby=lobby,
        handling=handling,
        post_room=post_room,
        sources=sources,
        patrol=patrol,
        parking=parking,
        searches=Searches(),
    )
    app = _assembled(desk)
    if api is not None:
        # An application of its own: it has its own admission, by key, and its own answers to what goes wrong.
        app.mount("/api/v1", api(desk))
    return app


def _assembled(desk: Desk) -> FastAPI:
    app = FastAPI(
        title="menwei",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        max_body_size=LARGEST_BODY,
        lifespan=_lifespan,
        dependencies=[Depends(admit)],
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.add_middleware(Envelope)
    for part in PARTS:
        app.include_router(part.router)
    app.exception_handler(Fault)(_answer_fault)
    app.exception_handler(HTTPException)(_answer_http)
    app.exception_handler(RequestValidationError)(_answer_invalid)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    desk: Desk = app.state.desk
    if desk.session_keeper is not None:
        await to_thread.run_sync(desk.session_keeper.start)
    desk.listeners.start()
    yield
    await desk.listeners.stop()
    if desk.session_keeper is not None:
        await to_thread.run_sync(desk.session_keeper.stop)


async def _answer_fault(request: Request, fault: Fault) -> Response:
    """A `RequestRefused` with its own status; any other fault of the gate is a 503 that says what to do."""
    status = fault.status if isinstance(fault, RequestRefused) else 503
    return _answer(request, fault, status)


async def _answer_http(request: Request, refused: HTTPException) -> Response:
    code = HTTP_CODES.get(refused.status_code, "console.bad_request")
    return _answer(request, Fault(code), refused.status_code)


async def _answer_invalid(request: Request, _invalid: RequestValidationError) -> Response:
    """What was sent is not repeated: it may be a password."""
    return _answer(request, Fault("console.bad_request"), 422)


def _answer(request: Request, fault: Fault, status: int) -> Response:
    """A page for a person, JSON for a script."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if wants_page and (elsewhere := ELSEWHERE.get(fault.code)):
        return RedirectResponse(elsewhere, 303)
    language = chosen_language(request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE))
    said = explain(fault, language)
    if wants_page:
        desk: Desk = request.app.state.desk
        # A request that no route took has not come past `admit`.
        request.state.language = language
        request.state.session = desk.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
        request.state.caller = getattr(request.state, "caller", None)
        answer: Response = page(request, "refusal.html", status, message=said, elsewhere=request.url.path != "/")
    else:
        answer = JSONResponse({"code": fault.code, "message": said}, status)
    if "seconds" in fault.facts:
        answer.headers["Retry-After"] = str(fault.facts["seconds"])
    return answer
