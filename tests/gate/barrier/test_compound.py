"""Several barriers together: emergency for all, a fire that opens all, pairs of which one opens."""

from __future__ import annotations

import threading

import pytest

from gate.barrier.act import Command
from gate.barrier.code import Code
from gate.barrier.compound import Compound
from gate.barrier.controller import Barrier
from gate.barrier.device import Drive, Inputs
from gate.barrier.interlock import Interlock
from gate.barrier.locks import DOOR
from gate.barrier.simulated_door import SimulatedDoor
from gate.barrier.simulator import SimulatedBarrier, Start
from gate.barrier.standing import State, Timing

TIMING = Timing(travel_s=1.0, hold_open_s=2.0, clear_s=0.5, fault_after_s=1.0)


class Yard:
    """An arm and two doors, polled by hand; the doors are a pair."""

    def __init__(self) -> None:
        self.now_s = 10.0
        self.pair = Interlock()
        self.arm = SimulatedBarrier(self.clock, travel_s=1.0)
        self.outer, self.inner = (SimulatedDoor(self.clock, "door", unwired=["locked"]) for _ in range(2))
        self.barriers = {
            "arm": Barrier("arm", self.arm, TIMING, self.clock, lambda _act: None),
            "outer": self.door("outer", self.outer),
            "inner": self.door("inner", self.inner),
        }
        self.compound = Compound(self.barriers)
        self.run(0.1)

    def clock(self) -> float:
        return self.now_s

    def door(self, name: str, device: SimulatedDoor) -> Barrier:
        return Barrier(name, device, TIMING, self.clock, lambda _act: None, book=DOOR, interlock=self.pair)

    def run(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds / 0.05))):
            self.now_s += 0.05
            for barrier in self.barriers.values():
                barrier.poll_once()

    def order(self, name: str, kind: Command) -> str | None:
        command_id = f"{name}-{kind}-{self.now_s}"
        return self.barriers[name].command(kind, command_id=command_id, cause="guard").refusal

    def states(self) -> list[State]:
        return [barrier.standing().state for barrier in self.barriers.values()]


@pytest.fixture
def yard() -> Yard:
    return Yard()


def test_an_emergency_opens_everything_and_the_all_clear_closes_it_again(yard: Yard) -> None:
    receipts = yard.compound.order(Command.EMERGENCY, command_id="e", cause="guard")
    assert {receipt.accepted for receipt in receipts.values()} == {True}
    yard.run(20.0)
    assert yard.states() == [State.HELD] * 3
    assert yard.outer.free
    assert yard.inner.free
    yard.compound.order(Command.ALL_CLEAR, command_id="c", cause="guard")
    yard.run(10.0)
    assert yard.states() == [State.CLOSED] * 3


def test_a_silent_board_does_not_keep_the_others_from_opening(yard: Yard) -> None:
    yard.arm.fall_silent()
    yard.run(0.1)
    yard.compound.order(Command.EMERGENCY, command_id="e", cause="guard")
    assert yard.outer.free
    yard.arm.mend()
    yard.run(5.0)
    assert yard.states() == [State.HELD] * 3


class Slipping(SimulatedDoor):
    """A door whose driver has a fault of its own."""

    wrong: tuple[str, ...] = ()

    def drive(self, command: Drive) -> None:
        if "drive" in self.wrong:
            raise RuntimeError("a driver's slip")
        super().drive(command)

    def inputs(self) -> Inputs:
        if "inputs" in self.wrong:
            raise RuntimeError("a driver's slip")
        return super().inputs()


def test_a_driver_that_slips_keeps_no_other_barrier_shut_and_is_driven_again_once_mended(yard: Yard) -> None:
    slipping = Slipping(yard.clock, "door", unwired=["locked"])
    yard.barriers = {"slips": yard.door("slips", slipping), **yard.barriers}
    yard.compound = Compound(yard.barriers)
    yard.run(0.1)
    slipping.wrong = ("drive",)
    receipts = yard.compound.order(Command.EMERGENCY, command_id="e", cause="guard")
    assert [receipts[name].refusal for name in receipts] == [Code.NOT_ANSWERING, None, None, None]
    assert yard.states()[0] is State.FAULT
    slipping.wrong = ()
    yard.run(3.0)
    assert yard.states() == [State.HELD] * 4
    assert slipping.free


