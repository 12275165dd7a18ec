"""A span of the day as gate.toml writes it."""

from __future__ import annotations

import re
from datetime import time
from typing import Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from gate.part import Part, refusal

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")


class Hours(Part):
    """A span of the day in the compound's time zone; `until` before `from` runs past midnight."""

    model_config = ConfigDict(populate_by_name=True)

    start: time = Field(alias="from")
    end: time = Field(alias="until")

    @field_validator("start", "end", mode="before")
    @classmethod
    def _of_the_day(cls, written: object) -> time:
        """Only what can be nothing else: a number would be taken as seconds, a zone would be a second one."""
        if isinstance(written, time) and written.tzinfo is None:
            return written
        if isinstance(written, str) and _TIME.fullmatch(written):
            return time.fromisoformat(written)
        raise refusal("config.bad_time")

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.start == self.end:
            raise refusal("config.empty_hours")
        return self
