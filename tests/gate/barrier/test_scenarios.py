"""What happens at a gate on a bad day, through the barrier at work and the simulator, in every state of each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from gate.barrier.act import Command
from gate.barrier.board.modbus import ModbusBoard
from gate.barrier.board.modbus_settings import ModbusSettings
from gate.barrier.board.wiring import WiredBarrier, Wiring
from gate.barrier.code import Code
from gate.barrier.compound import Compound
from gate.barrier.controller import Barrier, Receipt
from gate.barrier.device import Drive
from gate.barrier.devices import BOOKS
from gate.barrier.simulated_door import SimulatedDoor
from gate.barrier.simulator import SimulatedBarrier
from gate.barrier.standing import State, Timing
from tests.gate.barrier.board.test_modbus import Device

TIMING = Timing(travel_s=1.0, hold_open_s=2.0, clear_s=0.5, fault_after_s=1.0, left_open_s=5.0)
POLL_S = 0.05


class Lane:
    """One barrier of a kind on its simulator, polled by hand."""

    def __init__(self, kind: str = "arm") -> None:
        self.now_s = 10.0
        self.arm = SimulatedBarrier(self.clock, travel_s=1.0)
        self.door = SimulatedDoor(self.clock, "turnstile" if kind == "turnstile" else "door")
        self.device = self.arm if kind == "arm" else self.door
        self.barrier = Barrier("it", self.device, TIMING, self.clock, lambda _act: None, book=BOOKS[kind])
        self.commands = 0
        self.run(0.5)

    def clock(self) -> float:
        return self.now_s

    def run(self, seconds: float, each: Callable[[], object] = lambda: None) -> Lane:
        for _ in range(max(1, round(seconds / POLL_S))):
            self.now_s += POLL_S
            each()
            self.barrier.poll_once()
        return self

    def order(self, kind: Command, command_id: str | None = None) -> Receipt:
        self.commands += 1
        return self.barrier.command(kind, command_id=command_id or str(self.commands), cause="guard")

    @property
    def state(self) -> State:
        return self.barrier.standing().state

    @property
    def alarms(self) -> tuple[str, ...]:
        return self.barrier.standing().alarms

    @property
    def lowered(self) -> int:
        """How often the arm was told to come down."""
        return self.arm.line.taken.count(Drive.LOWER)

    @property
    def wide_open(self) -> bool:
        return self.arm.position == 1.0 if self.device is self.arm else self.door.free


def _ordered(kind: Command, seconds: float) -> Callable[[Lane], object]:
    def bring(lane: Lane) -> None:
        lane.order(kind)
        lane.run(seconds)

    return bring


def _closing(lane: Lane) -> None:
    _ordered(Command.OPEN, 1.5)(lane)
    while lane.state is not State.CLOSING:
        lane.run(POLL_S)
    lane.run(0.3)


def _stopped(lane: Lane) -> None:
    _ordered(Command.OPEN, 0.5)(lane)
    lane.order(Command.STOP)


def _by_hand(lane: Lane) -> None:
    lane.arm.set_input("manual_key", reads=True)
    lane.run(0.2)


def _dead_motor(lane: Lane) -> None:
    lane.arm.break_motor()
    _ordered(Command.OPEN, 3.0)(lane)
    lane.arm.mend()


def _ajar(lane: Lane) -> None:
    lane.order(Command.OPEN)
    lane.door.come_through(3.0)
    lane.run(0.5)


def _forced(lane: Lane) -> None:
    lane.door.force(3.0)
    lane.run(0.5)


def _silent(lane: Lane) -> None:
    lane.device.fall_silent()
    lane.run(0.2)
    lane.device.mend()


def _nothing(_lane: Lane) -> None: ...


REACHED: Mapping[tuple[str, State], Callable[[Lane], object]] = {
    ("arm", State.CLOSED): _nothing,
    ("arm", State.OPENING): _ordered(Command.OPEN, 0.5),
    ("arm", State.OPEN): _ordered(Command.OPEN, 1.5),
    ("arm", State.CLOSING): _closing,
    ("arm", State.HELD): _ordered(Command.HOLD, 1.5),
    ("arm", State.STOPPED): _stopped,
    ("arm", State.MANUAL): _by_hand,
    ("arm", State.FAULT): _dead_motor,
    ("door", State.CLOSED): _nothing,
    ("door", State.RELEASED): _ordered(Command.OPEN, 0.2),
    ("door", State.AJAR): _ajar,
    ("door", State.FORCED): _forced,
    ("door", State.HELD): _ordered(Command.HOLD, 0.2),
    ("door", State.FAULT): _silent,
    ("turnstile", State.CLOSED): _nothing,
    ("turnstile", State.RELEASED): _ordered(Command.OPEN, 0.2),
    ("turnstile", State.HELD): _ordered(Command.HOLD, 0.2),
    ("turnstile", State.FAULT): _silent,
}
everywhere = pytest.mark.parametrize(("kind", "state"), REACHED, ids=lambda part: str(part))


def brought(kind: str, state: State) -> Lane:
    lane = Lane(kind)
    REACHED[kind, state](lane)
    assert lane.state is state
    return lane


def test_every_state_of_every_kind_is_tried() -> None:
    assert set(REACHED) == {(kind, state) for kind, book in BOOKS.items() for state in book.states}


@everywhere
def test_fire_opens_from_every_state_and_only_the_all_clear_ends_it(kind: str, state: State) -> None:
    lane = brought(kind, state)
    lowered = lane.lowered
    lane.device.set_input("fire", reads=True)
    lane.run(6.0)
    assert (lane.state, lane.wide_open) == (State.HELD, True)
    lane.device.set_input("fire", reads=False)
    lane.run(6.0, lambda: lane.order(Command.CLOSE))
    assert (lane.state, lane.wide_open, lane.lowered) == (State.HELD, True, lowered)
    if kind == "arm":
        lane.arm.set_input("manual_key", reads=False)
    lane.order(Command.ALL_CLEAR)
    lane.order(Command.RELEASE)
    lane.run(8.0)
    assert lane.state is State.CLOSED


@everywhere
def test_without_the_mains_nothing_comes_down_and_fire_still_opens(kind: str, state: State) -> None:
    lane = brought(kind, state)
    lowered = lane.lowered
    lane.device.set_input("power_lost", reads=True)
    lane.run(8.0)
    assert Code.POWER_LOST in lane.alarms
    assert lane.lowered == lowered
    lane.device.set_input("fire", reads=True)
    lane.run(6.0)
    assert (lane.state, lane.wide_open) == (State.HELD, True)


@everywhere
def test_a_board_that_was_silent_in_any_state_is_used_again_once_it_is_back(kind: str, state: State) -> None:
    lane = brought(kind, state)
    lane.device.fall_silent()
    lane.run(3.0)
    assert (lane.state, lane.order(Command.OPEN).refusal) == (State.FAULT, Code.NOT_ANSWERING)
    lane.device.mend()
    lane.run(10.0)
    kept = {State.HELD: State.HELD, State.MANUAL: State.MANUAL}
    assert lane.state is kept.get(state, State.CLOSED)
    assert lane.arm.collisions == ()


@pytest.mark.parametrize("kind", list(BOOKS))
def test_a_hold_given_in_fault_is_what_the_fault_ends_in(kind: str) -> None:
    lane = brought(kind, State.FAULT)
    if kind == "arm":
        assert lane.order(Command.HOLD).accepted
    else:
        assert lane.order(Command.HOLD).refusal == Code.NOT_ANSWERING
        lane.run(0.1)
        assert lane.order(Command.HOLD).accepted
    lane.run(20.0)
    assert (lane.state, lane.wide_open) == (State.HELD, True)


def test_lockdown_then_fire_then_all_clear_ends_in_the_lockdown() -> None:
    lanes = {kind: Lane(kind) for kind in BOOKS}
    compound = Compound({kind: lane.barrier for kind, lane in lanes.items()})

    def run(seconds: float) -> None:
        for lane in lanes.values():
            lane.run(seconds)

    lanes["arm"].order(Command.HOLD)
    run(2.0)
    compound.order(Command.LOCKDOWN, command_id="l", cause="guard")
    run(5.0)
    assert {lane.state for lane in lanes.values()} == {State.CLOSED}
    lanes["door"].door.set_input("fire", reads=True)
    lanes["door"].run(0.1)
    compound.order(Command.EMERGENCY, command_id="e", cause="fire")
    run(3.0)
    assert all(lane.wide_open for lane in lanes.values())
    compound.order(Command.ALL_CLEAR, command_id="too early", cause="guard")
    run(6.0)
    assert all(lane.wide_open for lane in lanes.values())
    assert {lane.order(Command.ALL_CLEAR).refusal for lane in lanes.values()} == {Code.FIRE}
    lanes["door"].door.set_input("fire", reads=False)
    run(0.1)
    compound.order(Command.ALL_CLEAR, command_id="c", cause="guard")
    run(6.0)
    assert {lane.state for lane in lanes.values()} == {State.CLOSED}
    assert {lane.order(Command.OPEN).refusal for lane in lanes.values()} == {Code.LOCKED_DOWN}


@pytest.mark.parametrize("same", [True, False], ids=["one id", "new ids"])
def test_a_guards_button_that_sticks_on_open_never_reverses_the_arm(same: bool) -> None:
    lane = brought("arm", State.CLOSING)
    seen: list[float] = []

    def push() -> None:
        lane.order(Command.OPEN, "stuck" if same else None)
        seen.append(lane.arm.position)

    lane.run(1.5, push)
    assert seen == sorted(seen)
    assert lane.state is State.OPEN
    lane.run(20.0, push)
    assert lane.state is (State.CLOSED if same else State.OPEN)


def test_a_guards_button_that_sticks_on_close_lowers_no_arm_onto_what_stands_there() -> None:
    lane = brought("arm", State.OPEN)
    lane.arm.place_person(stands_s=10.0, distance_m=0.5)
    lane.run(0.6)
    lane.run(8.0, lambda: lane.order(Command.CLOSE))
    assert (lane.state, lane.lowered) == (State.OPEN, 0)
    lane.run(10.0, lambda: lane.order(Command.CLOSE))
    assert (lane.state, lane.arm.collisions) == (State.CLOSED, ())


@pytest.mark.parametrize("kind", ["door", "turnstile"])
def test_an_exit_button_that_sticks_lets_out_and_is_called_until_it_is_mended(kind: str) -> None:
    lane = Lane(kind)
    lane.door.set_input("exit_button", reads=True)
    lane.run(5.0)
    assert (lane.state, lane.alarms) == (State.RELEASED, ())
    lane.run(5.0)
    assert (lane.state, lane.wide_open, lane.alarms) == (State.RELEASED, True, (Code.LEFT_FREE,))
    lane.door.set_input("exit_button", reads=False)
    lane.run(1.0)
    assert (lane.state, lane.wide_open, lane.alarms) == (State.CLOSED, False, ())


def test_a_barrier_in_fault_leaves_the_other_one_of_its_board_alone() -> None:
    device = Device()
    device.start()
    now_s = 10.0
    boards = [ModbusBoard(ModbusSettings.from_url(f"modbus://127.0.0.1:{device.port}", 4)) for _ in range(2)]
    wirings = Wiring(0, 1, 2, pulse_s=0.05, open_limit=0, closed_limit=1), Wiring(3, 4, style="level", open_limit=2)
    stuck, well = (
        Barrier(name, WiredBarrier(board, board, wiring), TIMING, lambda: now_s, lambda _act: None)
        for name, board, wiring in zip(("stuck", "well"), boards, wirings, strict=True)
    )
    device.inputs = lambda: [False, True, now_s > 11.0] + [False] * 5
    try:
        for kind in (None, Command.HOLD):
            for barrier in (stuck, well):
                barrier.poll_once()
                if kind is not None:
                    barrier.command(kind, command_id="1", cause="guard")
        for _ in range(60):
            now_s += POLL_S
            stuck.poll_once()
            well.poll_once()
        assert (stuck.standing().fault, well.standing().state) == (Code.NO_OPEN_LIMIT, State.HELD)
        stuck.stop()
        well.poll_once()
        assert (device.coil_on(3), well.standing().state) == (True, State.HELD)
    finally:
        well.stop()
        device.stop()


@pytest.mark.parametrize("kind", list(BOOKS))
def test_who_went_through_while_it_was_held_is_no_tailgating_afterwards(kind: str) -> None:
    lane = Lane(kind)
    lane.order(Command.OPEN)
    lane.run(1.5)
    lane.order(Command.HOLD)
    for _ in range(3):
        lane.device.come_through()
        lane.run(4.0)
        assert lane.alarms == ()
    lane.order(Command.RELEASE)
    lane.run(0.5)
    lane.order(Command.OPEN)
    lane.run(0.5)
    assert lane.alarms == ()
    lane.run(8.0)
    assert lane.state is State.CLOSED
