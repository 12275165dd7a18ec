"""What a password has to be, and temporary ones that are made up here."""

from __future__ import annotations

import secrets
import unicodedata
from importlib import resources

from enrollment.errors import EntryRefused

SHORTEST = 10
LONGEST = 256
"""Characters of a password; the upper end keeps a sign-in from becoming work for the box."""

DIFFERENT = 4
"""So many different characters a password has at least: `aaaaaaaaaa` and `1212121212` have fewer."""

WORST = frozenset(resources.files("enrollment").joinpath("worst_passwords.txt").read_text("utf-8").split())
"""Long enough and still the first to be guessed, in either country's habits."""

_LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""No sign that is read as another one when it is copied off a slip of paper."""


def plain(password: str) -> bytes:
    """The bytes that are hashed: NFC, as RFC 8265's OpaqueString asks, so that the same keys give the same bytes."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def strong(password: str, username: str) -> bytes:
    """The bytes of a password that may be set.

    Raises:
        EntryRefused: `account.password_short`, `password_long`, `password_is_name`, `password_common`.
    """
    if len(password) < SHORTEST:
        raise EntryRefused("account.password_short", needed=SHORTEST)
    if len(password) > LONGEST:
        raise EntryRefused("account.password_long", longest=LONGEST)
    if password.lower() in {username, username[::-1], username * 2}:
        raise EntryRefused("account.password_is_name")
    if password.lower() in WORST or len(set(password)) < DIFFERENT:
        raise EntryRefused("account.password_common")
    return plain(password)


def made_up() -> str:
    """A temporary password of three groups to be read out or copied by hand: 59 bits."""
    while True:
        signs = "".join(secrets.choice(_LEGIBLE) for _ in range(12))
        if len(set(signs)) >= DIFFERENT:
            return "-".join(signs[start : start + 4] for start in range(0, 12, 4))
