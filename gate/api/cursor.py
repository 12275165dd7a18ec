"""Where a page ends, as text that means nothing to a client; it belongs to the question that it came with."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query, Request

from gate.api.problem_answers import Refused

LONGEST = 300
MOST = 200
USUAL = 50

Limit = Annotated[int, Query(ge=1, le=MOST, description="entries of a page")]
Next = Annotated[str | None, Query(alias="cursor", max_length=LONGEST, description="`next` of the page before")]


def written(question: Mapping[str, Any], key: Sequence[str]) -> str:
    """The cursor after the entry with this key, for this question."""
    text = json.dumps([_mark(question), *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(question: Mapping[str, Any], cursor: str | None, parts: int) -> tuple[str, ...] | None:
    """The key in a cursor; None without one. Raises `Refused` for one that is none, or another question's."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        mark, *key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error):
        raise _refused() from None
    whole = len(key) == parts and all(isinstance(one, str) and "\0" not in one for one in key)
    if mark != _mark(question) or not whole:
        raise _refused()
    return tuple(key)


def following(request: Request, cursor: str | None) -> dict[str, str]:
    """The header that leads to the next page (RFC 8288), where there is one."""
    return {"Link": f'<{request.url.include_query_params(cursor=cursor)}>; rel="next"'} if cursor else {}


def _mark(question: Mapping[str, Any]) -> str:
    asked = json.dumps({name: str(value) for name, value in question.items() if value is not None}, sort_keys=True)
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _refused() -> Refused:
    return Refused("api.bad_cursor", 422, field="cursor")
