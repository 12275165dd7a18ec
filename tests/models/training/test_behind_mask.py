"""The map is found where there is one, and its thresholds let no more strangers pass than is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.face.behind_mask import through
from models.training.behind_mask import Looks, drawn, exam, fit, ridge
from models.training.face_photos import Photo, Photos

SIZE, PEOPLE, EACH = 8, 60, 4


def _looks(seed: int) -> Looks:
    """People in space; what a mask leaves of them is turned, and above it less is seen."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(SIZE, SIZE)))[0]
    who = np.repeat(rng.normal(size=(PEOPLE, SIZE)), EACH, 0)
    bare = who + 0.25 * rng.normal(size=who.shape)
    bare /= np.linalg.norm(bare, axis=1, keepdims=True)
    whole = bare @ turn + 0.2 * rng.normal(size=who.shape)
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)
    people = np.repeat([f"person {number}" for number in range(PEOPLE)], EACH)
    return Looks(*(rows.astype(np.float32) for rows in (bare, whole, 0.5 * whole)), people)


def _own(looks: Looks, mapped: np.ndarray) -> float:
    rows = through(mapped, looks.whole, looks.above)
    return float(((rows / np.linalg.norm(rows, axis=1, keepdims=True)) * looks.bare).sum(1).mean())


def test_the_map_undoes_what_the_mask_does_to_people_that_it_never_saw() -> None:
    learned, asked = _looks(1), _looks(2)
    mapped = fit(learned, np.random.default_rng(1))
    assert mapped.shape == (2 * SIZE + 1, SIZE)
    assert _own(asked, mapped) > 0.8 > 0.5 > float((asked.whole * asked.bare).sum(1).mean())


def test_sharpening_tells_more_people_apart() -> None:
    learned, asked = _looks(1), _looks(2)
    blunt, sharp = ridge(learned), fit(learned, np.random.default_rng(1))
    before, after = (exam(asked, mapped, {1e-2: 2.0})[0].mapped for mapped in (blunt, sharp))
    assert after >= before - 0.005


@pytest.mark.parametrize("plain", [0.4, 0.9, 2.0], ids=["too low", "some", "none by the whole face"])
def test_the_share_of_strangers_that_either_look_takes_for_somebody_is_the_one_asked_for(plain: float) -> None:
    looks = _looks(3)
    mapped = ridge(looks)
    (rate,) = exam(looks, mapped, {1e-2: plain})
    rows = through(mapped, looks.whole, looks.above)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    strangers = looks.people[:, None] != looks.people
    by_whole = looks.whole @ looks.bare.T >= plain
    passing = ((rows @ looks.bare.T > rate.cosine) | by_whole)[strangers].mean()
    assert passing <= max(1e-2, by_whole[strangers].mean()) + 1e-4


def test_a_lot_draws_so_many_photographs_and_the_same_ones_again() -> None:
    photos = Photos(tuple(Photo("anna", Path(f"{number}.jpg")) for number in range(9)), ())
    first, again = (drawn(photos, 4, np.random.default_rng(1)).photos for _ in range(2))
    assert first == again
    assert len(first) == 4
    assert drawn(photos, 99, np.random.default_rng(1)) == photos
