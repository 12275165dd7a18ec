from __future__ import annotations

import numpy as np
import pytest

from gate.camera.stillness import MEMORY, Stillness
from models.sighting import Picture


def noisy(seed: int) -> Picture:
    return np.random.default_rng(seed).integers(0, 5, (48, 64, 3)).astype(np.uint8)


def test_a_live_sensor_is_never_still() -> None:
    stillness = Stillness()
    assert [stillness.lasting_s(noisy(second), second) for second in range(300)] == [0.0] * 300


@pytest.mark.parametrize("group", [1, 2, 10, MEMORY])
def test_a_group_of_pictures_that_repeats_itself_is_still(group: int) -> None:
    stillness = Stillness()
    times = range(3 * group)
    lasting = [stillness.lasting_s(noisy(number % group), number) for number in times]
    assert lasting[:group] == [0.0] * group
    assert lasting[-1] == times[-1] - (group - 1)


def test_a_new_picture_ends_the_stillness() -> None:
    stillness = Stillness()
    stillness.lasting_s(noisy(1), 0.0)
    assert stillness.lasting_s(noisy(1), 9.0) == 9.0
    assert stillness.lasting_s(noisy(2), 10.0) == 0.0
    assert stillness.lasting_s(noisy(2), 11.0) == 1.0


def test_the_memory_is_bounded() -> None:
    stillness = Stillness()
    for number in range(MEMORY + 1):
        stillness.lasting_s(noisy(number), number)
    assert stillness.lasting_s(noisy(0), 1000.0) == 0.0
