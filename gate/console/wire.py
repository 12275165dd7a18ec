"""What the browser is told: JSON-able values, times written in its own language."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from gate.console.watch import LaneView, PassageView, passage_body
from gate.console.wording import local_time
from gate.feed import News
from gate.texts import Language


def moment(at: datetime, zone: tzinfo, language: Language) -> dict[str, str]:
    """A moment twice: `at` in UTC to count with, `when` to read."""
    return {"at": at.astimezone(UTC).isoformat(), "when": local_time(at, zone, language)}


def passage_wire(passage: PassageView, zone: tzinfo, language: Language) -> dict[str, Any]:
    """A passage of the database as the page shows it."""
    return {**passage_body(passage), **moment(passage.at, zone, language)}


def lane_wire(lane: LaneView) -> dict[str, Any]:
    """What changes of a lane while the page is open."""
    return {
        "id": lane.id,
        "camera": {"state": str(lane.camera.state), "reason": lane.camera.reason},
        "barrier": {"state": lane.barrier_state, "fault": lane.barrier_fault},
    }


def news_wire(news: News, zone: tzinfo, language: Language) -> dict[str, Any]:
    """News as the page shows it, of the same shape as a passage from the database."""
    return {**news.body, "lane": news.lane, **moment(news.at, zone, language)}
