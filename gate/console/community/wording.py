"""How the way out is told on its pages: states, times and payloads in a person's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from gate.community.connections import leaves_of
from gate.community.deliveries import DestinationView
from gate.community.postroom import AnyPart
from gate.console.wording import local_time
from gate.texts import Language, catalogue, explain, t
from models.errors import Fault

LONGEST = 400
"""Characters of a payload's value; a picture is longer and is told by its size."""
_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


def lasting(seconds: float, language: Language) -> str:
    """A length of time in its two largest units: `2 小时 5 分钟`."""
    told: list[str] = []
    left = round(seconds)
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count or (told and len(told) < 2) or (unit == "seconds" and not told):
            told.append(t(f"community.lasting.{unit}", language, count=count))
        if len(told) == 2:
            break
    return " ".join(told)


def destination_wire(view: DestinationView, zone: tzinfo, language: Language) -> dict[str, Any]:
    """What changes of a destination while its page is open, as words."""
    standing, none = view.standing, "—"
    since = standing.failing_since and local_time(datetime.fromisoformat(standing.failing_since), zone, language)
    at = standing.delivered_at and local_time(datetime.fromisoformat(standing.delivered_at), zone, language)
    fault = explain(Fault(standing.code, **standing.facts), language) if standing.code else ""
    return {
        "id": view.id,
        "address": view.address,
        "state": view.state,
        "late": view.late,
        "fault": fault,
        "words": {
            "state": t(f"community.state.{view.state}", language, since=since or none),
            "waiting": str(standing.waiting),
            "lag": lasting(view.lag_s, language) if standing.waiting else none,
            "today": str(standing.today),
            "delivered": str(standing.delivered),
            "rate": t("community.rate", language, rate=f"{standing.rate_per_s:.1f}") if standing.rate_per_s else none,
            "left": lasting(view.left_s, language) if view.left_s is not None else none,
            "last": at or none,
            "dropped": str(standing.dropped),
            "dead": t("community.page.dead", language, count=standing.dead),
        },
    }


def leaving_of(part: AnyPart, language: Language) -> list[tuple[str, str]]:
    """What a destination may get, each with the switch that lets it."""
    told = []
    for code in leaves_of(part):
        switch = t(f"community.leaves_switch.{code}", language) if code in {"plates", "names", "pictures"} else ""
        told.append((t(f"community.leaves.{code}", language), switch))
    return told


def kind_name(kind: str, language: Language) -> str:
    """What a kind of event is called."""
    for code in (
        f"community.event.{kind}",
        f"community.event.{kind}.any",
        f"audit.kind.{kind}",
        f"audit.kind.{kind}.any",
    ):
        if code in catalogue():
            return t(code, language)
    return kind


def why(code: str, facts: Mapping[str, Any], language: Language) -> str:
    """Why a letter was not taken."""
    return explain(Fault(code, **facts), language)


def payload(body: Any, language: Language) -> str:
    """A message's body as it would be sent, with pictures told by their size."""
    return json.dumps(_short(body, language), ensure_ascii=False, indent=2)


def _short(value: Any, language: Language) -> Any:
    if isinstance(value, Mapping):
        return {name: _short(one, language) for name, one in value.items()}
    if isinstance(value, list):
        return [_short(one, language) for one in value]
    if isinstance(value, str) and len(value) > LONGEST:
        return t("community.page.picture", language, kib=f"{len(value) * 3 / 4 / 1024:.1f}")
    return value
