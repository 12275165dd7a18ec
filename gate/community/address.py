"""Addresses of peers as they stand in gate.toml: a scheme that is spoken, a host, and no sign-in."""

from __future__ import annotations

import re

from gate.part import refusal


def checked_address(url: str, schemes: tuple[str, ...]) -> str:
    """The address, if it has one of the schemes and neither a sign-in nor `?` or `#`."""
    if "@" in url:
        raise refusal("config.password_in_url")
    if not re.match(rf"({'|'.join(schemes)})://[^/:?#\s]+(:\d+)?(/[^?#\s]*)?$", url):
        raise refusal("config.community_url", known=", ".join(f"{scheme}://" for scheme in schemes))
    return url
