"""One conversation with a board over HTTP: the client is kept, the deadline holds, the password never shows."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn
from urllib.parse import urlsplit

import httpx

from gate.barrier.board.login import Login
from gate.errors import BarrierFault, ConfigRefused

Scheme = Literal["basic", "digest"]

MAX_ANSWER = 64 * 1024
"""Bytes of the longest answer that is read: a board says yes or no, not more."""
LOGIN_PAUSE_S = 300.0
"""A refused password is not tried again for so long, unless its file changes: many devices lock an account after a few
wrong attempts."""
_KEPT_S = 60.0


class AnswerLost(BarrierFault):
    """A request may have reached the board, but no whole answer came back."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, its templates already filled in."""

    method: str
    path: str
    body: str | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Address:
    """Where a board answers, and how to sign in. `ca_file` is what an https board's certificate is checked against.

    Raises `ConfigRefused` for a url that is not http(s)://host, or that holds a password.
    """

    url: str
    login: Login | None = None
    scheme: Scheme = "digest"
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise ConfigRefused("netboard.password_in_url", address=parts.hostname or "?")
        if parts.scheme not in {"http", "https"} or not _has_host(self.url) or parts.query or parts.fragment:
            raise ConfigRefused("netboard.bad_url", url=self.url, known="http://, https://")

    @property
    def shown(self) -> str:
        """What errors and logs say: scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class Web:
    """A kept-alive client to one board. Not safe to use from several threads at once: the board's lock guards it."""

    def __init__(self, address: Address, clock: Callable[[], float]) -> None:
        self.address = address
        self._clock = clock
        self._transport: _Hurried | None = None
        self._client: httpx.Client | None = None
        self._refused_s: float | None = None
        self._refused_ns = 0

    def ask(self, ask: Ask, until_s: float) -> Answer:
        """The answer to a request, asked once and had by `until_s` (monotonic).

        Raises:
            AnswerLost: `netboard.no_answer`, the board may have heard it.
            BarrierFault: `netboard.unreachable`, it cannot have; `netboard.login_refused`; a password file's trouble.
        """
        client, transport = self._opened()
        transport.until_s = until_s
        content = None if ask.body is None else ask.body.encode()
        headers = {} if ask.body is None else {"Content-Type": ask.content_type}
        try:
            answer = client.request(ask.method, ask.path, content=content, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as absent:
            self._fail(BarrierFault("netboard.unreachable", address=self.address.shown, why=type(absent).__name__))
        except httpx.HTTPError as lost:
            self._fail(AnswerLost("netboard.no_answer", address=self.address.shown, why=type(lost).__name__))
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._refused_s = self._clock()
            self._refused_ns = self.address.login.changed_ns() if self.address.login else 0
            self._fail(self._login_refused())
        return Answer(answer.status_code, answer.content)

    def close(self) -> None:
        """Let go of the connection; the next request makes a new one."""
        if self._client is not None:
            self._client.close()
        self._client = self._transport = None

    def _fail(self, fault: BarrierFault) -> NoReturn:
        self.close()
        raise fault from None

    def _login_refused(self) -> BarrierFault:
        return BarrierFault("netboard.login_refused", address=self.address.shown)

    def _opened(self) -> tuple[httpx.Client, _Hurried]:
        login = self.address.login
        if self._refused_s is not None:
            unchanged = self._refused_ns == (login.changed_ns() if login else 0)
            if unchanged and self._clock() - self._refused_s < LOGIN_PAUSE_S:
                raise self._login_refused()
            self._refused_s = None
        if self._client is None or self._transport is None:
            self._transport = _Hurried(_verify(self.address), self._clock)
            self._client = httpx.Client(
                base_url=self.address.url,
                auth=_auth(login, self.address.scheme),
                transport=self._transport,
                headers={"Accept-Encoding": "identity"},
                trust_env=False,
            )
        return self._client, self._transport


def _auth(login: Login | None, scheme: Scheme) -> httpx.Auth | None:
    if login is None:
        return None
    make = httpx.DigestAuth if scheme == "digest" else httpx.BasicAuth
    return make(login.username, login.password())


def _verify(address: Address) -> ssl.SSLContext | Literal[False]:
    """What an https board's certificate is checked against; False, which is far quicker to make, for plain http."""
    if urlsplit(address.url).scheme != "https":
        return False
    try:
        return ssl.create_default_context(cafile=None if address.ca_file is None else str(address.ca_file))
    except OSError as unreadable:
        why = unreadable.strerror or type(unreadable).__name__
        raise BarrierFault("netboard.certificate_unreadable", path=address.ca_file, why=why) from None


class _Hurried(httpx.BaseTransport):
    """Everything that one request leads to, a second one for the sign-in included, ends by `until_s`."""

    def __init__(self, verify: ssl.SSLContext | Literal[False], clock: Callable[[], float]) -> None:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEPT_S)
        self._inner = httpx.HTTPTransport(verify=verify, limits=limits, trust_env=False)
        self._clock = clock
        self.until_s = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        left_s = self.until_s - self._clock()
        if left_s <= 0:
            raise httpx.ConnectTimeout("out of time before asking", request=request)
        request.extensions = {**request.extensions, "timeout": httpx.Timeout(left_s).as_dict()}
        response = self._inner.handle_request(request)
        if not isinstance(response.stream, httpx.SyncByteStream):
            raise TypeError("a transport without asyncio gives a stream without asyncio")
        # A body that was packed although nobody asked for it stays packed: unpacking could make it any size.
        kept = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
        body = _Bounded(response.stream, self._clock, self.until_s)
        return httpx.Response(response.status_code, headers=kept, stream=body, extensions=response.extensions)

    def close(self) -> None:
        self._inner.close()


class _Bounded(httpx.SyncByteStream):
    """A body that is neither too long nor too slow."""

    def __init__(self, stream: httpx.SyncByteStream, clock: Callable[[], float], until_s: float) -> None:
        self._stream = stream
        self._clock = clock
        self._until_s = until_s

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for part in self._stream:
            size += len(part)
            if size > MAX_ANSWER:
                raise httpx.ReadError(f"an answer of more than {MAX_ANSWER} bytes")
            if self._clock() > self._until_s:
                raise httpx.ReadTimeout("the answer came too slowly")
            yield part

    def close(self) -> None:
        with contextlib.suppress(httpx.HTTPError):
            self._stream.close()
