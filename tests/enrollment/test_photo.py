from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from enrollment.errors import PhotoRefused
from enrollment.photo import face_photo, judge, look
from models.sighting import Embedding, FaceFault, FaceSighting, Picture

PICTURE = np.zeros((480, 640, 3), np.uint8)
MakeFace = Callable[..., FaceSighting]


class FakeRecogniser:
    model_id = "fake-1"

    def __init__(self, faces: Sequence[FaceSighting], embedding: Embedding | None) -> None:
        self.faces = faces
        self.embedding = embedding
        self.embedded = 0

    def find(self, picture: Picture) -> Sequence[FaceSighting]:
        return self.faces

    def embed(self, picture: Picture, faces: Sequence[FaceSighting]) -> Sequence[FaceSighting]:
        self.embedded += len(faces)
        return [replace(face, embedding=self.embedding) for face in faces]


@pytest.fixture
def embedding(unit: Callable[[int], Embedding]) -> Embedding:
    return unit(1)


def test_one_good_face_comes_back_embedded(make_face: MakeFace, embedding: Embedding) -> None:
    face = make_face(height=80)
    recogniser = FakeRecogniser([face], embedding)
    judged = judge(recogniser, PICTURE)
    assert judged.box == face.box
    assert judged.embedding is embedding


def test_people_in_the_background_do_not_count(make_face: MakeFace, embedding: Embedding) -> None:
    recogniser = FakeRecogniser([make_face(height=79, left=300), make_face(height=200)], embedding)
    assert judge(recogniser, PICTURE).box.height == 200
    assert recogniser.embedded == 1


@pytest.mark.parametrize(
    ("heights", "faults", "code", "facts"),
    [
        ([], (), "photo.no_face", {}),
        ([200, 80], (), "photo.several_faces", {"faces": 2}),
        ([200, 190, 79, 90], (), "photo.several_faces", {"faces": 3}),
        ([79], (), "photo.too_small", {"height": 79, "needed": 80}),
        ([79], (FaceFault.TOO_SMALL, FaceFault.BLURRED), "photo.too_small", {"height": 79, "needed": 80}),
        ([160], (FaceFault.BLURRED,), "photo.blurred", {}),
        ([160], (FaceFault.TURNED, FaceFault.BLURRED), "photo.turned", {}),
        ([160], (FaceFault.TOO_SMALL, FaceFault.TOO_DARK), "photo.too_dark", {}),
        ([160], (FaceFault.TOO_BRIGHT,), "photo.too_bright", {}),
        ([160], (FaceFault.CUT_OFF,), "photo.cut_off", {}),
    ],
)
def test_a_poor_photo_is_refused_for_its_worst_fault_before_it_is_embedded(
    make_face: MakeFace,
    embedding: Embedding,
    heights: list[float],
    faults: tuple[FaceFault, ...],
    code: str,
    facts: dict[str, object],
) -> None:
    recogniser = FakeRecogniser([make_face(height=height, faults=faults) for height in heights], embedding)
    with pytest.raises(PhotoRefused) as refused:
        judge(recogniser, PICTURE)
    assert (refused.value.code, refused.value.facts) == (code, facts)
    assert recogniser.embedded == 0


def test_every_fault_of_a_face_is_a_refusal_or_measured_here(make_face: MakeFace, embedding: Embedding) -> None:
    for fault in set(FaceFault) - {FaceFault.TOO_SMALL}:
        with pytest.raises(PhotoRefused, match=rf"photo\.{fault}"):
            judge(FakeRecogniser([make_face(height=160, faults=(fault,))], embedding), PICTURE)


def test_a_recogniser_that_embeds_nothing_enrols_nobody(make_face: MakeFace) -> None:
    with pytest.raises(ValueError, match="embed"):
        judge(FakeRecogniser([make_face(height=160)], None), PICTURE)


def test_looking_computes_nothing_that_anybody_could_be_known_by(make_face: MakeFace, embedding: Embedding) -> None:
    recogniser = FakeRecogniser([make_face(height=80)], embedding)
    assert look(recogniser, PICTURE).embedding is None
    assert recogniser.embedded == 0


def test_a_shrunk_picture_is_judged_as_the_photo_that_it_stands_for(make_face: MakeFace) -> None:
    recogniser = FakeRecogniser([make_face(height=50)], None)
    assert look(recogniser, PICTURE, shrunk=0.5).box.height == 50
    with pytest.raises(PhotoRefused) as refused:
        look(recogniser, PICTURE, shrunk=0.7)
    assert refused.value.facts == {"height": 71, "needed": 80}


def test_a_photo_gives_the_face_and_its_little_picture(make_face: MakeFace, embedding: Embedding) -> None:
    photo = face_photo(FakeRecogniser([make_face(height=160)], embedding), PICTURE)
    assert photo.face.embedding is embedding
    assert photo.model_id == "fake-1"
    assert photo.jpeg is not None
    assert photo.jpeg.startswith(b"\xff\xd8")
