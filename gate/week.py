"""A span of some days of the week, as gate.toml writes it."""

from __future__ import annotations

from datetime import time
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from gate.hours import Hours
from gate.part import refusal

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "workday", "day_off", "holiday"]


class WeekHours(Hours):
    """A span of the days it names, or of every day.

    `mon` to `sun` are days of the calendar, whatever is celebrated on them; `workday` is a day that people work on, a
    make-up Saturday too; `day_off` is every other one and `holiday` a statutory holiday. A span over midnight belongs
    to the day it starts on. With neither `from` nor `until` it is the whole day.
    """

    model_config = ConfigDict(populate_by_name=True)

    days: tuple[Day, ...] = Field(default=(), description="mon to sun, workday, day_off, holiday; empty is every day")
    start: time = Field(default=time(0), alias="from")
    end: time = Field(default=time(0), alias="until")

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        given = self.model_fields_set & {"start", "end"}
        if len(given) == 1 or not self.model_fields_set:
            raise refusal("config.half_hours")
        if given and self.start == self.end:
            raise refusal("config.empty_hours")
        return self

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As it may be written: a whole day has neither end."""
        ends = {"start", "end", "from", "until"} if self.whole_day else set()
        return {key: value for key, value in write(self).items() if key not in ends}

    @property
    def whole_day(self) -> bool:
        """Whether it has neither beginning nor end."""
        return self.start == self.end
