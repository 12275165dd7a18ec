from pathlib import Path

import numpy as np
import pytest

from models.plate.slots import SLOTS, SYMBOLS
from models.training import plate_pool
from models.training.plate_pool import Source, example, read_shard, slots_of, write_shard
from tests.models.training.conftest import Drawing


def test_slots_hold_the_text_and_then_nothing() -> None:
    classes = slots_of("苏A12345")
    assert "".join(SYMBOLS[one] for one in classes[:7]) == "苏A12345"
    assert list(classes[7:]) == [0] * (SLOTS - 7)


def test_an_example_depends_on_its_seed_alone(drawing: Drawing) -> None:
    source = Source(drawing.folder, drawing.corners)
    for seed in range(30):
        picture, text, colour = example(source, seed)
        again, same, paint = example(source, seed)
        assert (text, colour) == (same, paint)
        assert np.array_equal(picture, again)


def test_a_shard_that_is_there_is_not_made_again(
    drawing: Drawing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plate_pool, "SHARD", 5)
    source = Source(drawing.folder, drawing.corners)
    file = write_shard(source, tmp_path, 3)
    shard = read_shard(file)
    assert shard.pictures.shape == (5, 48, 160, 3)
    assert shard.slots.shape == (5, SLOTS)
    before = file.stat().st_mtime_ns
    assert write_shard(source, tmp_path, 3).stat().st_mtime_ns == before
    assert not list(tmp_path.glob("*.part"))
