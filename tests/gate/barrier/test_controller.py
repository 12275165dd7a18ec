"""A barrier at work on a simulated device: commands, failures, records; by hand and once with its real threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from gate.barrier.act import ActKind, BarrierAct, Command
from gate.barrier.code import Code
from gate.barrier.controller import REMEMBERED, TRIES, Barrier, Receipt
from gate.barrier.device import Drive, Inputs
from gate.barrier.devices import open_barrier
from gate.barrier.simulator import SimulatedBarrier, Start
from gate.barrier.standing import State, Timing
from gate.config import BarrierPart
from gate.errors import BarrierFault, ConfigRefused, LedgerUnwritable

TIMING = Timing(travel_s=1.0, hold_open_s=2.0, clear_s=0.5, fault_after_s=1.0)


class Gate:
    """A barrier on a simulated arm, polled by hand."""

    def __init__(self, start: Start = Start.CLOSED) -> None:
        self.now_s = 100.0
        self.arm = SimulatedBarrier(lambda: self.now_s, travel_s=1.0, start=start)
        self.acts: list[BarrierAct] = []
        self.barrier = Barrier("arm", self.arm, TIMING, lambda: self.now_s, self.acts.append)

    def run(self, seconds: float) -> State:
        for _ in range(round(seconds / 0.03)):
            self.now_s += 0.03
            self.barrier.poll_once()
        self.barrier.deliver()
        return self.state

    def order(self, kind: Command, command_id: str | None = None) -> Receipt:
        return self.barrier.command(kind, command_id=command_id or f"{kind}-{self.now_s}", cause="guard")

    @property
    def state(self) -> State:
        return self.barrier.standing().state


@pytest.fixture
def gate() -> Gate:
    gate = Gate()
    gate.barrier.poll_once()
    return gate


def test_a_command_drives_the_motor_before_it_returns(gate: Gate) -> None:
    receipt = gate.order(Command.OPEN, "p1")
    assert receipt == Receipt("p1", accepted=True, state=State.OPENING, driven_s=100.0)
    assert gate.arm.motor is Drive.RAISE


def test_a_passage_runs_from_command_to_closed(gate: Gate) -> None:
    gate.arm.place_vehicle(distance_m=3.0)
    gate.order(Command.OPEN, "p1")
    assert gate.run(15.0) is State.CLOSED
    assert [act.kind for act in gate.acts] == [
        ActKind.STARTED,
        ActKind.COMMANDED,
        ActKind.OPENED,
        ActKind.LOWERING,
        ActKind.CLOSED,
    ]
    assert gate.arm.collisions == ()


def test_the_same_command_is_done_once(gate: Gate) -> None:
    first = gate.order(Command.OPEN, "p1")
    gate.run(10.0)
    assert gate.state is State.CLOSED
    again = gate.order(Command.OPEN, "p1")
    assert again.repeated
    assert again.driven_s == first.driven_s
    assert gate.state is State.CLOSED


def test_the_memory_of_commands_is_bounded(gate: Gate) -> None:
    gate.order(Command.OPEN, "first")
    for number in range(REMEMBERED):
        gate.order(Command.OPEN, f"later-{number}")
    assert not gate.order(Command.OPEN, "first").repeated


def test_a_refused_command_may_be_given_again(gate: Gate) -> None:
    gate.order(Command.HOLD)
    gate.run(2.0)
    refused = gate.order(Command.CLOSE, "c1")
    assert (refused.accepted, refused.refusal, refused.driven_s) == (False, Code.IS_HELD, None)
    gate.order(Command.RELEASE)
    assert gate.order(Command.CLOSE, "c1").accepted
    assert gate.run(0.7) is State.CLOSING


def test_a_second_open_has_nothing_to_drive(gate: Gate) -> None:
    gate.order(Command.OPEN)
    gate.run(0.3)
    second = gate.order(Command.OPEN)
    assert (second.accepted, second.driven_s, second.state) == (True, None, State.OPENING)


def test_nothing_is_commanded_before_the_inputs_were_read_once() -> None:
    gate = Gate()
    assert gate.order(Command.OPEN).refusal == Code.NOT_ANSWERING
    assert gate.arm.motor is Drive.STOP
    assert not gate.barrier.standing().healthy


@pytest.mark.parametrize(
    ("start", "state"),
    [(Start.CLOSED, State.CLOSED), (Start.OPEN, State.OPEN), (Start.MIDDLE, State.OPENING)],
)
def test_a_restart_goes_to_a_safe_state(start: Start, state: State) -> None:
    gate = Gate(start)
    gate.arm.place_vehicle(distance_m=-1.0, stands_s=30.0)
    gate.barrier.poll_once()
    assert gate.state is state
    gate.run(20.0)
    assert gate.arm.position == (0.0 if start is Start.CLOSED else 1.0)
    assert gate.arm.collisions == ()


def test_a_restart_in_the_middle_of_closing_raises_the_arm() -> None:
    gate = Gate(Start.OPEN)
    gate.barrier.poll_once()
    gate.run(2.4)
    assert gate.state is State.CLOSING
    reborn = Barrier("arm", gate.arm, TIMING, lambda: gate.now_s, gate.acts.append)
    gate.arm.place_vehicle(distance_m=1.2, waits=False)
    reborn.poll_once()
    assert gate.arm.motor is Drive.RAISE
    assert reborn.standing().state is State.OPENING


def test_a_device_that_falls_silent_is_a_fault_said_once_each_way(gate: Gate) -> None:
    with capture_logs() as logs:
        gate.arm.fall_silent()
        gate.run(3.0)
        broken = gate.barrier.standing()
        refused = gate.order(Command.OPEN, "p1")
        gate.arm.mend()
        gate.run(1.0)
    assert (broken.state, broken.fault, broken.healthy, broken.inputs) == (
        State.FAULT,
        Code.NOT_ANSWERING,
        False,
        None,
    )
    assert (refused.accepted, refused.refusal) == (False, Code.NOT_ANSWERING)
    health = gate.barrier.standing()
    assert (health.state, health.fault, health.last_fault, health.healthy) == (
        State.CLOSED,
        None,
        Code.NOT_ANSWERING,
        True,
    )
    assert [line["event"] for line in logs] == ["barrier.not_answering", "barrier.answers_again"]
    assert [act.kind for act in gate.acts] == [
        ActKind.STARTED,
        ActKind.FAULTED,
        ActKind.REFUSED,
        ActKind.RECOVERED,
    ]
    assert gate.order(Command.OPEN, "p1").accepted


def test_a_device_lost_while_closing_is_raised_when_it_is_back() -> None:
    gate = Gate(Start.OPEN)
    gate.barrier.poll_once()
    gate.run(2.4)
    gate.arm.fall_silent()
    gate.run(5.0)
    gate.arm.mend()
    gate.barrier.poll_once()
    assert gate.arm.motor is Drive.RAISE
    assert gate.run(2.0) is State.OPEN


def test_a_device_that_is_not_there_at_the_start_is_found_later() -> None:
    gate = Gate()
    gate.arm.fall_silent()
    gate.run(1.0)
    assert gate.barrier.standing().fault == Code.NOT_ANSWERING
    gate.arm.mend()
    assert gate.run(0.1) is State.CLOSED
    assert [act.kind for act in gate.acts] == [ActKind.FAULTED, ActKind.STARTED]


class Wobbly:
    """A device whose calls fail now and then: `inputs` and `drive` each give up so many times in a row."""

    def __init__(self) -> None:
        self.deaf = 0
        self.mute = 0
        self.driven: list[Drive] = []

    def inputs(self) -> Inputs:
        if self.mute:
            self.mute -= 1
            raise BarrierFault("barrier.not_answering")
        return Inputs(open_limit=False, closed_limit=True, presence=False)

    def drive(self, command: Drive) -> None:
        if self.deaf:
            self.deaf -= 1
            raise BarrierFault("barrier.not_answering")
        self.driven.append(command)

    def close(self) -> None:
        raise BarrierFault("barrier.not_answering")


def test_a_call_that_fails_now_and_then_is_tried_again() -> None:
    device = Wobbly()
    barrier = Barrier("arm", device, TIMING, time.monotonic, lambda _: None)
    device.mute = TRIES - 1
    barrier.poll_once()
    device.deaf = TRIES - 1
    assert barrier.command(Command.OPEN, command_id="p1", cause="guard").accepted
    assert device.driven == [Drive.STOP, Drive.RAISE]


def test_a_drive_that_never_goes_through_is_a_fault_and_may_be_commanded_again() -> None:
    device = Wobbly()
    barrier = Barrier("arm", device, TIMING, lambda: 100.0, lambda _: None)
    barrier.poll_once()
    device.deaf = TRIES + 1
    receipt = barrier.command(Command.OPEN, command_id="p1", cause="guard")
    assert (receipt.accepted, receipt.refusal, receipt.state) == (False, Code.NOT_ANSWERING, State.FAULT)
    barrier.poll_once()
    assert barrier.standing().healthy
    again = barrier.command(Command.OPEN, command_id="p1", cause="guard")
    assert (again.accepted, again.repeated) == (True, False)
    assert device.driven == [Drive.STOP, Drive.STOP, Drive.RAISE]
    barrier.stop()


def test_outputs_that_stay_dead_do_not_fill_the_log_or_the_record() -> None:
    device = Wobbly()
    acts: list[BarrierAct] = []
    barrier = Barrier("arm", device, TIMING, lambda: 100.0, acts.append)
    barrier.poll_once()
    device.deaf = 10_000
    with capture_logs() as logs:
        barrier.command(Command.OPEN, command_id="p1", cause="guard")
        for _ in range(50):
            barrier.poll_once()
    barrier.deliver()
    assert [line["event"] for line in logs] == ["barrier.not_answering"]
    assert [act.kind for act in acts] == [ActKind.STARTED, ActKind.COMMANDED, ActKind.FAULTED]


def test_a_record_that_cannot_be_written_does_not_stop_the_barrier() -> None:
    gate = Gate()

    def refuse(act: BarrierAct) -> None:
        raise LedgerUnwritable("ledger.unwritable", why=act.kind)

    barrier = Barrier("arm", gate.arm, TIMING, lambda: gate.now_s, refuse)
    barrier.poll_once()
    assert barrier.command(Command.OPEN, command_id="p1", cause="guard").accepted
    assert not barrier.deliver()
    assert barrier.standing().acts_waiting == 2
    assert gate.arm.motor is Drive.RAISE


def test_a_listener_may_look_at_and_command_the_barrier() -> None:
    gate = Gate()
    seen: list[State] = []

    def listen(act: BarrierAct) -> None:
        seen.append(barrier.standing().state)
        barrier.command(Command.HOLD, command_id="h1", cause=act.cause)

    barrier = Barrier("arm", gate.arm, TIMING, lambda: gate.now_s, listen)
    barrier.poll_once()
    barrier.deliver()
    assert seen == [State.CLOSED, State.OPENING]


def test_stopping_in_the_middle_of_closing_stops_the_arm() -> None:
    gate = Gate(Start.OPEN)
    gate.barrier.poll_once()
    gate.run(2.4)
    gate.barrier.stop()
    where = gate.arm.position
    gate.now_s += 10.0
    assert 0 < gate.arm.position == where


def _until(true: Callable[[], bool]) -> None:
    """Wait for a thread's work; a test that hangs here fails by its time limit."""
    tick = threading.Event()
    while not true():
        tick.wait(0.005)


