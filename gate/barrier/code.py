"""Why a barrier did what nobody commanded, refused what somebody did, or calls for a person."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Each has a sentence in the catalogue."""

    FOUND_DOWN = "barrier.found_down"
    FOUND_UP = "barrier.found_up"
    FOUND_BETWEEN = "barrier.found_between"
    FOUND_SHUT = "barrier.found_shut"
    FOUND_OPEN = "barrier.found_open"
    UP = "barrier.up"
    DOWN = "barrier.down"
    WAY_CLEAR = "barrier.way_clear"
    PRESENCE = "barrier.presence"
    ARM_SANK = "barrier.arm_sank"
    FORCED = "barrier.forced"
    NO_OPEN_LIMIT = "barrier.no_open_limit"
    NO_CLOSED_LIMIT = "barrier.no_closed_limit"
    BOTH_LIMITS = "barrier.both_limits"
    ARM_STUCK = "barrier.arm_stuck"
    ARM_OFF = "barrier.arm_off"
    NO_LOCK = "barrier.no_lock"
    NOT_ANSWERING = "barrier.not_answering"
    IS_HELD = "barrier.is_held"
    IS_TIMED = "barrier.is_timed"
    IN_FAULT = "barrier.in_fault"
    IS_STOPPED = "barrier.is_stopped"
    NO_STOP = "barrier.no_stop"
    LOCKED_DOWN = "barrier.locked_down"
    INTERLOCKED = "barrier.interlocked"
    FIRE = "barrier.fire"
    EMERGENCY = "barrier.emergency"
    MANUAL_KEY = "barrier.manual_key"
    KEY_BACK = "barrier.key_back"
    TIMED = "barrier.timed"
    TIMED_OVER = "barrier.timed_over"
    HELD_AGAIN = "barrier.held_again"
    EXIT_BUTTON = "barrier.exit_button"
    DOOR_OPEN = "barrier.door_open"
    DOOR_SHUT = "barrier.door_shut"
    TIME_UP = "barrier.time_up"
    PASSED = "barrier.passed"
    ONE_MORE = "barrier.one_more"
    DOOR_FORCED = "barrier.door_forced"
    PUSHED_THROUGH = "barrier.pushed_through"
    LEFT_OPEN = "barrier.left_open"
    LEFT_FREE = "barrier.left_free"
    TAILGATING = "barrier.tailgating"
    TAMPER = "barrier.tamper"
    POWER_LOST = "barrier.power_lost"


ALARMS: tuple[Code, ...] = (
    Code.FIRE,
    Code.EMERGENCY,
    Code.TAMPER,
    Code.POWER_LOST,
    Code.DOOR_FORCED,
    Code.LEFT_OPEN,
    Code.LEFT_FREE,
    Code.TAILGATING,
)
"""What calls for a person for as long as it lasts, without being a fault of the barrier itself."""
