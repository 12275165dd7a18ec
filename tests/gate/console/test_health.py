from __future__ import annotations

import pytest

from enrollment.errors import StoreBusy
from gate.console.watch import HealthState, HealthView
from tests.gate.console.conftest import Booth


@pytest.mark.parametrize(
    ("works", "state", "status"),
    [
        (HealthView(True, True, True, True, True), "ok", 200),
        (HealthView(True, True, True, False, True), "degraded", 200),
        (HealthView(True, True, True, True, False), "degraded", 200),
        (HealthView(True, True, True, True, True, spooled_rows=1), "degraded", 200),
        (HealthView(True, True, True, True, True, rules=False), "degraded", 200),
        (HealthView(True, True, True, True, True, community=False), "degraded", 200),
        (HealthView(False, True, True, True, True), "failing", 503),
        (HealthView(True, False, True, True, True), "failing", 503),
        (HealthView(True, True, False, True, True), "failing", 503),
    ],
)
def test_health_is_public_and_says_the_overall_state_only(
    booth: Booth, works: HealthView, state: HealthState, status: int
) -> None:
    booth.watch.works = works
    answer = booth.browser().get("/healthz")
    assert (answer.status_code, answer.json()) == (status, {"state": state})


def test_a_database_that_does_not_answer_is_failing(booth: Booth) -> None:
    booth.watch.fault = StoreBusy("store.busy")
    assert booth.browser().get("/healthz").status_code == 503


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_the_numbers_are_for_inspectors_from_anywhere(booth: Booth, role: str) -> None:
    answer = booth.signed_in(role).get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
