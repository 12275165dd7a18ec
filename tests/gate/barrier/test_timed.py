"""Timed rules: market days, nights that run past midnight."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.barrier.timed import HeldOpen, held_now

MARKET = HeldOpen.model_validate({"from": "06:00", "until": "09:00", "days": ["sat", "sun"]})
NIGHT = HeldOpen.model_validate({"from": "22:00", "until": "02:00", "days": ["fri"]})


@pytest.mark.parametrize(
    ("rule", "moment", "held"),
    [
        (MARKET, "2025-11-22 06:00", True),
        (MARKET, "2025-11-22 08:59", True),
        (MARKET, "2025-11-22 09:00", False),
        (MARKET, "2025-11-22 05:59", False),
        (MARKET, "2025-11-21 07:00", False),
        (NIGHT, "2025-11-21 23:00", True),
        (NIGHT, "2025-11-22 01:59", True),
        (NIGHT, "2025-11-22 02:00", False),
        (NIGHT, "2025-11-21 01:00", False),
        (NIGHT, "2025-11-22 23:00", False),
    ],
)
def test_a_rule_holds_on_its_days_at_its_hours(rule: HeldOpen, moment: str, held: bool) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert rule.holds(at) is held
    assert held_now((rule,), at) is held


def test_without_rules_nothing_is_held() -> None:
    assert held_now((), datetime(2025, 11, 22, 7, tzinfo=UTC)) is False


def test_every_day_where_none_is_named() -> None:
    rule = HeldOpen.model_validate({"from": "06:00", "until": "09:00"})
    assert all(rule.holds(datetime(2025, 11, day, 7, tzinfo=UTC)) for day in range(17, 24))
