"""Who has to wait for whose wrong PINs."""

from __future__ import annotations

from gate.pin_tries import FREE, LONGEST_PLACE_WAIT_S, PinTries
from tests.gate.reader.direct import Clock


def test_a_household_waits_at_every_place_and_longer_than_the_place() -> None:
    clock = Clock()
    tries = PinTries(clock)
    assert [tries.begin(f"pad {n}", "3-2-501") for n in range(FREE)] == [0.0] * FREE
    assert tries.begin("pad 9", " 03-２-0501 ") > 0
    assert tries.begin("pad 9", "3-2-502") == 0
    for _ in range(12):
        clock.now_s += LONGEST_PLACE_WAIT_S * 15
        tries.begin("pad 9", "3-2-501")
    clock.now_s += LONGEST_PLACE_WAIT_S
    assert tries.begin("pad 1", "3-2-501") > 0


def test_a_place_waits_for_what_is_tried_there_and_not_for_long() -> None:
    clock = Clock()
    tries = PinTries(clock)
    waits = []
    for number in range(30):
        clock.now_s += waits[-1] if waits else 0.0
        waits.append(tries.begin("pad", f"3-2-{number}"))
    assert max(waits) == LONGEST_PLACE_WAIT_S
    assert tries.begin("another", "3-2-1") == 0


def test_while_a_place_waits_no_household_pays_for_it() -> None:
    tries = PinTries(Clock())
    for _ in range(20):
        tries.begin("pad")
    assert [tries.begin("pad", "3-2-501") > 0 for _ in range(20)] == [True] * 20
    assert tries.begin("another", "3-2-501") == 0


def test_what_is_right_makes_good_for_what_was_wrong() -> None:
    tries = PinTries(Clock())
    for _ in range(3):
        for _ in range(FREE):
            assert tries.begin("pad", "3-2-501") == 0
        tries.right("pad", "03-02-0501")
