"""A conversation with a peer over HTTP that no peer can draw out: nothing is followed, and everything has an end."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from gate.community.destination import Away, Failed, Refused

MAX_ANSWER = 64 * 1024
"""Bytes of the longest answer to a POST that is read."""
CLOCK_S = 300.0
"""A peer that refuses a signature and whose clock is this far from ours is said to have another time."""
NOT_MODIFIED = 304
_NOW_NOT = frozenset({404, 405, 408, 425, 429, 502, 503, 504})
"""The address is wrong or the peer is busy: no event is to blame."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `body` is whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Peer:
    """A client that is kept between calls. `within_s` is the end of everything that one call leads to.

    The peer's certificate is checked against `ca_file`, or a `certificate` in PEM, or else what the system trusts.
    """

    def __init__(
        self,
        url: str,
        *,
        within_s: float,
        ca_file: Path | None = None,
        certificate: str | None = None,
        auth: Callable[[], httpx.Auth] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(url)
        self._url = url
        self.address = f"{parts.scheme}://{parts.netloc}"
        self._within_s = within_s
        self._ca_file = ca_file
        self._certificate = certificate
        self._auth = auth
        self._lines = _Hurried(clock)
        self._clock = clock
        self._client: httpx.Client | None = None

    def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer to a POST of an address below the peer's, of any status from 200 to 299.

        Raises:
            Away: the peer is not there, is too slow, says too much, sends elsewhere, or lets nobody in.
            Refused: it answers 400 to 499 otherwise.
            Failed: it answers 500.
        """
        return _judged(self._asked("POST", path, headers, MAX_ANSWER, content), self.address)

    def get(self, path: str, headers: Mapping[str, str], most: int) -> Answer:
        """The answer to a GET, of any status from 200 to 299, or 304; of at most `most` bytes. Raises as `post`."""
        answer = self._asked("GET", path, headers, most)
        return answer if answer.status == NOT_MODIFIED else _judged(answer, self.address)

    def _asked(self, method: str, path: str, headers: Mapping[str, str], most: int, content: bytes = b"") -> Answer:
        self._lines.until_s = self._clock() + self._within_s
        with self._closing():
            client = self._client = self._client or self._opened()
            with client.stream(method, self._url + path, content=content, headers=dict(headers)) as answer:
                body = _whole(answer.iter_raw(), most)
        return Answer(answer.status_code, answer.headers, body)

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @contextmanager
    def _closing(self) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as failed:
            self.close()
            raise self._away(failed) from None
        except Away:
            self.close()
            raise

    def _away(self, failed: Exception) -> Away:
        why = type(failed).__name__
        seen: BaseException | None = failed
        while seen is not None:
            if isinstance(seen, ssl.SSLCertVerificationError):
                return Away("community.certificate", address=self.address, why=seen.verify_message)
            seen = seen.__cause__ or seen.__context__
        absent = isinstance(failed, (httpcore.ConnectError, httpcore.ConnectTimeout))
        return Away("community.unreachable" if absent else "community.no_answer", address=self.address, why=why)

    def _opened(self) -> httpx.Client:
        context = None
        if self._url.startswith("https:"):
            try:
                context = ssl.create_default_context(cafile=self._ca_file, cadata=self._certificate)
            except OSError as unreadable:
                why = unreadable.strerror or type(unreadable).__name__
                raise Away("community.ca_file", path=self._ca_file, why=why) from None
        return httpx.Client(
            transport=_Transport(context, self._lines),
            auth=self._auth() if self._auth else None,
            headers={"Accept-Encoding": "identity", "User-Agent": "menwei"},
            follow_redirects=False,
            trust_env=False,
        )


def _whole(parts: Iterable[bytes], most: int) -> bytes:
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > most:
            raise Away("community.answer_too_long", most=most)
    return bytes(body)


def _judged(answer: Answer, address: str) -> Answer:
    status = answer.status
    if 200 <= status < 300:
        return answer
    if 300 <= status < 400:
        raise Away("community.redirected", address=address)
    if status in {401, 403}:
        off_s = _clock_off_s(answer.headers.get("Date"))
        if off_s is not None and off_s >= CLOCK_S:
            raise Away("community.clock", address=address, minutes=round(off_s / 60))
        raise Away("community.sign_in", address=address)
    if status in _NOW_NOT:
        raise Away("community.not_now", address=address, status=status)
    if status >= 500:
        raise Failed("community.failed", address=address, why=f"HTTP {status}")
    raise Refused("community.refused", address=address, why=f"HTTP {status}")


def _clock_off_s(date: str | None) -> float | None:
    try:
        return abs((parsedate_to_datetime(date or "") - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


class _Transport(httpx.BaseTransport):
    """httpx over one connection whose every read has what is left of the time, however slowly the bytes come."""

    def __init__(self, context: ssl.SSLContext | None, lines: _Hurried) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=1, keepalive_expiry=60.0, network_backend=lines
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.read(),
        )
        answer = self._pool.handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Hurried(httpcore.NetworkBackend):
    """Lines whose every step ends by `until_s`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._inner = httpcore.SyncBackend()
        self.until_s = 0.0

    def left_s(self) -> float:
        left = self.until_s - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout("the time for this call is over")
        return left

    def connect_tcp(self, host: str, port: int, *_rest: Any, **_options: Any) -> httpcore.NetworkStream:
        return _Line(self._inner.connect_tcp(host, port, timeout=self.left_s()), self)


class _Line(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, lines: _Hurried) -> None:
        self._inner = inner
        self._lines = lines

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, self._lines.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        for start in range(0, len(buffer), 65536):
            self._inner.write(buffer[start : start + 65536], self._lines.left_s())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        return _Line(self._inner.start_tls(ssl_context, server_hostname, self._lines.left_s()), self._lines)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
