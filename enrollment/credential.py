"""A way in besides the face, as frozen values: a card, a PIN, a QR code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CredentialKind(StrEnum):
    """What is shown or typed."""

    CARD = "card"
    PIN = "pin"
    QR = "qr"


@dataclass(frozen=True, slots=True)
class Credential:
    """An issued credential. `ending` is the end of a card's number; nothing here opens a gate."""

    id: str
    resident_id: str
    kind: CredentialKind
    ending: str | None
    created_at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential in the moment it is issued: `pin` is to be told to the resident now and is kept nowhere.

    It has no `repr`, so that no log shows it.
    """

    credential: Credential
    pin: str | None = None

    def __repr__(self) -> str:
        return f"Issued({self.credential!r})"
