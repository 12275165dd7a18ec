"""The barriers of a configuration together: wishes kept, timed rules by the compound's clock, pairs that are pairs."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.barrier.act import ActKind, BarrierAct, Command
from gate.barrier.code import Code
from gate.barrier.device import INPUT_NAMES
from gate.barrier.standing import State
from gate.barrier.wiring_settings import InputName
from gate.barriers import Barriers
from gate.config import load_config

TOML = """
[storage]
folder = "site"
[[barrier]]
id = "arm"
held_open = [{ from = "06:00", until = "09:00", days = ["sat"] }]
[[barrier]]
id = "outer"
kind = "door"
[[barrier]]
id = "inner"
kind = "door"
[[barrier]]
id = "wing"
kind = "turnstile"
held_open = [{ from = "22:00", until = "02:00", days = ["fri"] }]
[[interlock]]
barriers = ["outer", "inner"]
"""


class Compound:
    """Polled by hand, with a wall clock of its own."""

    def __init__(self, folder: Path) -> None:
        path = folder / "gate.toml"
        path.write_text(TOML, "utf-8")
        self.config = load_config(path)
        self.now_s = 10.0
        self.wall = datetime(2025, 11, 21, 12, tzinfo=UTC)
        self.acts: list[tuple[str, BarrierAct]] = []
        self.begin()

    def begin(self) -> None:
        self.barriers = Barriers(
            self.config,
            lambda name, act: self.acts.append((name, act)),
            clock=lambda: self.now_s,
            wall=lambda: self.wall,
        )
        self.run(0.1)

    def run(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds / 0.05))):
            self.now_s += 0.05
            for barrier in self.barriers.by_id.values():
                barrier.poll_once()

    def order(self, name: str, kind: Command) -> str | None:
        command_id = f"{name}-{kind}-{self.now_s}"
        return self.barriers.by_id[name].command(kind, command_id=command_id, cause="guard").refusal

    def state(self, name: str) -> State:
        return self.barriers.by_id[name].standing().state


def spread() -> None:
    """Wait until every fire that was heard is told to the others."""
    for thread in threading.enumerate():
        if thread.name.startswith("fire-"):
            thread.join(20)


@pytest.fixture
def compound(tmp_path: Path) -> Compound:
    return Compound(tmp_path)


def test_each_kind_goes_by_its_own_table(compound: Compound) -> None:
    kinds = {name: barrier.kind for name, barrier in compound.barriers.by_id.items()}
    assert kinds == {"arm": "arm", "outer": "door", "inner": "door", "wing": "turnstile"}
    assert {compound.state(name) for name in kinds} == {State.CLOSED}


def test_a_hold_and_a_lockdown_are_there_after_a_restart(compound: Compound) -> None:
    compound.order("arm", Command.HOLD)
    compound.order("wing", Command.LOCKDOWN)
    compound.run(3.0)
    assert compound.barriers._wishes.write()
    compound.begin()
    compound.run(3.0)
    assert compound.state("arm") is State.HELD
    assert compound.order("wing", Command.OPEN) == Code.LOCKED_DOWN


def test_a_fire_whose_spreading_a_kill_cut_short_is_spread_after_the_restart_and_only_once(compound: Compound) -> None:
    kept = compound.config.storage.folder / "barriers.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"arm": {"fire": True}, "outer": {"lockdown": True}}))
    compound.begin()
    spread()
    compound.run(3.0)
    assert {compound.state(name) for name in compound.barriers.by_id} == {State.HELD}
    assert compound.barriers._wishes.write()
    compound.acts.clear()
    compound.begin()
    spread()
    compound.run(3.0)
    assert {compound.state(name) for name in compound.barriers.by_id} == {State.HELD}
    assert [act for _, act in compound.acts if act.kind is ActKind.COMMANDED] == []


def test_the_market_is_held_by_the_clock_of_the_compound(compound: Compound) -> None:
    compound.wall = datetime(2025, 11, 21, 22, 0, tzinfo=UTC)  # Saturday 06:00 in Shanghai
    compound.run(3.0)
    assert compound.state("arm") is State.HELD
    compound.wall = datetime(2025, 11, 22, 1, 0, tzinfo=UTC)  # 09:00
    compound.run(10.0)
    assert compound.state("arm") is State.CLOSED


def test_a_rule_over_midnight_holds_through_a_restart_and_a_release_lasts_for_the_rest_of_it(
    compound: Compound,
) -> None:
    compound.wall = datetime(2025, 11, 21, 15, 59, tzinfo=UTC)  # Friday 23:59 in Shanghai
    compound.run(1.0)
    assert compound.state("wing") is State.HELD
    compound.wall += timedelta(minutes=2)
    compound.begin()
    compound.run(1.0)
    assert compound.state("wing") is State.HELD
    assert compound.order("wing", Command.RELEASE) is None
    compound.run(10.0)
    assert compound.state("wing") is State.CLOSED
    assert compound.barriers._wishes.write()
    compound.begin()
    compound.run(10.0)
    assert compound.state("wing") is State.CLOSED
    for wall, state in ((4, State.CLOSED), (24 + 15, State.CLOSED), (7 * 24, State.HELD)):
        compound.wall = datetime(2025, 11, 21, 16, tzinfo=UTC) + timedelta(hours=wall)
        compound.run(1.0)
        assert compound.state("wing") is state


@pytest.mark.parametrize("days", [-1, 1])
def test_a_wall_clock_that_jumps_a_day_ends_the_rule_and_takes_it_up_again(compound: Compound, days: int) -> None:
    market = datetime(2025, 11, 21, 23, 0, tzinfo=UTC)  # Saturday 07:00 in Shanghai
    for wall, state in ((market, State.HELD), (market + timedelta(days), State.CLOSED), (market, State.HELD)):
        compound.wall = wall
        compound.run(20.0)
        assert compound.state("arm") is state
    compound.order("outer", Command.HOLD)
    compound.wall += timedelta(days)
    compound.run(3.0)
    assert compound.state("outer") is State.HELD


def test_the_doors_of_an_airlock_open_one_at_a_time(compound: Compound) -> None:
    assert compound.order("outer", Command.OPEN) is None
    assert compound.order("inner", Command.OPEN) == Code.INTERLOCKED
    assert compound.order("wing", Command.OPEN) is None


def test_started_and_stopped_for_real_it_leaves_its_wishes_on_disk(compound: Compound) -> None:
    compound.barriers.start()
    compound.order("arm", Command.HOLD)
    compound.barriers.stop()
    compound.begin()
    compound.run(3.0)
    assert compound.state("arm") is State.HELD


def test_every_input_can_be_inverted() -> None:
    assert set(InputName.__args__) == set(INPUT_NAMES)  # type: ignore[attr-defined]
