"""What the signs of a reading are read from: for each, whether it shows now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gate.barrier.code import Code
from gate.barrier.device import Drive, Inputs
from gate.barrier.move import Sign
from gate.barrier.standing import SETTLE_S, Place, Standing, State, Timing


@dataclass(frozen=True, slots=True)
class View:
    """The standing with a reading in it, what it was before, and so whether the reading ends a silence."""

    standing: Standing
    before: Standing
    inputs: Inputs
    timing: Timing

    @property
    def back(self) -> bool:
        """Whether the device is heard again."""
        return self.before.inputs is None

    @property
    def moving_s(self) -> float:
        """How long the motor has been driven."""
        return self.standing.now_s - self.standing.drive_s

    @property
    def settled(self) -> bool:
        """Whether the arm or the leaf has been where it is for long enough to believe it."""
        return self.standing.now_s - self.standing.place_s >= SETTLE_S

    @property
    def urgent_again(self) -> bool:
        """In fault it is driven open once; that drive's own time must pass before the next."""
        return self.standing.state is not State.FAULT or self.standing.drive is not Drive.RAISE


def alarms(view: View) -> frozenset[str]:
    """What calls for a person now."""
    standing, inputs = view.standing, view.inputs
    one_way = standing.state in {State.OPENING, State.OPEN, State.CLOSING, State.RELEASED, State.AJAR}
    shown: Mapping[Code, bool] = {
        Code.FIRE: standing.fire,
        Code.EMERGENCY: standing.emergency,
        Code.TAMPER: inputs.tamper is True,
        Code.POWER_LOST: inputs.power_lost is True,
        Code.DOOR_FORCED: standing.state is State.FORCED,
        Code.LEFT_OPEN: standing.state is State.AJAR and standing.now_s - standing.since_s > view.timing.left_open_s,
        Code.LEFT_FREE: standing.state is State.RELEASED
        and standing.now_s - standing.open_until_s > view.timing.left_open_s,
        Code.TAILGATING: one_way and not standing.stays_open and standing.through > standing.granted > 0,
    }
    return frozenset(code for code, on in shown.items() if on)


def _at(place: Place) -> Callable[[View], bool]:
    return lambda view: view.standing.place is place


def _key(view: View) -> bool:
    return view.inputs.manual_key is True and not view.standing.urgent


def _key_back(place: Place | None) -> Callable[[View], bool]:
    def shows(view: View) -> bool:
        here = view.standing.place
        reached = here is place or (place is None and here in {Place.BETWEEN, Place.UNKNOWN})
        return view.inputs.manual_key is not True and reached

    return shows


def _both_limits(view: View) -> bool:
    if view.standing.place is not Place.BOTH:
        return False
    return view.standing.code != Code.BOTH_LIMITS or _late(view)


def _arm_back(place: Place) -> Callable[[View], bool]:
    def shows(view: View) -> bool:
        mended = view.standing.code == Code.ARM_OFF and view.inputs.arm_off is False
        return mended and view.standing.drive is Drive.STOP and view.standing.place is place and view.settled

    return shows


def _astray(view: View) -> bool:
    inputs = view.inputs
    if view.standing.state is State.CLOSED:
        return view.settled and (inputs.closed_limit is False or inputs.open_limit is True)
    return view.settled and (inputs.open_limit is False or inputs.closed_limit is True)


def _up(view: View) -> bool:
    if view.inputs.arm_off:
        return False
    if view.standing.drive is not Drive.RAISE:
        return _came_by_itself(view, Place.UP)
    by_time = view.inputs.open_limit is None and view.moving_s >= view.timing.travel_s
    return view.standing.place is Place.UP or (by_time and view.inputs.closed_limit is not True)


def _down(view: View) -> bool:
    if view.inputs.arm_off:
        return False
    if view.standing.drive is not Drive.LOWER:
        return _came_by_itself(view, Place.DOWN)
    by_time = view.inputs.closed_limit is None and view.moving_s >= view.timing.travel_s
    return view.standing.place is Place.DOWN or (by_time and view.inputs.open_limit is not True)


def _came_by_itself(view: View, place: Place) -> bool:
    """Whether an arm that is not driven has come to an end since the state began: what confirms a mended fault."""
    standing = view.standing
    resting = standing.drive is Drive.STOP
    return resting and standing.place is place and standing.place_s >= standing.since_s and view.settled


def _late(view: View) -> bool:
    return view.standing.drive is not Drive.STOP and view.moving_s > view.timing.overdue_s


def _awaited(view: View) -> bool | None:
    return view.inputs.closed_limit if view.standing.drive is Drive.LOWER else view.inputs.open_limit


def _not_locked(view: View) -> bool:
    lock_silent = view.inputs.locked is False and view.standing.place is not Place.UP
    return lock_silent and view.standing.drive is Drive.LOWER and view.moving_s > view.timing.overdue_s


