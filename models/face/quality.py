"""How good a face is to go by: its size, sharpness, frontality and light, each 0 to 1.

The constants were set on LFW photographs and on the same ones blurred, shrunk and made noisy.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from models.face.cover import covered, mouth_hidden
from models.sighting import Box, FaceFault, FaceQuality, Picture, Points

FULL_HEIGHT_PX = 112.0
"""From this height of the box on nothing has to be made up to fill the aligned face."""

SMALL_HEIGHT_PX = 40.0
"""Below it the aligned face is enlarged about three times (fault `too_small`)."""

SHARP, SOFT = 0.02, 0.003
"""Curvature of a sharp face and of one behind a blur of three pixels: half of LFW lies above the first."""

MIDDLE = slice(24, 104), slice(20, 92)
"""Rows and columns of the aligned face that hold the face and not its surroundings."""

NOSE_DOWN, NOSE_SPAN = 0.57, 0.35
"""Where the nose stands between eyes (0) and mouth (1) of a level face, and how far from there is no face any more."""

DARK, DIM, BRIGHT, GLARING = 25.0, 75.0, 175.0, 245.0
"""Mean luma of the face: useless below the first and above the last, unhurt between the middle two."""

FAULTY = {FaceFault.BLURRED: 0.3, FaceFault.TURNED: 0.35, FaceFault.TOO_DARK: 0.35, FaceFault.TOO_BRIGHT: 0.35}
"""Below these marks the face has the fault."""

CUT_OFF = 0.1
"""A face of which more than this share of the box lies outside the picture is cut off."""


def assess(aligned: Picture, landmarks: Points, box: Box, picture: Picture) -> FaceQuality:
    """The quality of a face of `picture`, given its aligned form (112 x 112), its landmarks (5 x 2) and its box.

    `score` is the square root of the product of the four marks: one bad mark is not made good by the others. A cover
    costs nothing, for who is known in spite of it is known.
    """
    luma = np.asarray(cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY), dtype=np.uint8)[MIDDLE]
    mean = float(luma.mean())
    marks = {
        FaceFault.TOO_SMALL: min(1.0, box.height / FULL_HEIGHT_PX),
        FaceFault.BLURRED: sharpness(luma),
        FaceFault.TURNED: frontality(landmarks),
        FaceFault.TOO_DARK if mean < (DIM + BRIGHT) / 2 else FaceFault.TOO_BRIGHT: light(mean),
    }
    limits = {FaceFault.TOO_SMALL: SMALL_HEIGHT_PX / FULL_HEIGHT_PX} | FAULTY
    faults = [fault for fault in sorted(marks, key=lambda name: marks[name]) if marks[fault] < limits[fault]]
    if covered(aligned):
        faults.insert(0, FaceFault.COVERED)
    if outside(box, picture) > CUT_OFF:
        faults.insert(0, FaceFault.CUT_OFF)
    return FaceQuality(
        score=math.sqrt(math.prod(marks.values())),
        height_px=box.height,
        sharpness=marks[FaceFault.BLURRED],
        frontal=marks[FaceFault.TURNED],
        light=light(mean),
        faults=tuple(faults),
        mouth_hidden=mouth_hidden(aligned),
    )


def sharpness(luma: Picture) -> float:
    """1 for a sharp face, 0 for one without detail: the variance of its Laplacian against its contrast.

    A light blur goes before, for otherwise the noise of a dark camera passes for detail; the scale is logarithmic.
    """
    level = luma.astype(np.float32)
    curvature = cv2.Laplacian(cv2.GaussianBlur(level, (0, 0), 1.0), cv2.CV_32F)
    ratio = float(curvature.var()) / (float(level.var()) + 25.0)
    if ratio <= SOFT:
        return 0.0
    return min(1.0, math.log(ratio / SOFT) / math.log(SHARP / SOFT))


def frontality(landmarks: Points) -> float:
    """1 for a face that looks at the camera, 0 for a profile or a face seen from far above or below.

    The nose wanders along the line of the eyes when the head turns, and between eyes and mouth when it nods. Rolling
    the head costs nothing, since alignment undoes it.
    """
    left, right, nose, mouth_left, mouth_right = landmarks.astype(np.float64)
    eyes = right - left
    width = float(eyes @ eyes)
    if width < 1.0:
        return 0.0
    down = np.array([-eyes[1], eyes[0]])
    mouth = float(((mouth_left + mouth_right) / 2 - left) @ down)
    if mouth <= 0:
        return 0.0
    turned = abs(float((nose - left) @ eyes) / width - 0.5) * 2
    nodded = abs(float((nose - left) @ down) / mouth - NOSE_DOWN) / NOSE_SPAN
    return max(0.0, 1.0 - turned) * max(0.0, 1.0 - nodded * nodded)


def light(mean: float) -> float:
    """1 for a well lit face of this mean luma (0-255), falling to 0 towards black and towards white."""
    if mean < DIM:
        return max(0.0, (mean - DARK) / (DIM - DARK))
    if mean > BRIGHT:
        return max(0.0, (GLARING - mean) / (GLARING - BRIGHT))
    return 1.0


def outside(box: Box, picture: Picture) -> float:
    """The share of the box that lies outside the picture."""
    height, width = picture.shape[:2]
    across = min(box.right, float(width)) - max(box.left, 0.0)
    down = min(box.bottom, float(height)) - max(box.top, 0.0)
    return 1.0 - max(0.0, across) * max(0.0, down) / (box.width * box.height)
