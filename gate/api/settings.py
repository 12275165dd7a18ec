"""The [api] table of gate.toml."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from gate.part import Part, refusal


class Api(Part):
    """What other systems may ask over HTTP with a key (`gate api-key add`)."""

    requests_per_minute: int = Field(default=120, ge=1, le=100_000, description="of one key; more are told to wait")
    allow_origins: tuple[str, ...] = Field(
        default=(), description='pages elsewhere that a browser lets ask: ["https://office.example.org"]; else none'
    )

    @field_validator("allow_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not re.fullmatch(r"https?://[^/:?#@\s*]+(:\d+)?", origin):
                raise refusal("config.api_origin")
        return origins
