"""YuNet and SCRFD on the same faces: a group photograph that comes inside a package."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from insightface.data import get_image
from insightface.model_zoo.scrfd import SCRFD as TheirSCRFD

from models.catalog import Program, catalog
from models.errors import ModelCorrupt
from models.face.scrfd import SCRFD
from models.face.yunet import YuNet
from models.mirror import FolderMirror
from models.session import Session
from models.sighting import Picture

FINDERS = {Program.YUNET: YuNet, Program.SCRFD: SCRFD}
NAMES = ["yunet-s", "yunet-n", "yunet-2023mar", "scrfd-500m", "scrfd-2.5g"]
Finder = YuNet | SCRFD


@pytest.fixture(scope="module")
def group() -> Picture:
    return np.asarray(get_image("t1"), dtype=np.uint8)


@pytest.fixture(scope="module")
def finders(mirror: Path) -> dict[str, Finder]:
    opened: dict[str, Finder] = {}
    for name in NAMES:
        model = catalog().model(name)
        file = FolderMirror(mirror).find(model.content)
        assert file, name
        opened[name] = FINDERS[model.program](Session(file.read_bytes(), name), model.normalisation)
    return opened


@pytest.mark.parametrize("name", NAMES)
def test_six_people_are_six_faces(finders: dict[str, Finder], group: Picture, name: str) -> None:
    faces = finders[name].find(group)
    assert len(faces) == 6
    assert [face.found for face in faces] == sorted((face.found for face in faces), reverse=True)
    for face in faces:
        left, right, nose, mouth_left, mouth_right = face.landmarks
        assert left[0] < right[0]
        assert mouth_left[0] < mouth_right[0]
        assert max(left[1], right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
        assert (face.landmarks[:, 0] > face.box.left).all()
        assert (face.landmarks[:, 0] < face.box.right).all()


@pytest.mark.parametrize("name", NAMES[1:])
def test_finders_agree_on_where_the_faces_are(finders: dict[str, Finder], group: Picture, name: str) -> None:
    theirs = finders[name].find(group)
    for face in finders["yunet-s"].find(group):
        same = max(theirs, key=lambda other: other.box.overlap(face.box))
        assert same.box.overlap(face.box) > 0.6
        assert np.abs(same.landmarks - face.landmarks).max() < 0.12 * face.box.height


@pytest.mark.parametrize("name", ["yunet-s", "scrfd-500m"])
@pytest.mark.parametrize("share", [0.1, 0.25, 0.7, 2.0])
def test_faces_are_found_again_in_a_picture_of_another_size(
    finders: dict[str, Finder], group: Picture, name: str, share: float
) -> None:
    scaled = np.asarray(cv2.resize(group, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    faces = finders[name].find(scaled)
    whole = finders[name].find(group)
    assert len(faces) == 6
    for face in faces:
        nearest = min(
            whole, key=lambda other: np.hypot(*np.subtract(other.box.centre, np.divide(face.box.centre, share)))
        )
        assert np.abs(nearest.landmarks - face.landmarks / share).max() < 0.15 * nearest.box.height


@pytest.mark.parametrize("name", ["yunet-s", "scrfd-500m"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (700, 20), (33, 31), (480, 640)])
def test_a_picture_without_a_face_has_none_whatever_its_shape(
    finders: dict[str, Finder], name: str, shape: tuple[int, int]
) -> None:
    for picture in (np.zeros((*shape, 3), np.uint8), np.full((*shape, 3), 255, np.uint8)):
        assert finders[name].find(picture) == []


def test_our_scrfd_finds_what_insightfaces_does(finders: dict[str, Finder], group: Picture, mirror: Path) -> None:
    file = FolderMirror(mirror).find(catalog().model("scrfd-2.5g").content)
    theirs = TheirSCRFD(str(file))
    theirs.prepare(-1, input_size=(640, 640))
    boxes, _ = theirs.detect(group)
    for face in finders["scrfd-2.5g"].find(group):
        overlaps = [face.box.overlap(type(face.box)(*map(float, box[:4]))) for box in boxes]
        assert max(overlaps) > 0.9


def test_threads_share_a_finder(finders: dict[str, Finder], group: Picture) -> None:
    alone = [face.box for face in finders["yunet-s"].find(group)]
    with ThreadPoolExecutor(3) as pool:
        assert all([face.box for face in faces] == alone for faces in pool.map(finders["yunet-s"].find, [group] * 6))


def test_a_network_that_is_no_scrfd_is_refused(mean_network: bytes) -> None:
    with pytest.raises(ModelCorrupt) as refused:
        SCRFD(Session(mean_network, "means"), catalog().model("scrfd-500m").normalisation)
    assert refused.value.code == "models.wrong_outputs"


def test_a_network_that_is_no_yunet_is_refused(mean_network: bytes) -> None:
    with pytest.raises(ModelCorrupt) as refused:
        YuNet(Session(mean_network, "means"), catalog().model("yunet-s").normalisation)
    assert refused.value.code == "models.wrong_outputs"
