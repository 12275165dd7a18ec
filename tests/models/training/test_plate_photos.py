import numpy as np

from models.training.plate_photos import Collages, photos, straight
from models.training.split import is_held_out
from tests.models.training.conftest import Drawing


def test_what_is_held_out_never_comes_out_for_learning(drawing: Drawing) -> None:
    learned = photos(drawing.folder, drawing.corners, held_out=False)
    kept = photos(drawing.folder, drawing.corners, held_out=True)
    assert sorted(photo.text for photo in learned) == sorted(drawing.learned)
    assert all(is_held_out(photo.text, "plates") for photo in kept)
    assert len(learned) + len(kept) == 30


def test_a_photograph_that_is_gone_is_left_out(drawing: Drawing) -> None:
    every = [*photos(drawing.folder, drawing.corners, held_out=False)]
    every += photos(drawing.folder, drawing.corners, held_out=True)
    assert "苏AD12345" not in {photo.text for photo in every}


def test_a_plate_is_turned_straight_by_its_corners(drawing: Drawing) -> None:
    scene = next(p for p in photos(drawing.folder, drawing.corners, held_out=False) if p.file.parent.name == "scenes")
    plate = straight(scene)
    assert plate.shape == (84, 264, 3)
    blue, _, red = plate.reshape(-1, 3).mean(0)
    assert blue > red + 30, "what was cut out is the blue plate"


def test_a_collage_says_what_stands_on_it(drawing: Drawing) -> None:
    collages = Collages(photos(drawing.folder, drawing.corners, held_out=False))
    for seed in range(40):
        plate, drawn = collages.make(np.random.default_rng(seed))
        assert plate.dtype == np.uint8
        assert drawn.rows == 1
        assert 7 <= len(drawn.text) <= 8
        again, same = collages.make(np.random.default_rng(seed))
        assert same == drawn
        assert np.array_equal(plate, again)
