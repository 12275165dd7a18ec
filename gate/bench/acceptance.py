"""What a gate has to reach before people rely on it, held against a bench.

The shares are those of Shanghai's acceptance of residential gates (98 % pass at 1 % false alarm within 1 s), with 95 %
where the light is poor; nobody wrong is let in at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gate.bench.gate import GateBench, GateScore

BY_DAY, IN_POOR_LIGHT = 0.98, 0.95
OPENED_IN = {"day": BY_DAY, "dusk": IN_POOR_LIGHT, "rain": IN_POOR_LIGHT}
"""The lights that are judged, and the share of residents and of vehicles that each takes. Night is only shown."""

MEDIAN_MS, LONGEST_MS = 400.0, 1000.0
"""From the first usable sight to the barrier's command, by the median and by p99."""

FEWEST = 300
"""With fewer passages the shares say little: one of 20 residents by day is 5 %."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One demand: what was `measured` (a count, a share of 1, or milliseconds) against what is `asked`.

    `light` is empty for the whole. `met` is None where nothing was there to be measured.
    """

    code: str
    light: str
    measured: float | None
    asked: float
    met: bool | None


def judge(bench: GateBench) -> tuple[Limit, ...]:
    """Every demand, in a fixed order."""
    whole = bench.whole
    times = whole.first_sight_to_command_ms
    return (
        _limit("passages", "", float(whole.passages), FEWEST, at_least=True),
        _limit("strangers_opened", "", float(whole.strangers_opened), 0, at_least=False),
        _limit("wrong_vehicles_opened", "", float(whole.wrong_vehicles_opened), 0, at_least=False),
        *(limit for light, share in OPENED_IN.items() for limit in _shares(bench.by_light.get(light), light, share)),
        _limit("first_sight_to_command_p50", "", times.p50, MEDIAN_MS, at_least=False),
        _limit("first_sight_to_command_p99", "", times.p99, LONGEST_MS, at_least=False),
    )


def _shares(score: GateScore | None, light: str, asked: float) -> Sequence[Limit]:
    residents, vehicles = (score.residents_opened, score.vehicles_opened) if score else (None, None)
    return (
        _limit("residents_opened", light, residents, asked, at_least=True),
        _limit("vehicles_opened", light, vehicles, asked, at_least=True),
    )


def _limit(code: str, light: str, measured: float | None, asked: float, *, at_least: bool) -> Limit:
    met = None if measured is None else measured >= asked if at_least else measured <= asked
    return Limit(code, light, measured, asked, met)
