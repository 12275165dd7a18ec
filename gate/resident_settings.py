"""`[residents]`: what residents may do on their own pages."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from enrollment.passes import Quota
from gate.part import Part, refusal


class Residents(Part):
    """Residents' own pages: how long sign-ins last, and how many visitors a household may announce."""

    address: str | None = Field(
        default=None, description="how phones reach the console, such as https://gate.example; printed with links"
    )
    link_minutes: int = Field(default=15, ge=1, le=240, description="a sign-in code lasts so long")
    passes_at_once: int = Field(default=5, ge=0, le=100, description="a household's living visitors' passes")
    passes_per_month: int = Field(default=30, ge=0, le=1000, description="a household's passes made within 30 days")
    pass_days: int = Field(default=3, ge=1, le=31, description="a resident's visitor's pass lasts so long at most")
    phone_days: int = Field(default=30, ge=1, le=365, description="a phone stays signed in for so long unused")

    @property
    def quota(self) -> Quota:
        """What a household may announce."""
        return Quota(self.passes_at_once, self.passes_per_month, timedelta(days=self.pass_days))

    @field_validator("address")
    @classmethod
    def _web_address(cls, address: str | None) -> str | None:
        if address is None:
            return None
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise refusal("config.residents_address")
        return address.rstrip("/")
