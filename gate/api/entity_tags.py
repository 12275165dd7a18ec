"""Entity tags (RFC 9110, 8.8.3): of what may be changed its version, of anything else a digest of the answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from fastapi import Request, Response

from gate.api.problem_answers import Refused

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
_VERSION = re.compile(r'"([0-9]{1,9})"')


def version_tag(version: int) -> dict[str, str]:
    """The header of something that has a version."""
    return {"ETag": f'"{version}"'}


def expected_version(request: Request, current: int) -> int:
    """The version that `If-Match` names; `current` for `*`.

    Raises:
        Refused: 428 without the header, 412 for one that names another version, or none at all.
    """
    given = request.headers.get("if-match", "").strip()
    if not given:
        raise Refused("api.if_match_needed", 428, field="If-Match", place="header")
    # A weak tag never matches here (RFC 9110, 13.1.1).
    named = {int(version) for version in _VERSION.findall(re.sub(r'W/"[^"]*"', "", given))}
    if given != "*" and current not in named:
        raise Refused("api.changed_meanwhile", 412, headers=version_tag(current))
    return current


def answered(request: Request, response: Response) -> Response:
    """The answer with a tag; 304 without a body where `If-None-Match` has that tag already."""
    if request.method != "GET" or response.status_code != 200:
        return response
    tag = response.headers.get("etag") or f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    response.headers["ETag"] = tag
    response.headers["Vary"] = "Accept-Language"
    given = request.headers.get("if-none-match", "")
    known = given.strip() == "*" or tag in {seen.removeprefix("W/") for seen in _TAG.findall(given)}
    return Response(status_code=304, headers=_kept(response.headers)) if known else response


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("etag", "vary", "content-language", "link") if name in headers}
