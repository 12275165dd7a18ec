"""Heads cut out of the photographs that come inside installed packages, and enrolment photos from the same ones.

The names are invented and have nothing to do with the people in the photographs. Boxes and landmarks were
found once by a face finder and outlines traced by hand; all are pixels of the original photograph.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache

import cv2
import insightface.data
import numpy as np
import skimage.data

from models.sighting import Box, Picture, Points
from samples.canvas import Sprite

ENROLMENT_FACE_PX = 176.0
"""Height of the face in an enrolment photo."""

FEATHER_PX = 1.3


class Photograph(Enum):
    """A photograph inside a package."""

    PORTRAIT = "skimage.data.astronaut"
    GROUP = "insightface.data t1"


@dataclass(frozen=True, slots=True)
class Likeness:
    """Where one head is in a photograph: the face's box, the head's outline, and its tilt in degrees, clockwise.

    `marks` are the left and the right eye as seen in the picture, the nose, and the corners of the mouth.
    """

    photograph: Photograph
    box: Box
    tilt: float
    outline: tuple[tuple[int, int], ...]
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A head set upright on a transparent ground, with the middle and the height of its face in pixels.

    `marks` are its landmarks there (5 x 2), None where nobody needs them.
    """

    sprite: Sprite
    centre: tuple[float, float]
    face_px: float
    marks: Points | None = None


# fmt: off
FIRST_WOMAN = Likeness(Photograph.PORTRAIT, Box(178, 63, 268, 176), 0.0, (
    (154, 68), (160, 52), (175, 44), (188, 38), (194, 28), (210, 19), (228, 16), (245, 17), (262, 23),
    (278, 34), (292, 48), (298, 65), (300, 88), (296, 108), (285, 124), (274, 130), (266, 136), (262, 152),
    (258, 172), (252, 184), (238, 190), (220, 188), (200, 183), (188, 176), (186, 160), (183, 145), (180, 131),
    (174, 128), (168, 118), (158, 105), (156, 88),
), ((202, 103), (246, 105), (222, 126), (202, 144), (241, 146)))
FIRST_MAN = Likeness(Photograph.GROUP, Box(466, 266, 568, 412), 6.0, (
    (466, 290), (466, 270), (472, 248), (478, 236), (490, 228), (505, 221), (525, 220), (548, 221), (568, 226),
    (585, 236), (595, 250), (604, 266), (607, 280), (603, 302), (598, 318), (591, 326), (590, 336), (580, 355),
    (570, 367), (562, 368), (556, 380), (540, 398), (530, 412), (515, 424), (500, 424), (490, 412), (480, 404),
    (470, 385), (464, 365), (464, 340), (464, 322), (467, 308),
), ((488, 324), (540, 333), (507, 359), (482, 372), (524, 381)))
SECOND_MAN = Likeness(Photograph.GROUP, Box(749, 352, 848, 476), 3.0, (
    (749, 335), (748, 320), (760, 311), (772, 308), (782, 300), (795, 293), (810, 291), (828, 293), (842, 300),
    (855, 312), (864, 322), (873, 336), (875, 352), (871, 372), (867, 383), (872, 390), (871, 405), (862, 420),
    (854, 424), (850, 436), (844, 452), (838, 466), (836, 485), (822, 492), (805, 489), (795, 481), (780, 477),
    (770, 470), (764, 455), (757, 440), (750, 422), (747, 405), (748, 388), (749, 370), (748, 350),
), ((761, 398), (807, 399), (775, 426), (765, 440), (804, 442)))
SECOND_WOMAN = Likeness(Photograph.GROUP, Box(1126, 273, 1221, 397), -1.0, (
    (1124, 330), (1126, 300), (1134, 280), (1142, 260), (1155, 245), (1170, 236), (1185, 234), (1200, 240), (1215, 248),
    (1232, 258), (1245, 275), (1252, 295), (1258, 325), (1263, 355), (1264, 385), (1260, 410), (1250, 428), (1235, 432),
    (1220, 430), (1205, 432), (1180, 440), (1155, 433), (1142, 432), (1130, 424), (1125, 410), (1125, 390), (1124, 360),
), ((1150, 324), (1193, 323), (1166, 346), (1155, 366), (1190, 365)))
THIRD_WOMAN = Likeness(Photograph.GROUP, Box(61, 268, 168, 397), -9.0, (
    (20, 320), (22, 300), (30, 275), (42, 258), (58, 246), (70, 240), (85, 234), (100, 234), (118, 238),
    (135, 246), (148, 258), (160, 275), (170, 295), (178, 318), (184, 340), (188, 365), (186, 388), (172, 401),
    (158, 407), (148, 411), (135, 419), (125, 427), (110, 436), (95, 442), (75, 450), (50, 450), (35, 442),
    (25, 420), (22, 390), (20, 355),
), ((84, 322), (134, 309), (117, 343), (105, 365), (147, 356)))
FOURTH_WOMAN = Likeness(Photograph.GROUP, Box(267, 151, 372, 278), -14.0, (
    (265, 165), (266, 150), (272, 138), (280, 122), (295, 112), (312, 104), (335, 104), (355, 107), (372, 112),
    (385, 122), (396, 132), (397, 146), (395, 160), (396, 180), (402, 205), (405, 222), (408, 240), (410, 262),
    (395, 278), (370, 282), (345, 276), (330, 266), (318, 256), (312, 245), (306, 240), (298, 228), (294, 220),
    (285, 212), (278, 202), (275, 190), (268, 178),
), ((285, 210), (321, 197), (302, 237), (309, 251), (338, 241)))
# fmt: on


