"""What the parts of gate.toml have in common: strict keys, short names, refusals with a code, and urls that tell no
secrets."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="short name: a-z, 0-9 and -")]


class Part(BaseModel):
    """A part of the configuration: frozen, strict about its keys, and silent about what was written in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)


def refusal(code: str, **facts: object) -> PydanticCustomError:
    """What a validator raises: the code of a sentence of the catalogue, which has `{where}` and these facts."""
    return PydanticCustomError(code, code, facts)


def checked_url(
    url: str, kind: Literal["camera", "barrier", "reader"], known: Collection[str], networked: Collection[str]
) -> str:
    """The url, if it begins with a known scheme and, where that is `networked`, has a host and no sign-in.

    A refusal never repeats the url: a password may stand anywhere in one that is not as it should be.
    """
    scheme = url.partition(":")[0]
    if scheme not in known or ":" not in url:
        begins = ", ".join(f"{name}://" if name in networked else f"{name}:" for name in known)
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url):
            raise refusal(f"config.{kind}_scheme", scheme=scheme, known=begins)
        raise refusal(f"config.{kind}_no_scheme", known=begins)
    if scheme in networked:
        if "@" in url:
            raise refusal("config.password_in_url")
        if not _has_host(url):
            raise refusal("config.no_host", scheme=scheme)
    return url


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
