"""QR codes held to a camera, in drawn frames of 720p."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from enrollment.gate_code import GateCodes
from enrollment.keyring import Keyring
from gate.camera.region import Region
from gate.lane.code_reader import AGAIN_S, LOOK_EVERY_S, CodeReader
from tests.gate.lane.drawn_codes import held_up

CODES = GateCodes(Keyring(bytes(range(32))))
TEXT, NEXT = (CODES.changing("a1" * 16, step) for step in (58_000_000, 58_000_001))
OTHER = CODES.lasting("b2" * 16)


@pytest.mark.parametrize(
    "held",
    [
        {},
        {"side_px": 110},
        {"yaw": 50},
        {"pitch": 40},
        {"roll": 20, "yaw": 25},
        {"roll": 90},
        {"glare": 0.6},
        {"blur": 1.5},
        {"light": 0.3, "noise": 6},
        {"yaw": 30, "glare": 0.6, "blur": 1.0, "noise": 8},
    ],
    ids=str,
)
def test_a_phone_is_read_as_people_hold_it(held: dict[str, Any]) -> None:
    read = [CodeReader().read(held_up(TEXT, seed=seed, **held)[:, :, 1], 0.0) for seed in range(5)]
    assert read.count((TEXT,)) >= 4


def test_a_code_that_stays_in_sight_is_given_once_and_again_after_it_was_gone() -> None:
    reader, frame = CodeReader(), held_up(TEXT)[:, :, 1]
    given = [bool(reader.read(frame, at / 2)) for at in range(40)]
    assert given == [True] + [False] * 39
    nothing = np.zeros_like(frame)
    assert reader.read(nothing, 20.0) == ()
    assert reader.read(frame, 19.5 + AGAIN_S) == (TEXT,)


def test_the_next_code_of_the_same_phone_is_no_other_and_another_holders_is() -> None:
    reader = CodeReader()
    assert reader.read(held_up(TEXT)[:, :, 1], 0.0) == (TEXT,)
    assert reader.read(held_up(NEXT)[:, :, 1], 1.0) == ()
    assert reader.read(held_up(OTHER)[:, :, 1], 2.0) == (OTHER,)


def test_it_looks_no_oftener_than_needed() -> None:
    reader, nothing = CodeReader(), np.zeros((720, 1280), np.uint8)
    assert reader.read(nothing, 0.0) == ()
    assert reader.read(held_up(TEXT)[:, :, 1], LOOK_EVERY_S / 2) == ()
    assert reader.read(held_up(TEXT)[:, :, 1], LOOK_EVERY_S) == (TEXT,)


@pytest.mark.parametrize("text", ["https://pay.example/123", "MW", "mw1r" + "A" * 52])
def test_codes_that_are_not_meant_for_a_gate_are_left_alone(text: str) -> None:
    assert CodeReader().read(held_up(text)[:, :, 1], 0.0) == ()


def test_what_is_held_up_outside_of_the_region_is_not_read() -> None:
    aside = Region(((0.0, 0.0), (0.2, 0.0), (0.2, 1.0), (0.0, 1.0)))
    assert CodeReader(aside).read(held_up(TEXT)[:, :, 1], 0.0) == ()


def test_a_flood_of_codes_is_taken_a_second_apart_and_none_is_lost_that_stays() -> None:
    reader, taken = CodeReader(), []
    for number in range(12):
        text = CODES.lasting(str(number) * 32) if number < 8 else TEXT
        taken += reader.read(held_up(text)[:, :, 1], number * LOOK_EVERY_S)
    assert taken == [CODES.lasting("0" * 32), CODES.lasting("4" * 32), TEXT]
