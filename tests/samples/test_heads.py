"""Heads are cut out clean, and each enrolment photo shows one face that is good enough to enrol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.open import open_face_recogniser
from models.roles import FaceRecogniser
from models.store import Store
from samples.compound import PEOPLE, Person
from samples.heads import cut_head, enrolment_photo

RESIDENTS = [person for person in PEOPLE if person.enrolled]


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.slug)
def test_a_head_is_solid_in_the_middle_and_transparent_at_the_edge(person: Person) -> None:
    head = cut_head(person.looks.likeness)
    x, y = (round(at) for at in head.centre)
    assert head.sprite[y, x, 3] == 255
    assert head.sprite[0, 0, 3] == 0
    assert (head.sprite[..., :3] <= head.sprite[..., 3:]).all()
    assert head.face_px == person.looks.likeness.box.height


def test_the_photographs_are_not_changed_by_cutting() -> None:
    likeness = PEOPLE[0].looks.likeness
    before = enrolment_photo(likeness)
    before_copy = before.copy()
    before[:] = 0
    cut_head(likeness)
    assert np.array_equal(enrolment_photo(likeness), before_copy)


@pytest.fixture(scope="module")
def recogniser(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> FaceRecogniser:
    store = Store(tmp_path_factory.mktemp("weights"), environment={"GATE_MODELS_MIRROR": str(mirror)})
    return open_face_recogniser("yunet-s", "mobilefacenet", store)


@pytest.mark.parametrize("person", RESIDENTS, ids=lambda person: person.slug)
def test_an_enrolment_photo_shows_one_good_face(person: Person, recogniser: FaceRecogniser) -> None:
    (face,) = recogniser.find(enrolment_photo(person.looks.likeness))
    assert face.box.height >= 112
    assert face.quality.faults == ()


def test_no_two_of_the_sample_people_look_alike(recogniser: FaceRecogniser) -> None:
    rows = []
    for person in PEOPLE:
        photo = enrolment_photo(person.looks.likeness)
        (face,) = recogniser.embed(photo, recogniser.find(photo))
        rows.append(face.embedding)
    scores = np.array(rows) @ np.array(rows).T - np.eye(len(rows))
    assert scores.max() < 0.35
