"""What a gate has to reach: each demand is met at its bound, missed beyond it, and open where nothing was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.bench.acceptance import judge
from gate.bench.gate import GateBench, GateScore, Times, score

NOTHING = score([], {})
GOOD = replace(
    NOTHING,
    passages=300,
    residents=100,
    residents_opened=0.98,
    vehicles=100,
    vehicles_opened=0.98,
    first_sight_to_command_ms=Times(400, 900, 1000),
)


def _bench(whole: GateScore, **by_light: GateScore) -> GateBench:
    return GateBench(whole, by_light, {}, ())


def _verdicts(bench: GateBench) -> dict[tuple[str, str], bool | None]:
    return {(limit.code, limit.light): limit.met for limit in judge(bench)}


def test_every_demand_is_met_at_its_bound() -> None:
    poor = replace(GOOD, residents_opened=0.95, vehicles_opened=0.95)
    assert set(_verdicts(_bench(GOOD, day=GOOD, dusk=poor, rain=poor)).values()) == {True}


@pytest.mark.parametrize(
    ("whole", "light", "code", "where"),
    [
        (replace(GOOD, passages=299), GOOD, "passages", ""),
        (replace(GOOD, strangers_opened=1), GOOD, "strangers_opened", ""),
        (replace(GOOD, wrong_vehicles_opened=1), GOOD, "wrong_vehicles_opened", ""),
        (GOOD, replace(GOOD, residents_opened=0.979), "residents_opened", "day"),
        (GOOD, replace(GOOD, vehicles_opened=0.979), "vehicles_opened", "day"),
        (replace(GOOD, first_sight_to_command_ms=Times(401, 900, 1000)), GOOD, "first_sight_to_command_p50", ""),
        (replace(GOOD, first_sight_to_command_ms=Times(400, 900, 1001)), GOOD, "first_sight_to_command_p99", ""),
    ],
)
def test_each_demand_is_missed_beyond_its_bound(whole: GateScore, light: GateScore, code: str, where: str) -> None:
    verdicts = _verdicts(_bench(whole, day=light, dusk=GOOD, rain=GOOD))
    assert [key for key, met in verdicts.items() if met is False] == [(code, where)]


def test_what_nobody_came_for_is_neither_met_nor_missed() -> None:
    verdicts = _verdicts(_bench(NOTHING))
    assert verdicts["residents_opened", "day"] is None
    assert verdicts["first_sight_to_command_p50", ""] is None
    assert verdicts["passages", ""] is False


def test_night_is_not_judged() -> None:
    dark = replace(GOOD, residents_opened=0.0, vehicles_opened=0.0)
    assert set(_verdicts(_bench(GOOD, day=GOOD, dusk=GOOD, rain=GOOD, night=dark)).values()) == {True}
