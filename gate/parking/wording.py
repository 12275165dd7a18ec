"""How long something lasted, as people say it."""

from __future__ import annotations

from datetime import timedelta

from gate.texts import Language, t


def lasted(time: timedelta, language: Language | None = None) -> str:
    """In minutes, in hours and minutes, or in days and hours."""
    minutes = max(0, int(time.total_seconds() // 60))
    if minutes < 60:
        return t("parking.minutes", language, minutes=minutes)
    hours = minutes // 60
    if hours < 48:
        return t("parking.hours", language, hours=hours, minutes=minutes % 60)
    return t("parking.days", language, days=hours // 24, hours=hours % 24)
