"""What goes around every answer: headers that keep a browser from doing more than the page needs."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 16 * 1024
"""Bytes of a request; the longest form of the console is a few hundred."""

CONTENT_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
WITHOUT_DEVICES = "camera=(), geolocation=(), microphone=()"
WITH_CAMERA = "camera=(self), geolocation=(), microphone=()"
"""For the one page that takes photos."""

HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": WITHOUT_DEVICES,
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Envelope:
    """ASGI middleware that adds the headers, and forbids storing whatever does not say that it may be stored."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back in its envelope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_in_envelope(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    if not (name == "Permissions-Policy" and headers.get(name) == WITH_CAMERA):
                        headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_in_envelope)
