"""Whether a photo is good enough to know its person by, and if not, what is wrong with it."""

from __future__ import annotations

import cv2
import numpy as np

from enrollment.errors import PhotoRefused
from enrollment.faces import FacePhoto
from models.roles import FaceRecogniser
from models.sighting import FaceFault, FaceSighting, Picture

MIN_HEIGHT_PX = 80
"""A face is warped to 112 x 112 before it is embedded: from 80 px of height on nothing much has to be made up."""

RIVAL = 0.4
"""A second face of this share of the first one's height is a second person and not somebody in the background."""

_CODES = {
    FaceFault.BLURRED: "photo.blurred",
    FaceFault.TURNED: "photo.turned",
    FaceFault.TOO_DARK: "photo.too_dark",
    FaceFault.TOO_BRIGHT: "photo.too_bright",
    FaceFault.CUT_OFF: "photo.cut_off",
    FaceFault.COVERED: "photo.covered",
}


KEPT_SIDE_PX = 256
"""Side of a kept photo at most: a face in it is about 150 px high, enough to be found and embedded again."""

AROUND = 1.7
"""Side of a kept photo in heights of the face: the finder wants to see some of what is around it."""

QUALITY = 90


def face_jpeg(picture: Picture, face: FaceSighting) -> bytes:
    """The square around the face as JPEG, at most `KEPT_SIDE_PX` wide: no more of the photo is ever kept.

    Nothing of the file that was handed in, such as where it was taken, goes along.
    """
    box, (height, width) = face.box, picture.shape[:2]
    half = AROUND * max(box.height, box.width) / 2
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    left, right = max(0, round(x - half)), min(width, round(x + half))
    top, bottom = max(0, round(y - half)), min(height, round(y + half))
    cut = picture[top:bottom, left:right]
    scale = KEPT_SIDE_PX / max(cut.shape[:2])
    if scale < 1:
        size = max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale))
        cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    encoded, jpeg = cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not encoded:
        raise ValueError("a cut-out face must be a picture")
    return bytes(jpeg)


def face_photo(recogniser: FaceRecogniser, picture: Picture) -> FacePhoto:
    """What a photo gives for enrolling its person by: the embedded face and the little picture of it.

    Raises:
        PhotoRefused: as `look`.
    """
    face = judge(recogniser, picture)
    return FacePhoto(face, recogniser.model_id, face_jpeg(picture, face))


def judge(recogniser: FaceRecogniser, picture: Picture) -> FaceSighting:
    """The one face of the photo, embedded. Raises as `look`."""
    face = look(recogniser, picture)
    (embedded,) = recogniser.embed(picture, [face])
    if embedded.embedding is None:
        raise ValueError("a recogniser must embed the face it is given")
    return embedded


def look(recogniser: FaceRecogniser, picture: Picture, shrunk: float = 1.0) -> FaceSighting:
    """The one face of the photo, good enough to be embedded; nothing is computed from it that it could be known by.

    `shrunk` is the width of `picture` as a share of the photo's that it stands for, so that a small picture from a
    camera can be judged as the photo that would be taken: sizes are those of the photo.

    Raises:
        PhotoRefused: `photo.no_face`, `photo.several_faces`, `photo.too_small`, or the worst fault of the face:
            `photo.blurred`, `photo.turned`, `photo.too_dark`, `photo.too_bright`, `photo.cut_off`, `photo.covered`.
    """
    faces = sorted(recogniser.find(picture), key=lambda face: face.box.height, reverse=True)
    if not faces:
        raise PhotoRefused("photo.no_face")
    face = faces[0]
    rivals = [other for other in faces if other.box.height >= RIVAL * face.box.height]
    if len(rivals) > 1:
        raise PhotoRefused("photo.several_faces", faces=len(rivals))
    height = round(face.box.height / shrunk)
    if height < MIN_HEIGHT_PX:
        raise PhotoRefused("photo.too_small", height=height, needed=MIN_HEIGHT_PX)
    for fault in face.quality.faults:
        # TOO_SMALL is the recogniser's own measure for the lane; here the height above counts.
        if fault in _CODES:
            raise PhotoRefused(_CODES[fault])
    return face
