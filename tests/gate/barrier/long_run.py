"""How long the random runs are: short in `make test`, as long as `GATE_BARRIER_STEPS` says for whoever asks.

`GATE_BARRIER_STEPS=100000 .venv/bin/python -m pytest tests/gate/barrier -k properties --timeout 7200`
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

STEPS = 30
"""Steps of one life of a state machine."""


def lives(usual: int, steps: int = STEPS) -> settings:
    """Enough lives of so many steps for the steps that were asked for, else `usual`."""
    asked = os.environ.get("GATE_BARRIER_STEPS", "")
    number = -(-int(asked) // steps) if asked else usual
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=number, stateful_step_count=steps, deadline=None, suppress_health_check=quiet)
