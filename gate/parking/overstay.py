"""Which visitors are inside for longer than they may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gate.parking.yard import Stay


@dataclass(frozen=True, slots=True)
class Overstay:
    """A visitor whose time was over at `over_at`."""

    stay: Stay
    over_at: datetime


def overstays(
    inside: Iterable[Stay], free: timedelta, now: datetime, ends: Mapping[str, datetime]
) -> tuple[Overstay, ...]:
    """The visitors whose time is over, the longest first; `ends` gives the ends of passes as they stand now."""
    found = []
    for stay in inside:
        over_at = stay.allowed_until(free, ends)
        if over_at is not None and over_at < now:
            found.append(Overstay(stay, over_at))
    return tuple(sorted(found, key=lambda one: (one.over_at, one.stay.car)))
