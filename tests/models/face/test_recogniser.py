from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from models.face.alignment import TEMPLATE
from models.face.behind_mask import UpperFace
from models.face.recogniser import FacePipeline, cut, spread
from models.roles import FoundFace
from models.sighting import Box, Embedding, Picture, Points

UPPER = np.eye(5, 2)
PICTURE = np.random.default_rng(2).integers(0, 255, (300, 400, 3), np.uint8)


def _face(x: float, y: float, size: float, landmarks: Points | None = None) -> FoundFace:
    marks = TEMPLATE / 112 * size + np.array([x, y], np.float32) if landmarks is None else landmarks
    return FoundFace(Box(x, y, x + size, y + size), marks.astype(np.float32), 0.9)


@dataclass
class Finder:
    """Finds what it is told to, and keeps the shapes it was given."""

    faces: Sequence[FoundFace]
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    scaled: float = 1.0

    def find(self, picture: Picture) -> Sequence[FoundFace]:
        self.shapes.append(picture.shape)
        return self.faces

    def scale(self, picture: Picture) -> float:
        return self.scaled


class Embedder:
    """Gives every face the same direction."""

    model_id = "toy@00000000"
    size = 2

    def embed(self, aligned: Sequence[Picture]) -> Sequence[Embedding]:
        assert all(face.shape == (112, 112, 3) for face in aligned)
        return [np.array([1, 0], np.float32) for _ in aligned]


def _pipeline(
    faces: Sequence[FoundFace], closer: Sequence[FoundFace] = (), scaled: float = 1.0
) -> tuple[FacePipeline, Finder]:
    looking = Finder(closer, scaled=scaled)
    return FacePipeline(Finder(faces), looking, Embedder()), looking


def test_only_a_face_whose_mouth_is_hidden_is_also_judged_by_what_shows_above_it() -> None:
    bare, masked = (np.full((300, 400, 3), 90, np.uint8) for _ in range(2))
    bare[100:220:4] = 220
    pipeline = FacePipeline(Finder([_face(100, 100, 112)]), Finder([]), Embedder(), upper=UpperFace(Embedder(), UPPER))
    for picture, hidden in ((bare, False), (masked, True)):
        (face,) = pipeline.embed(picture, pipeline.find(picture))
        assert face.quality.mouth_hidden == hidden
        assert (face.upper is not None) == hidden


def test_faces_come_largest_first_and_not_embedded() -> None:
    pipeline, _ = _pipeline([_face(10, 10, 40), _face(100, 20, 120), _face(250, 30, 80)])
    found = pipeline.find(PICTURE)
    assert [face.box.width for face in found] == [120, 80, 40]
    assert all(face.embedding is None for face in found)
    assert pipeline.model_id == "toy@00000000"


def test_a_face_whose_landmarks_are_one_spot_is_left_out() -> None:
    nowhere = _face(10, 10, 50, np.full((5, 2), 30, np.float32))
    broken = _face(80, 10, 50, np.full((5, 2), np.nan, np.float32))
    pipeline, _ = _pipeline([nowhere, broken, _face(200, 100, 60)])
    assert [face.box.left for face in pipeline.find(PICTURE)] == [200]


@pytest.mark.parametrize(("scaled", "mended_px"), [(1.0, 2.0), (3.0, 3.0), (1 / 3, 1.0)])
def test_the_closer_look_mends_the_landmarks_the_more_the_larger_it_sees_them(scaled: float, mended_px: float) -> None:
    # The face stands at (100, 80) with 60 px; 1.8 times that around its middle begins at (76, 56).
    seen_again = _face(28, 28, 60)
    pipeline, closer = _pipeline([_face(100, 80, 60)], [seen_again], scaled)
    (face,) = pipeline.embed(PICTURE, pipeline.find(PICTURE))
    assert closer.shapes == [(108, 108, 3)]
    first = TEMPLATE / 112 * 60 + [100, 80]
    assert np.allclose(face.landmarks, first + mended_px, atol=1e-3)
    assert face.landmarks.dtype == np.float32
    assert face.embedding is not None


def test_somebody_else_in_the_closer_look_is_not_taken_for_the_face() -> None:
    pipeline, _ = _pipeline([_face(100, 80, 60)], [_face(0, 0, 30)])
    (before,) = pipeline.find(PICTURE)
    (after,) = pipeline.embed(PICTURE, [before])
    assert np.array_equal(after.landmarks, before.landmarks)


def test_no_faces_need_no_closer_look() -> None:
    pipeline, closer = _pipeline([])
    assert list(pipeline.embed(PICTURE, pipeline.find(PICTURE))) == []
    assert closer.shapes == []


def test_a_cut_stays_within_the_picture() -> None:
    for box in (Box(-50, -50, 20, 20), Box(390, 290, 460, 360), Box(-500, 0, -400, 50), Box(0, 0, 400, 300)):
        crop, left, top = cut(PICTURE, box, 2.0)
        height, width = crop.shape[:2]
        assert height >= 1
        assert width >= 1
        assert np.array_equal(crop, PICTURE[top : top + height, left : left + width])


def test_landmarks_must_stand_apart() -> None:
    assert spread(TEMPLATE)
    assert not spread(TEMPLATE / 100)