def cut_head(likeness: Likeness) -> Head:
    """The head on a transparent ground, turned upright, in the photograph's own scale."""
    photo = _photograph(likeness.photograph)
    outline = np.array(likeness.outline, np.int32)
    mask = np.zeros(photo.shape[:2], np.uint8)
    cv2.fillPoly(mask, [outline], 255, cv2.LINE_AA)
    mask = cv2.GaussianBlur(cv2.erode(mask, np.ones((3, 3), np.uint8)), (0, 0), FEATHER_PX)
    sheet = cv2.multiply(np.dstack([photo, np.full_like(mask, 255)]), cv2.merge([mask] * 4), scale=1 / 255)
    turn = cv2.getRotationMatrix2D(likeness.box.centre, likeness.tilt, 1.0)
    upright = cv2.warpAffine(sheet, turn, (photo.shape[1], photo.shape[0]), flags=cv2.INTER_CUBIC)
    left, top, width, height = cv2.boundingRect(cv2.transform(outline[None].astype(np.float32), turn).astype(np.int32))
    left, top = max(left - 4, 0), max(top - 4, 0)
    sprite = np.ascontiguousarray(upright[top : top + height + 8, left : left + width + 8])
    x, y = likeness.box.centre
    marks = cv2.transform(np.array(likeness.marks, np.float32)[None], turn)[0] - (left, top)
    face = np.minimum(sprite, sprite[..., 3:])
    return Head(face, (x - left, y - top), likeness.box.height, np.asarray(marks, np.float32))


def enrolment_photo(likeness: Likeness) -> Picture:
    """A passport-like crop of the original photograph with that one face in it, `ENROLMENT_FACE_PX` high; BGR."""
    photo, box = _photograph(likeness.photograph), likeness.box
    left, right = max(round(box.left - 0.55 * box.width), 0), round(box.right + 0.55 * box.width)
    top, bottom = max(round(box.top - 0.5 * box.height), 0), round(box.bottom + 0.4 * box.height)
    scale = ENROLMENT_FACE_PX / box.height
    crop: Picture = cv2.resize(photo[top:bottom, left:right], None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return crop


def whole_photograph(likeness: Likeness) -> Picture:
    """The photograph a head is cut from; a copy, BGR."""
    return _photograph(likeness.photograph).copy()


@cache
def _photograph(which: Photograph) -> Picture:
    """Kept, as six heads come from two photographs; not to be written to."""
    if which is Photograph.GROUP:
        group: Picture = insightface.data.get_image("t1")
        return group
    portrait: Picture = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2BGR)
    return portrait
