"""What holds of the machine whatever happens: any readings, any commands, any times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.barrier.act import ActKind, Command
from gate.barrier.device import Drive, Inputs
from gate.barrier.machine import Event, Lost, Machine, Order, Outcome, Tick
from gate.barrier.standing import LONGEST_GAP_S, Standing, State, Timing

timings = st.builds(
    Timing,
    travel_s=st.floats(0.1, 5),
    hold_open_s=st.floats(0, 1),
    clear_s=st.floats(0, 1),
    fault_after_s=st.floats(0, 3),
)
bits = st.sampled_from([True, False, None])
presences = st.sampled_from([False, False, True, None])
seldom = st.sampled_from([False, False, False, False, True, None])
readings = st.builds(
    Inputs,
    open_limit=bits,
    closed_limit=bits,
    presence=presences,
    arm_off=seldom,
    fire=seldom,
    tamper=seldom,
    power_lost=seldom,
    manual_key=seldom,
)
orders = st.builds(Order, st.sampled_from(Command), st.uuids().map(str), st.just("guard"))
gaps = st.one_of(st.floats(0.05, 0.4), st.floats(0.05, 0.4), st.floats(0, 20))
jumps = st.one_of(gaps, gaps, st.floats(-1000, 0))
OBEYS = {Drive.RAISE: (True, False), Drive.LOWER: (False, False), Drive.STOP: (False, True)}
"""The limits of an arm that does as it is told; a lowered one arrives in a later run of readings."""
limits = st.one_of(st.just(OBEYS), st.just(OBEYS), st.tuples(bits, bits))
QUIET = Inputs()
others = st.one_of(st.just(QUIET), st.just(QUIET), st.just(QUIET), readings)
runs = st.tuples(limits, presences, st.integers(1, 15), others, st.booleans())
"""Readings that stay the same for a while: limits that obey the motor or say anything, the sensor under the arm, the
other inputs, and whether a timed rule wants the barrier open."""

chapters = st.one_of(*[runs] * 7, orders, orders, st.just(Lost()))

MANY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Step:
    now_s: float
    before: Standing
    event: Event
    after: Outcome


@st.composite
def _lives(draw: st.DrawFn, between: st.SearchStrategy[float] = gaps) -> tuple[Machine, Outcome, list[Step]]:
    """A machine, its start and what followed. Readings come in runs, so that waits can pass."""
    machine = Machine(draw(timings))
    now_s = draw(st.floats(-100, 1e6))
    started = outcome = machine.start(draw(readings), now_s)
    steps: list[Step] = []
    for chapter in draw(st.lists(chapters, min_size=10, max_size=30)):
        gap_s = draw(between)
        for _ in range(chapter[2] if isinstance(chapter, tuple) else 1):
            now_s += gap_s
            before = outcome.standing
            event: Event = _reading(chapter, before) if isinstance(chapter, tuple) else chapter
            outcome = machine.step(before, event, now_s)
            steps.append(Step(now_s, before, event, outcome))
    return machine, started, steps


def _reading(run: Any, standing: Standing) -> Tick:
    shown, presence, _, other, timed = run
    open_limit, closed_limit = shown[standing.drive] if isinstance(shown, dict) else shown
    limits = {"open_limit": open_limit, "closed_limit": closed_limit, "presence": presence}
    return Tick(replace(other, **limits), timed)


@MANY
@given(_lives())
def test_the_arm_never_starts_down_over_anything_or_before_the_way_has_been_watched_clear(
    life: tuple[Machine, Outcome, list[Step]],
) -> None:
    machine, started, steps = life
    watched = started.standing.watched
    clear: list[float] = [started.standing.now_s] if started.standing.clear_s is not None else []
    last_s = started.standing.now_s
    for step in steps:
        if isinstance(step.event, Tick):
            presence = step.event.inputs.presence
            watched = watched or presence is not None
            if presence or (presence is None and watched):
                clear = []
            elif step.now_s - last_s > LONGEST_GAP_S:
                clear = [step.now_s]
            else:
                clear.append(step.now_s)
            last_s = step.now_s
        elif isinstance(step.event, Lost):
            clear = []
        if Drive.LOWER in step.after.drives:
            assert isinstance(step.event, Tick)
            assert clear
            assert step.now_s - clear[0] >= machine.timing.clear_s


@MANY
@given(_lives())
def test_nothing_lowers_in_fault_while_held_or_because_of_a_command(life: tuple[Machine, Outcome, list[Step]]) -> None:
    for step in life[2]:
        if Drive.LOWER in step.after.drives:
            assert step.before.state is State.OPEN
            assert not step.after.standing.stays_open
        if isinstance(step.event, Order):
            assert Drive.LOWER not in step.after.drives
            assert [act.kind for act in step.after.acts] in ([ActKind.COMMANDED], [ActKind.REFUSED])


@MANY
@given(_lives())
def test_a_second_trigger_never_reverses_the_arm(life: tuple[Machine, Outcome, list[Step]]) -> None:
    for step in life[2]:
        if isinstance(step.event, Order) and step.event.kind in {Command.OPEN, Command.HOLD, Command.EMERGENCY}:
            if step.after.acts[0].kind is ActKind.COMMANDED and step.before.inputs is not None:
                assert step.after.standing.state not in {State.CLOSED, State.CLOSING, State.STOPPED}
            if step.before.state in {State.OPENING, State.OPEN, State.HELD}:
                assert step.after.drives == ()
            assert step.after.standing.open_until_s >= step.before.open_until_s


@MANY
@given(_lives())
def test_fire_and_emergency_open_whatever_else_is_the_case(life: tuple[Machine, Outcome, list[Step]]) -> None:
    for step in life[2]:
        standing = step.after.standing
        if isinstance(step.event, Tick) and standing.urgent:
            assert standing.drive is Drive.RAISE or standing.state in {State.HELD, State.FAULT}
            assert standing.state in {State.OPENING, State.HELD, State.FAULT}
            if step.before.state is State.FAULT and step.before.drive is not Drive.RAISE:
                assert step.after.drives == (Drive.RAISE,)
        if standing.urgent:
            assert Drive.LOWER not in step.after.drives


@MANY
@given(_lives())
def test_nobody_opens_through_a_lockdown_but_fire(life: tuple[Machine, Outcome, list[Step]]) -> None:
    for step in life[2]:
        if isinstance(step.event, Order) and step.event.kind in {Command.OPEN, Command.HOLD}:
            locked = step.before.lockdown and not step.before.urgent
            if locked:
                assert step.after.acts[0].kind is ActKind.REFUSED
                assert step.after.drives == ()


@MANY
@given(_lives())
def test_a_closing_arm_with_something_under_it_always_rises(life: tuple[Machine, Outcome, list[Step]]) -> None:
    for step in life[2]:
        if not isinstance(step.event, Tick) or step.before.state is not State.CLOSING:
            continue
        presence = step.event.inputs.presence
        if presence or (presence is None and step.before.watched):
            assert step.after.drives == (Drive.RAISE,)
            assert step.after.standing.state is State.OPENING


@MANY
@given(_lives(), st.lists(readings, min_size=1, max_size=80))
def test_an_open_always_ends_open_or_in_fault(life: tuple[Machine, Outcome, list[Step]], later: list[Inputs]) -> None:
    machine, _, steps = life
    now_s = steps[-1].now_s
    free = machine.step(steps[-1].after.standing, Order(Command.RELEASE, "free", "guard"), now_s).standing
    opening = machine.step(replace(free, lockdown=False), Order(Command.OPEN, "last", "guard"), now_s).standing
    if opening.state is State.OPEN:
        return  # It is up already: what is asked here is over, and it may come down when its time is up.
    states = {opening.state}
    for number in range(200):
        now_s += machine.timing.overdue_s / 150
        standing = machine.step(opening, Tick(later[number % len(later)]), now_s).standing
        states.add(standing.state)
        if standing.state in {State.OPEN, State.HELD, State.FAULT, State.MANUAL}:
            break
        opening = standing
    assert State.CLOSING not in states
    assert states & {State.OPEN, State.HELD, State.FAULT, State.MANUAL}


@MANY
@given(_lives(jumps))
def test_every_event_is_taken_in_every_state_the_same_way_each_time_even_when_the_clock_jumps(
    life: tuple[Machine, Outcome, list[Step]],
) -> None:
    machine, _, steps = life
    for step in steps:
        assert machine.step(step.before, step.event, step.now_s) == step.after
        standing = step.after.standing
        assert (standing.state is State.FAULT) == (standing.code is not None)
        assert not (standing.held and standing.state in {State.CLOSED, State.CLOSING})
        assert len(step.after.drives) <= 1
        if Drive.LOWER in step.after.drives:
            assert isinstance(step.event, Tick)
            assert not step.event.inputs.presence


@MANY
@given(_lives())
def test_acts_form_a_chain_of_states(life: tuple[Machine, Outcome, list[Step]]) -> None:
    _, started, steps = life
    state = started.acts[-1].after
    for step in steps:
        for act in step.after.acts:
            assert act.before is state
            assert act.cause
            state = act.after
        assert step.after.standing.state is state
