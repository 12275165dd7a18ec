"""A plan in words: what changes, from what to what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from enrollment.plan import Change
from gate.texts import Language, t

WORDED = {"standing": "standing", "colour": "plate_colour", "type": "vehicle_type"}
"""Fields whose values have words, and where these stand."""


def told_at(at: str | datetime | None, zone: tzinfo) -> str:
    """A moment in the compound's time zone; a dash for none."""
    if at is None:
        return "-"
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def changes_told(changes: Sequence[Change], zone: tzinfo, language: Language) -> list[str]:
    """A sentence for each."""
    return [
        t(
            "source.change",
            language,
            field=t(f"source.field.{one.field}", language),
            before=_value(one.field, one.before, zone, language),
            after=_value(one.field, one.after, zone, language),
        )
        for one in changes
    ]


def _value(name: str, value: str | None, zone: tzinfo, language: Language) -> str:
    if value is None:
        return t("source.nothing", language)
    if name in {"since", "until"}:
        return told_at(value, zone)
    if name in WORDED:
        return t(f"{WORDED[name]}.{value}", language)
    return t("source.yes", language) if name == "ended" else value
