"""From pictures to cases with fake eyes: what is embedded, what counts, what the region leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from enrollment.candidate import Subject, SubjectKind
from enrollment.gallery import Gallery, PlateBook
from gate.camera.region import Region
from gate.config import FaceLimits, PlateRules
from gate.decision.decision import FaceEvidence, PlateEvidence
from gate.face_rules import MaskLimits
from gate.lane.watching import RECHECK_S, Case, FaceWatcher, PlateWatcher, crop
from models.sighting import (
    Box,
    Embedding,
    FaceFault,
    FaceQuality,
    FaceSighting,
    Picture,
    PlateColour,
    PlateKind,
    PlateSighting,
)

PICTURE = np.zeros((720, 1280, 3), np.uint8)
GOOD = FaceQuality(0.8, 120, 0.8, 0.9, 0.9)
WHOLE = Region(())
LOWER_HALF = Region(((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))


def _unit(seed: int) -> Embedding:
    vector = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    return vector / np.linalg.norm(vector)


ANNA = _unit(1)


class _Faces:
    model_id = "fake@00000000"

    def __init__(self, boxes: Sequence[Box], quality: FaceQuality = GOOD) -> None:
        self.boxes = boxes
        self.quality = quality
        self.embedded = 0

    def find(self, picture: Picture) -> Sequence[FaceSighting]:
        offset = PICTURE.shape[0] - picture.shape[0]
        return [
            FaceSighting(box.moved(0, -offset), np.zeros((5, 2), np.float32), 0.9, self.quality) for box in self.boxes
        ]

    def embed(self, picture: Picture, faces: Sequence[FaceSighting]) -> Sequence[FaceSighting]:
        self.embedded += len(faces)
        return [replace(face, embedding=ANNA) for face in faces]


class _Plates:
    def __init__(self, sightings: Sequence[PlateSighting]) -> None:
        self.sightings = sightings

    def see(self, picture: Picture) -> Sequence[PlateSighting]:
        return self.sightings


def _gallery() -> Gallery:
    anna = Subject("r1", SubjectKind.RESIDENT, "h1")
    bert = Subject("r2", SubjectKind.RESIDENT, "h1")
    return Gallery.of("fake@00000000", [(anna, [ANNA]), (bert, [_unit(2)])])


def _watcher(faces: _Faces, region: Region = WHOLE) -> FaceWatcher:
    return FaceWatcher(faces, _gallery, "south-in", FaceLimits(accept=0.45), region)


def test_a_usable_face_becomes_evidence_with_its_candidate() -> None:
    watcher = _watcher(_Faces([Box(500, 400, 600, 520)]))
    for number in range(4):
        (case,) = watcher.look(PICTURE, number * 0.1)
    assert isinstance(case.evidence, FaceEvidence)
    assert case.evidence.frames == 4
    assert case.evidence.candidate is not None
    assert case.evidence.candidate.subject.id == "r1"
    assert (case.details["searched"], case.details["needed"]) == (2, 0.45)
    assert case.key == "r1"
    assert case.evidence.lasting_s == pytest.approx(0.3)
    assert case.track.best is not None


@pytest.mark.parametrize(
    ("box", "quality"),
    [(Box(500, 400, 530, 440), GOOD), (Box(500, 400, 600, 520), replace(GOOD, score=0.1))],
    ids=["small", "poor"],
)
def test_a_face_that_cannot_decide_is_not_even_embedded(box: Box, quality: FaceQuality) -> None:
    faces = _Faces([box], quality)
    assert _watcher(faces).look(PICTURE, 0.0) == []
    assert faces.embedded == 0


DARK = replace(GOOD, score=0.1, faults=(FaceFault.TOO_DARK, FaceFault.BLURRED))


def test_a_face_too_poor_to_go_by_says_why_and_for_how_long() -> None:
    watcher = _watcher(_Faces([Box(500, 400, 600, 520)], DARK))
    for number in range(6):
        (case,) = watcher.look(PICTURE, number * 0.5)
    assert isinstance(case.evidence, FaceEvidence)
    assert (case.evidence.frames, case.evidence.candidate) == (0, None)
    assert (case.evidence.fault, case.evidence.unclear_s) == (FaceFault.TOO_DARK, 2.5)
    assert case.details["fault"] == "too_dark"
    assert case.track.best is not None


@pytest.mark.parametrize(
    "hidden", [{"faults": (FaceFault.COVERED,)}, {"mouth_hidden": True}], ids=["cover", "no mouth"]
)
def test_a_covered_face_that_is_good_otherwise_is_counted_and_still_evidence(hidden: dict[str, Any]) -> None:
    watcher = _watcher(_Faces([Box(500, 400, 600, 520)], replace(GOOD, **hidden)))
    for number in range(4):
        (case,) = watcher.look(PICTURE, number * 0.1)
    assert isinstance(case.evidence, FaceEvidence)
    assert (case.evidence.frames, case.evidence.covered, case.evidence.fault) == (4, 4, None)


class _Masked(_Faces):
    """Faces that are like nobody as they are, and like Anna above the mask."""

    def embed(self, picture: Picture, faces: Sequence[FaceSighting]) -> Sequence[FaceSighting]:
        worn = [face.quality.mouth_hidden for face in faces]
        return [
            replace(face, embedding=_unit(3), upper=ANNA if masked else None)
            for face, masked in zip(faces, worn, strict=True)
        ]


WORN = replace(GOOD, mouth_hidden=True)
MASKS = FaceLimits(accept=0.45, masked=MaskLimits(accept=0.5, far_1e_4=0.4, per_decade=0.1))


def _seen(faces: _Faces, limits: FaceLimits, masked: Sequence[bool]) -> Case:
    watcher = FaceWatcher(faces, _gallery, "south-in", limits, WHOLE)
    for number, worn in enumerate(masked):
        faces.quality = replace(GOOD, mouth_hidden=worn)
        (case,) = watcher.look(PICTURE, number * 0.1)
    return case


def test_who_wears_a_mask_is_known_by_what_shows_above_it() -> None:
    case = _seen(_Masked([Box(500, 400, 600, 520)]), MASKS, [True] * 4)
    assert isinstance(case.evidence, FaceEvidence)
    assert case.evidence.candidate is not None
    assert (case.evidence.masked, case.evidence.candidate.subject.id, case.key) == (True, "r1", "r1")
    assert (case.details["masked"], case.details["needed"]) == (True, 0.5)


@pytest.mark.parametrize(
    ("limits", "masked"),
    [(MASKS, [True, True, False, False]), (MASKS, [False] * 4), (FaceLimits(accept=0.45), [True] * 4)],
    ids=["half of the sightings", "no mask", "switched off"],
)
def test_a_bare_face_is_judged_as_a_whole(limits: FaceLimits, masked: Sequence[bool]) -> None:
    case = _seen(_Masked([Box(500, 400, 600, 520)]), limits, masked)
    assert isinstance(case.evidence, FaceEvidence)
    assert (case.evidence.masked, case.key) == (False, None)


def test_who_is_known_in_spite_of_a_mask_is_not_looked_at_twice() -> None:
    case = _seen(_Faces([Box(500, 400, 600, 520)]), MASKS, [True] * 4)
    assert isinstance(case.evidence, FaceEvidence)
    assert (case.evidence.masked, case.key) == (False, "r1")


def test_two_who_are_too_alike_are_not_told_apart_by_what_shows_above_a_mask() -> None:
    twins = [(Subject(f"t{number}", SubjectKind.RESIDENT, "h1"), [_unit(3)]) for number in range(2)]
    anna = Subject("r1", SubjectKind.RESIDENT, "h2")
    gallery = Gallery.of("fake@00000000", [*twins, (anna, [ANNA])])
    watcher = FaceWatcher(_Masked([Box(500, 400, 600, 520)], WORN), lambda: gallery, "south-in", MASKS, WHOLE)
    for number in range(4):
        (case,) = watcher.look(PICTURE, number * 0.1)
    assert isinstance(case.evidence, FaceEvidence)
    assert case.evidence.candidate is not None
    assert (case.evidence.masked, case.evidence.candidate.margin) == (False, 0.0)


@pytest.mark.parametrize(
    ("box", "quality"),
    [
        (Box(500, 400, 530, 440), DARK),
        (Box(500, 400, 600, 520), replace(DARK, faults=(FaceFault.TOO_DARK, FaceFault.TURNED))),
        (Box(500, 400, 600, 520), replace(DARK, faults=(FaceFault.CUT_OFF,))),
    ],
    ids=["far away", "looking elsewhere", "half out of the picture"],
)
def test_who_does_not_ask_to_come_in_is_not_asked_about(box: Box, quality: FaceQuality) -> None:
    watcher = _watcher(_Faces([box], quality))
    assert all(watcher.look(PICTURE, number * 0.5) == [] for number in range(20))


def test_a_decided_face_is_looked_at_again_only_now_and_then() -> None:
    faces = _Faces([Box(500, 400, 600, 520)])
    watcher = _watcher(faces)
    (case,) = watcher.look(PICTURE, 0.0)
    case.track.decided = case.track.settled = True
    for number in range(1, 5):
        assert watcher.look(PICTURE, number * RECHECK_S / 5) == []
    assert faces.embedded == 1
    assert watcher.look(PICTURE, RECHECK_S) == []
    assert faces.embedded == 2


def test_who_comes_beside_a_decided_face_is_looked_at_at_once() -> None:
    first, second = Box(500, 400, 600, 520), Box(610, 400, 710, 520)
    faces = _Faces([first])
    watcher = _watcher(faces)
    (case,) = watcher.look(PICTURE, 0.0)
    case.track.decided = case.track.settled = True
    faces.boxes = [second, first]
    assert [case.track.box for case in watcher.look(PICTURE, 0.1)] == [second]
    assert faces.embedded == 2


def test_who_was_let_in_and_comes_again_is_looked_at_in_every_picture() -> None:
    faces = _Faces([Box(500, 400, 600, 520)])
    watcher = _watcher(faces)
    (case,) = watcher.look(PICTURE, 0.0)
    case.track.decided = case.track.settled = True
    faces.boxes = []
    for at_s in (1.0, 2.0, 3.0):
        watcher.look(PICTURE, at_s)
    faces.boxes = [Box(500, 400, 600, 520)]
    for number in range(1, 4):
        (case,) = watcher.look(PICTURE, 20 + number * 0.04)
        assert (case.evidence.frames, case.track.again) == (number, True)


class _FarFaces(_Faces):
    """A face that is found in every other of the whole pictures, and always in the part of one that is around it."""

    def __init__(self, box: Box) -> None:
        super().__init__([box])
        self.wholes = 0
        self.parts = 0
        self.outside = False

    def find(self, picture: Picture) -> Sequence[FaceSighting]:
        if picture.shape == PICTURE.shape:
            self.wholes += 1
            return super().find(picture) if self.wholes % 2 else []
        self.parts += 1
        (box,) = self.boxes
        side = picture.shape[0]
        beyond = side if self.outside else 0.0
        middle = Box(0, 0, box.width, box.height).moved((side - box.width) / 2, (side - box.height) / 2)
        middle = Box(middle.left, middle.top, middle.right + beyond * 8, middle.bottom + beyond * 8)
        return [FaceSighting(middle, np.zeros((5, 2), np.float32), 0.9, self.quality)]


def test_who_is_missed_in_a_picture_is_looked_for_where_they_were_until_they_are_decided() -> None:
    faces = _FarFaces(Box(500, 400, 540, 450))
    watcher = _watcher(faces)
    for number in range(1, 5):
        (case,) = watcher.look(PICTURE, number * 0.04)
        assert isinstance(case.evidence, FaceEvidence)
        assert (case.evidence.frames, case.track.id) == (number, 1)
        assert case.track.box.overlap(Box(500, 400, 540, 450)) > 0.9
    assert faces.parts == 2
    case.track.decided = case.track.settled = True
    for number in range(5, 9):
        watcher.look(PICTURE, number * 0.04)
    assert faces.parts == 2


def test_who_walks_out_of_the_region_is_not_found_again_beyond_it() -> None:
    corner = Region(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    faces = _FarFaces(Box(500, 250, 540, 300))
    watcher = _watcher(faces, corner)
    assert len(watcher.look(PICTURE, 0.04)) == 1
    faces.outside = True
    assert watcher.look(PICTURE, 0.08) == []
    assert faces.parts == 1


def test_nobody_is_looked_for_again_who_was_never_usable_or_near_or_is_gone_for_long() -> None:
    far = _FarFaces(Box(500, 400, 540, 450))
    far.quality = replace(GOOD, score=0.1)
    watcher = _watcher(far)
    for number in range(4):
        watcher.look(PICTURE, number * 0.04)
    assert far.parts == 0
    for box, later_s in ((Box(500, 400, 540, 450), 5.0), (Box(500, 400, 600, 520), 0.04)):
        near = _FarFaces(box)
        watcher = _watcher(near)
        watcher.look(PICTURE, 0.0)
        watcher.look(PICTURE, later_s)
        assert near.parts == 0


def test_a_face_outside_the_region_is_not_there() -> None:
    faces = _Faces([Box(500, 100, 600, 220), Box(500, 500, 600, 620)])
    (case,) = _watcher(faces, LOWER_HALF).look(PICTURE, 0.0)
    assert case.track.box == Box(500, 140, 600, 260)


def _plate(text: str, kind: PlateKind | None = PlateKind.CAR) -> PlateSighting:
    corners = np.zeros((4, 2), np.float32)
    return PlateSighting(Box(600, 500, 720, 540), corners, 1, 0.9, text, (0.97,) * len(text), PlateColour.BLUE, kind)


def test_a_plate_is_looked_up_by_the_winner_of_the_vote() -> None:
    car = Subject("v1", SubjectKind.VEHICLE, "h1")
    watcher = PlateWatcher(_Plates([_plate("辽A12345")]), lambda: PlateBook({"辽A12345": car}), PlateRules(), WHOLE)
    (case,) = watcher.look(PICTURE, 0.0)
    assert isinstance(case.evidence, PlateEvidence)
    assert case.evidence.subject == car
    assert case.key == "辽A12345"
    assert case.details["plate"] == "辽A12345"


def test_a_plate_read_both_ways_is_looked_up_by_its_lookalike_and_says_so() -> None:
    car = Subject("v1", SubjectKind.VEHICLE, "h1")
    eyes = _Plates([])
    watcher = PlateWatcher(eyes, lambda: PlateBook({"辽A12B45": car}), PlateRules(), WHOLE)
    for number, text in enumerate(["辽A12845", "辽A12B45", "辽A12845", "辽A12B45", "辽A12845"]):
        eyes.sightings = [_plate(text)]
        (case,) = watcher.look(PICTURE, number * 0.1)
    assert isinstance(case.evidence, PlateEvidence)
    assert case.evidence.subject == car
    assert case.evidence.doubt is not None
    assert (case.evidence.text, case.key) == ("辽A12845", "辽A12B45")
    assert case.details["doubt"]["position"] == 5
    assert (case.details["doubt"]["read"], case.details["doubt"]["enrolled"]) == ("8", "B")


def test_what_is_no_plate_finds_nobody() -> None:
    book = PlateBook({"辽A1": Subject("v1", SubjectKind.VEHICLE, "h1")})
    (case,) = PlateWatcher(_Plates([_plate("辽A1", None)]), lambda: book, PlateRules(), WHOLE).look(PICTURE, 0.0)
    assert isinstance(case.evidence, PlateEvidence)
    assert case.evidence.subject is None
    assert case.evidence.kind is None
    assert case.key is None


def test_a_crop_is_cut_at_the_border() -> None:
    picture = np.arange(100 * 100 * 3, dtype=np.uint8).reshape(100, 100, 3)
    piece = crop(picture, Box(0, 0, 50, 50), across=1, up=1, down=0)
    assert piece.shape == (51, 100, 3)
    assert not np.shares_memory(piece, picture)
