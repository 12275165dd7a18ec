"""Fetching a published file over the network: resumed after a cut, bounded in time, size and tries."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO

import httpx

from models.catalog import Content
from models.errors import ModelCorrupt, ModelUnavailable
from models.placement import Progress, holds

TIMEOUTS = httpx.Timeout(connect=5.0, read=20.0, write=20.0, pool=5.0)
"""A gate without a network must hear so in seconds, while a slow line may take its time between two chunks."""

TRIES = 4
"""A try that brought new bytes does not count, so a line that breaks often still ends."""

PAUSE_S = 0.5
"""Before the second try, and as much longer before each further one."""

CHUNK = 1 << 16


def fetch(address: str, content: Content, part: Path, client: httpx.Client, progress: Progress) -> None:
    """Bring the bytes at `address` into the file `part`, going on from what is there already, and check them.

    Where what was there turns out to be something else, the file is fetched once more from its beginning.

    Raises:
        ModelUnavailable: `models.no_answer` after the last try, `models.refused` for an answer that no repetition
            mends, `models.wrong_size` when the server has another file there.
        ModelCorrupt: `models.corrupt_source`, a file of that size with another hash; `part` is gone then.
        OSError: the disk does not take them.
    """
    resumed = part.exists()
    _persist(address, content, part, client, progress)
    if resumed and not holds(part, content):
        part.unlink()
        _persist(address, content, part, client, progress)
    if not holds(part, content):
        part.unlink()
        raise ModelCorrupt("models.corrupt_source", address=address)


def _persist(address: str, content: Content, part: Path, client: httpx.Client, progress: Progress) -> None:
    tries = 0
    while True:
        before = _size(part)
        try:
            _go_on(address, content, part, client, progress)
            return
        except (httpx.RequestError, httpx.InvalidURL) as cut:
            tries = 1 if _size(part) > before else tries + 1
            if tries >= TRIES or _hopeless(cut, before):
                raise ModelUnavailable("models.no_answer", address=address, why=type(cut).__name__) from cut
            time.sleep(PAUSE_S * tries)


def _hopeless(cut: Exception, had: int) -> bool:
    """Whether it is not worth another try: no network at all, or no address."""
    return had == 0 and isinstance(cut, httpx.ConnectError | httpx.ConnectTimeout | httpx.InvalidURL)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _go_on(address: str, content: Content, part: Path, client: httpx.Client, progress: Progress) -> None:
    have = _size(part)
    if have > content.bytes:
        part.unlink()
        have = 0
    if have == content.bytes:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", address, headers=headers, follow_redirects=True) as answer:
        _check(answer, address, have, content, part)
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT and _starts_at(answer, have)
        with part.open("ab" if resumed else "wb") as file:
            _receive(answer, file, address, content, progress)
    if _size(part) < content.bytes:
        raise httpx.RemoteProtocolError("the answer ended early")


def _check(answer: httpx.Response, address: str, have: int, content: Content, part: Path) -> None:
    """Whether the answer brings the file; a fault that may pass is a RemoteProtocolError, to be tried again."""
    if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.unlink(missing_ok=True)
        raise httpx.RemoteProtocolError("the range was refused")
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise httpx.RemoteProtocolError(f"status {answer.status_code}")
    if not answer.is_success:
        raise ModelUnavailable("models.refused", address=address, status=answer.status_code)
    length = answer.headers.get("Content-Length")
    if length is not None and length not in {str(content.bytes), str(content.bytes - have)}:
        raise ModelUnavailable("models.wrong_size", address=address, bytes=content.bytes)


def _starts_at(answer: httpx.Response, offset: int) -> bool:
    return str(answer.headers.get("Content-Range", "")).startswith(f"bytes {offset}-")


def _receive(answer: httpx.Response, file: BinaryIO, address: str, content: Content, progress: Progress) -> None:
    have = file.tell()
    progress(have, content.bytes)
    for chunk in answer.iter_bytes(CHUNK):
        have += len(chunk)
        if have > content.bytes:
            raise ModelUnavailable("models.wrong_size", address=address, bytes=content.bytes)
        file.write(chunk)
        progress(have, content.bytes)
    file.flush()
    os.fsync(file.fileno())