def _locked_again(view: View) -> bool:
    mended = view.standing.code == Code.NO_LOCK and view.inputs.locked is not False
    return mended and view.standing.place is not Place.UP and view.standing.drive is not Drive.RAISE


def _lock_once_more(view: View) -> bool:
    standing = view.standing
    freed = standing.code == Code.NO_LOCK and standing.drive is Drive.RAISE
    unwanted = not standing.stays_open and not _asks_out(view) and view.moving_s >= view.timing.hold_open_s
    return freed and unwanted and standing.place is not Place.UP and standing.clear_s is not None


def _was_silent(view: View) -> bool:
    """Whether a lock is heard again; it is not locked over somebody who pushes the exit button just then."""
    return view.standing.code == Code.NOT_ANSWERING and not _asks_out(view)


def _asks_out(view: View) -> bool:
    return view.inputs.exit_button is True or view.inputs.manual_key is True


def _exit(view: View) -> bool:
    return _asks_out(view) and view.urgent_again


def _stepped(view: View) -> bool:
    standing = view.standing
    went = standing.through > view.before.through and view.inputs.passed is not None
    if standing.state is State.RELEASED:
        return went and standing.through >= standing.granted and not _asks_out(view)
    return went


def _due(view: View) -> bool:
    standing, timing = view.standing, view.timing
    if standing.clear_s is None or standing.now_s - standing.clear_s < timing.clear_s:
        return False
    if standing.state is State.RELEASED:
        if standing.place is Place.UP or _asks_out(view):
            return False
    elif view.inputs.power_lost or view.inputs.arm_off:
        return False
    return standing.close_asked or standing.lockdown or standing.now_s >= standing.open_until_s


def _kept(*, by_guard: bool) -> Callable[[View], bool]:
    return lambda view: view.standing.stays_open and not view.standing.urgent and view.standing.held is by_guard


SHOWS: Mapping[Sign, Callable[[View], bool]] = {
    Sign.FIRE: lambda view: view.standing.fire and view.urgent_again,
    Sign.EMERGENCY_ON: lambda view: view.standing.emergency and view.urgent_again,
    Sign.OBSTRUCTED: lambda view: view.standing.clear_s is None,
    Sign.KEY_TURNED: _key,
    Sign.KEY_BACK_DOWN: _key_back(Place.DOWN),
    Sign.KEY_BACK_UP: _key_back(Place.UP),
    Sign.KEY_BACK_ADRIFT: _key_back(None),
    Sign.BOTH_LIMITS: _both_limits,
    Sign.ARM_OFF: lambda view: (
        view.inputs.arm_off is True
        and view.standing.code != Code.ARM_OFF
        and not (view.standing.state is State.FAULT and view.standing.urgent)
    ),
    Sign.ARM_BACK_DOWN: _arm_back(Place.DOWN),
    Sign.ARM_BACK_UP: _arm_back(Place.UP),
    Sign.BACK_TO_STAY: lambda view: _was_silent(view) and view.standing.stays_open,
    Sign.BACK_DOWN: lambda view: view.back and view.standing.place is Place.DOWN,
    Sign.BACK_ADRIFT: lambda view: view.back and view.standing.place is not Place.DOWN,
    Sign.BACK_SHUT: lambda view: _was_silent(view) and view.standing.place is not Place.UP,
    Sign.BACK_OPEN: lambda view: _was_silent(view) and view.standing.place is Place.UP,
    Sign.ASTRAY: _astray,
    Sign.UP: lambda view: not view.standing.stays_open and _up(view),
    Sign.UP_TO_STAY: lambda view: view.standing.stays_open and _up(view),
    Sign.DOWN: _down,
    Sign.OVERDUE: lambda view: _late(view) and _awaited(view) is not None,
    Sign.IMMOBILE: lambda view: _late(view) and _awaited(view) is None,
    Sign.EXIT: _exit,
    Sign.WENT_OPEN: lambda view: view.standing.place is Place.UP and view.settled,
    Sign.ONE_MORE: lambda view: view.standing.again and view.standing.place is Place.DOWN and view.settled,
    Sign.WENT_SHUT: lambda view: view.standing.place is Place.DOWN and view.settled and not _asks_out(view),
    Sign.STEPPED: _stepped,
    Sign.NOT_LOCKED: _not_locked,
    Sign.LOCKED_AGAIN: _locked_again,
    Sign.LOCK_ONCE_MORE: _lock_once_more,
    Sign.HELD_WISH: _kept(by_guard=True),
    Sign.TIMED: _kept(by_guard=False),
    Sign.HOLD_OVER: lambda view: not view.standing.stays_open,
    Sign.DUE: _due,
}
