"""Who asks, and whether they may: decided before anything of a request is read but its headers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from enrollment.errors import StoreBusy
from gate.api.entity_tags import answered
from gate.api.keys import ApiKey
from gate.api.parts import Parts
from gate.api.problem_answers import Refused, language_of
from gate.api.scopes import RULES, Scope
from gate.console.access import in_service
from gate.console.desk import SESSION_COOKIE
from gate.console.envelope import LARGEST_BODY
from gate.texts import Language

OPEN_TO_STAFF = ("GET", "/openapi.json")
REALM = 'Bearer realm="menwei"'
LOOK_LASTS_S = 3600.0
"""A look is recorded once for each key, thing and hour: a program asks every few seconds."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The key of a request. `account` is who the record names, and `key` what a look is remembered under."""

    api_key: ApiKey
    key: str

    @property
    def account(self) -> str:
        """`api:` and the key's name."""
        return self.api_key.actor

    def may(self, scope: Scope) -> bool:
        """Whether the key has a scope."""
        return scope in self.api_key.scopes


class KeyedRoute(APIRoute):
    """A route behind a key: admission first, then strict parameters, then the route, then the answer's tag."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with all of it around it."""
        inner = super().get_route_handler()
        known = {parameter.alias for parameter in self.dependant.query_params}
        takes_body = self.body_field is not None

        async def handler(request: Request) -> Response:
            parts: Parts = request.app.state.parts
            async with parts.working:
                await admit(request, self.path)
                _strict(request, known, takes_body=takes_body)
                return answered(request, await inner(Request(request.scope, _bounded(request.receive))))

        return handler


async def admit(request: Request, path: str) -> None:
    """Set `state.caller`, or raise `Refused`: 401, 403, or 429 with the seconds to wait."""
    parts: Parts = request.app.state.parts
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    route = request.method, path
    if not scheme and route == OPEN_TO_STAFF and await _signed_in(request, parts):
        return
    if scheme.lower() != "bearer" or not text.strip():
        raise Refused("api.key_needed", 401, headers={"WWW-Authenticate": REALM})
    key = await to_thread.run_sync(parts.keys.find, text.strip())
    state = "wrong" if key is None else key.state(parts.desk.wall())
    if key is None or state != "ok":
        raise await _not_let_in(request, parts, state)
    rate = parts.rates.take(key.id)
    request.state.rate = rate
    if not rate.allowed:
        raise Refused("api.too_many", 429, seconds=rate.reset_s)
    needed = RULES.get(route, frozenset())
    if not needed & key.scopes:
        raise scope_needed(*needed)
    await to_thread.run_sync(_note_use, parts, key)
    hour = int(parts.desk.wall().timestamp() // LOOK_LASTS_S)
    request.state.caller = Caller(key, f"{key.id}:{hour}")


def scope_needed(*scopes: Scope) -> Refused:
    """The refusal of a key that lacks all of these."""
    named = " ".join(sorted(scopes))
    told = f'{REALM}, error="insufficient_scope", scope="{named}"'
    return Refused("api.scope_needed", 403, headers={"WWW-Authenticate": told}, scopes=named)


async def _not_let_in(request: Request, parts: Parts, state: str) -> Refused:
    """Wrong keys are slowed down by address. A right one never waits for others' wrong ones: it cannot be guessed."""
    address = request.client.host if request.client else ""
    if (wait_s := parts.wrong_keys.begin(address)) > 0:
        return Refused("api.wrong_keys", 429, seconds=int(wait_s) + 1)
    await to_thread.run_sync(parts.record_refusal, address, state)
    told = f'{REALM}, error="invalid_token"'
    return Refused(f"api.key_{state}", 401, headers={"WWW-Authenticate": told})


async def _signed_in(request: Request, parts: Parts) -> bool:
    session = parts.desk.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
    return session is not None and not session.must_change and await in_service(parts.desk, session)


def _note_use(parts: Parts, key: ApiKey) -> None:
    """A database that takes no writes now keeps nobody from reading."""
    if parts.uses.due(key.id):
        with suppress(StoreBusy):
            parts.keys.used(key)


def _strict(request: Request, known: set[str], *, takes_body: bool) -> None:
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if name not in known:
            raise Refused("api.unknown_parameter", 422, field=name[:80], known=", ".join(sorted(known)) or "-")
        if given.count(name) > 1:
            raise Refused("api.parameter_twice", 422, field=name)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST_BODY:
        raise Refused("console.too_large", 413)
    if takes_body and request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused("api.not_json", 415, headers={"Accept": "application/json"})


def _bounded(receive: Receive) -> Receive:
    """The body up to `LARGEST_BODY`, also of a request that does not say how long it is."""
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            raise HTTPException(413)
        return message

    return bounded


class RateHeaders:
    """ASGI middleware that tells with every answer what is left of the key's minute, and keeps answers private."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Pass on, and add to the head of the answer."""
        state = scope.setdefault("state", {})

        async def send_with_rate(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", "private, no-cache" if "etag" in headers else "no-store")
                if rate := state.get("rate"):
                    headers.update(rate.headers)
            await send(message)

        await self._app(scope, receive, send_with_rate)


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


TheCaller = Annotated[Caller, Depends(_caller)]
TheParts = Annotated[Parts, Depends(_parts)]
InLanguage = Annotated[Language, Depends(language_of)]
