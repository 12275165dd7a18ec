"""Whether a photo is good enough to know its person by, and if not, what is wrong with it."""

from __future__ import annotations

from enrollment.errors import PhotoRefused
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


def judge(recogniser: FaceRecogniser, picture: Picture) -> FaceSighting:
    """The one face of the photo, embedded.

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
    height = round(face.box.height)
    if height < MIN_HEIGHT_PX:
        raise PhotoRefused("photo.too_small", height=height, needed=MIN_HEIGHT_PX)
    for fault in face.quality.faults:
        # TOO_SMALL is the recogniser's own measure for the lane; here the height above counts.
        if fault in _CODES:
            raise PhotoRefused(_CODES[fault])
    (embedded,) = recogniser.embed(picture, [face])
    if embedded.embedding is None:
        raise ValueError("a recogniser must embed the face it is given")
    return embedded
