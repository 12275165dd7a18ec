"""`[residents]`: what residents may do on their own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from gate.part import Part, refusal


class Residents(Part):
    """Residents' own pages: how long sign-ins last."""

    address: str | None = Field(
        default=None, description="how phones reach the console, such as https://gate.example; printed with links"
    )
    link_minutes: int = Field(default=15, ge=1, le=240, description="a sign-in code lasts so long")
    phone_days: int = Field(default=30, ge=1, le=365, description="a phone stays signed in for so long unused")

    @field_validator("address")
    @classmethod
    def _web_address(cls, address: str | None) -> str | None:
        if address is None:
            return None
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise refusal("config.residents_address")
        return address.rstrip("/")
