from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from enrollment.photo import judge
from models.open import open_face_recogniser
from models.store import Store
from samples.heads import FIRST_MAN, FIRST_WOMAN
from samples.webcam import HEIGHT, RATE, WIDTH, webcam_frames, write_webcam


def test_the_same_seed_draws_the_same_pictures_and_they_move() -> None:
    one, again = (list(webcam_frames(FIRST_MAN, 0.5, np.random.default_rng(1))) for _ in range(2))
    assert len(one) == RATE // 2
    assert {frame.shape for frame in one} == {(HEIGHT, WIDTH, 3)}
    assert all((a == b).all() for a, b in zip(one, again, strict=True))
    assert not (one[0] == one[-1]).all()


def test_the_film_is_one_jpeg_after_the_other(tmp_path: Path) -> None:
    write_webcam(tmp_path / "webcam.mjpeg", FIRST_MAN, 0.5, 1)
    film = (tmp_path / "webcam.mjpeg").read_bytes()
    assert film.startswith(b"\xff\xd8\xff")
    assert film.count(b"\xff\xd8\xff") == RATE // 2


@pytest.mark.starter
def test_who_sits_there_is_known_again_and_told_from_another() -> None:
    recogniser = open_face_recogniser("starter-face-finder", "starter-face-embedder", Store())
    seen = [
        judge(recogniser, next(webcam_frames(likeness, 1.0, np.random.default_rng(seed)))).embedding
        for likeness, seed in ((FIRST_MAN, 1), (FIRST_MAN, 2), (FIRST_WOMAN, 3))
    ]
    same, other = (float(np.dot(seen[0], face)) for face in seen[1:] if face is not None)
    assert same > 0.9
    assert other < 0.5
