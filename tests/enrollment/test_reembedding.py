from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from sqlalchemy import Engine

from enrollment.act import Act
from enrollment.consent import Purpose
from enrollment.errors import PhotoRefused
from enrollment.faces import FacePhoto
from enrollment.form import PersonForm
from enrollment.gallery import load_gallery
from enrollment.keyring import Keyring
from enrollment.photo import KEPT_SIDE_PX, face_jpeg
from enrollment.register import Register
from models.sighting import Box, FaceSighting
from tests.consents import FACE

MakeFace = Callable[..., FaceSighting]
JPEG = b"\xff\xd8\xff of person %d"


@pytest.fixture
def people(register: Register, make_face: MakeFace) -> dict[str, str]:
    """One who lets the photo be kept, one who does not, and one of the new model already."""
    added = {}
    for seed, (name, keep, model) in enumerate([("张三", True, "old"), ("李四", False, "old"), ("王五", True, "new")]):
        photo = FacePhoto(make_face(seed), model, JPEG % seed)
        form = PersonForm.of(name, f"1-1-{seed}")
        added[name] = register.enrol(form, "t", [replace(FACE, keep_photo=keep)], photo).id
    return added


def test_a_photo_is_kept_where_the_consent_says_so_and_nowhere_else(register: Register, people: dict[str, str]) -> None:
    kept = {name: register.reembedding.photos(id_) for name, id_ in people.items()}
    assert kept == {"张三": (JPEG % 0,), "李四": (), "王五": (JPEG % 2,)}
    register.consents.give(people["张三"], [FACE], "t")
    assert register.reembedding.photos(people["张三"]) == ()


def test_another_model_takes_over_whose_photos_are_kept_and_names_the_others(
    register: Register, engine: Engine, keyring: Keyring, people: dict[str, str], acts: list[Act], make_face: MakeFace
) -> None:
    asked: list[bytes] = []

    def embed(jpeg: bytes) -> FaceSighting:
        asked.append(jpeg)
        return make_face(70)

    done = register.reembedding.run("new", embed, "t")
    assert (done.residents, [one.name for one in done.must_come], asked) == (1, ["李四"], [JPEG % 0])
    assert {subject.id for subject in load_gallery(engine, keyring, "new").subjects} == {people["张三"], people["王五"]}
    assert [one.id for one in load_gallery(engine, keyring, "old").subjects] == [people["李四"]]
    assert acts[-1].kind == "resident.face_reembedded"
    again = register.reembedding.run("new", embed, "t")
    assert (again.residents, len(asked)) == (0, 1)


def test_a_photo_that_the_model_cannot_go_by_asks_for_a_new_one(register: Register, people: dict[str, str]) -> None:
    def refuse(_jpeg: bytes) -> FaceSighting:
        raise PhotoRefused("photo.no_face")

    done = register.reembedding.run("new", refuse, "t")
    assert (done.residents, len(done.must_come)) == (0, 2)
    assert {one.templates for one in register.residents()} == {1}


def test_whoever_withdrew_is_not_carried_over(register: Register, people: dict[str, str], make_face: MakeFace) -> None:
    register.consents.withdraw(people["张三"], Purpose.FACE_ENTRY, "t")
    done = register.reembedding.run("new", lambda _jpeg: make_face(70), "t")
    assert (done.residents, [one.name for one in done.must_come]) == (0, ["李四"])


@pytest.mark.parametrize("height", [100, 700])
def test_no_more_of_a_photo_is_kept_than_the_square_around_the_face(make_face: MakeFace, height: int) -> None:
    picture = np.full((1000, 1500, 3), 90, np.uint8)
    picture[:, :20] = 255
    face = replace(make_face(1), box=Box(700, 200, 700 + height * 0.8, 200 + height))
    kept = cv2.imdecode(np.frombuffer(face_jpeg(picture, face), np.uint8), cv2.IMREAD_COLOR)
    assert kept is not None
    assert max(kept.shape[:2]) == min(KEPT_SIDE_PX, round(1.7 * height))
    assert kept.max() < 110