@pytest.mark.timeout(60)
def test_with_its_threads_a_barrier_opens_for_a_car_and_closes_behind_it() -> None:
    acts: list[BarrierAct] = []
    part = BarrierPart(id="arm", travel_s=0.2, hold_open_s=0.2, clear_s=0.1, fault_after_s=20.0)
    barrier = open_barrier(part, acts.append)
    assert isinstance(barrier.device, SimulatedBarrier)
    barrier.start()
    try:
        barrier.device.place_vehicle(length_m=3.0, speed_m_s=10.0, distance_m=3.0)
        asked_s = time.monotonic()
        receipt = barrier.command(Command.OPEN, command_id="p1", cause="lane")
        assert receipt.driven_s is not None
        assert asked_s <= receipt.driven_s <= time.monotonic()
        _until(lambda: ActKind.CLOSED in {act.kind for act in tuple(acts)})
        assert barrier.device.collisions == ()
    finally:
        barrier.stop()
    assert barrier.standing().acts_waiting == 0
    assert barrier.device.motor is Drive.STOP


@pytest.mark.timeout(60)
def test_with_its_threads_a_driver_that_slips_is_taken_as_a_lost_device() -> None:
    class Slipping(Wobbly):
        slips = False

        def inputs(self) -> Inputs:
            if self.slips:
                raise OSError("port gone")
            return super().inputs()

    device = Slipping()
    barrier = Barrier("arm", device, TIMING, time.monotonic, lambda _: None, poll_s=0.001)
    barrier.start()
    try:
        device.slips = True
        _until(lambda: barrier.standing().fault == Code.NOT_ANSWERING)
        device.slips = False
        _until(lambda: barrier.standing().healthy)
    finally:
        barrier.stop()


def test_many_threads_with_one_command_open_once(gate: Gate) -> None:
    receipts: list[Receipt] = []
    threads = [threading.Thread(target=lambda: receipts.append(gate.order(Command.OPEN, "p1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [receipt.repeated for receipt in receipts].count(False) == 1


def test_a_url_that_nothing_drives_is_refused_with_what_is_known() -> None:
    part = BarrierPart.model_construct(**(BarrierPart(id="arm").model_dump() | {"url": "relay://board"}))
    with pytest.raises(ConfigRefused, match=r"barrier\.unknown_device.*sim://"):
        open_barrier(part, lambda _: None)