def test_a_driver_that_slips_at_its_first_reading_does_not_keep_the_service_from_starting(yard: Yard) -> None:
    slipping = Slipping(yard.clock, "door")
    slipping.wrong = ("inputs",)
    barrier = yard.door("slips", slipping)
    barrier.start()
    try:
        assert barrier.standing().fault == Code.NOT_ANSWERING
    finally:
        barrier.stop()


def test_a_fire_that_one_board_hears_opens_them_all(yard: Yard) -> None:
    told = threading.Event()
    spread = yard.compound._spread

    def spread_and_tell(origin: Barrier, alarm: str) -> None:
        spread(origin, alarm)
        told.set()

    for barrier in yard.barriers.values():
        barrier.on_fire = spread_and_tell
    yard.inner.set_input("fire", reads=True)
    yard.run(0.1)
    assert told.wait(20)
    yard.run(3.0)
    assert yard.states() == [State.HELD] * 3


def test_only_one_door_of_a_pair_opens(yard: Yard) -> None:
    assert yard.order("outer", Command.OPEN) is None
    assert yard.order("inner", Command.OPEN) == Code.INTERLOCKED
    yard.outer.come_through(1.0)
    yard.run(0.5)
    assert yard.order("inner", Command.HOLD) == Code.INTERLOCKED
    yard.run(3.0)
    assert yard.states()[1] is State.CLOSED
    assert yard.order("inner", Command.OPEN) is None
    assert not yard.outer.free


def test_two_that_ask_at_once_get_one_door(yard: Yard) -> None:
    for _ in range(20):
        gate, refusals = threading.Barrier(2), []

        def ask(name: str, gate: threading.Barrier = gate, refusals: list[str | None] = refusals) -> None:
            gate.wait()
            refusals.append(yard.order(name, Command.OPEN))

        threads = [threading.Thread(target=ask, args=(name,)) for name in ("outer", "inner")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(map(str, refusals)) == ["None", str(Code.INTERLOCKED)]
        yard.run(5.0)


def test_the_exit_button_does_not_ask_the_other_door(yard: Yard) -> None:
    yard.order("outer", Command.OPEN)
    yard.inner.set_input("exit_button", reads=True)
    yard.run(0.1)
    assert yard.inner.free


def test_only_what_is_for_all_is_done_to_all(yard: Yard) -> None:
    with pytest.raises(ValueError, match="open"):
        yard.compound.order(Command.OPEN, command_id="x", cause="guard")
    assert Compound({}).order(Command.RELEASE, command_id="x", cause="guard") == {}


def test_who_why_and_how_long_is_remembered(yard: Yard) -> None:
    barrier = yard.barriers["arm"]
    barrier.command(Command.OPEN, command_id="1", cause="guard", who="laowang", why="visitor")
    yard.run(1.5)
    barrier.command(Command.LOCKDOWN, command_id="2", cause="guard", who="laowang", why="drill")
    barrier.command(Command.OPEN, command_id="3", cause="passage")
    refused, lockdown, opened = barrier.history()
    assert (opened.who, opened.why, opened.fault) == ("laowang", "visitor", None)
    assert opened.took_s == pytest.approx(1.0, abs=0.1)
    assert opened.driven_s == 0.0
    assert refused.refusal == Code.LOCKED_DOWN
    assert lockdown.took_s is None
    yard.run(8.0)
    assert barrier.history()[1].took_s is not None


def test_a_command_that_led_to_a_fault_says_so(yard: Yard) -> None:
    yard.arm.break_motor()
    yard.order("arm", Command.OPEN)
    yard.run(3.0)
    assert yard.barriers["arm"].history()[0].fault == Code.NO_OPEN_LIMIT


def test_an_arm_found_open_is_not_counted_as_shut() -> None:
    now_s = 0.0
    arm = SimulatedBarrier(lambda: now_s, start=Start.OPEN)
    barrier = Barrier("arm", arm, TIMING, lambda: now_s, lambda _act: None)
    assert not barrier.shut
    barrier.poll_once()
    assert not barrier.shut


def test_an_emergency_does_not_wait_for_the_turn_of_the_other_door(yard: Yard) -> None:
    with yard.pair.turn(yard.barriers["outer"]):
        receipts = yard.compound.order(Command.EMERGENCY, command_id="e", cause="guard")
    assert receipts["inner"].accepted
    assert yard.inner.free
