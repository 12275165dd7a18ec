"""Whether a mask, a scarf or dark glasses cover an aligned face.

A cover differs from the skin around it in colour and has no mouth, or no eyes. Of 891 photographs of LFW of quality
over 0.5 six count as covered, two of which do show dark glasses; of the same ones with a flat mask drawn on 100 % in
blue and 93 % in white or black, and 93 % with dark glasses drawn on. No real mask was measured. Without colour
(infrared light) only dark glasses are seen.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.sighting import Picture

CHEEKS = ((slice(58, 68), slice(30, 44)), (slice(58, 68), slice(68, 82)), (slice(36, 42), slice(44, 68)))
"""Rows and columns of the aligned face (112 x 112) that are skin under any mask: both cheekbones and the forehead."""
MOUTH = ((slice(84, 92), slice(30, 82)), (slice(98, 106), slice(40, 72)))
LIPS = slice(84, 102), slice(38, 74)
EYES = ((slice(48, 56), slice(30, 46)), (slice(48, 56), slice(66, 82)))

OTHER_COLOUR = 14.0
"""Distance in Lab's a and b between mouth and cheeks: 98 of 100 bare faces stay below it."""
NO_MOUTH = 0.45
"""Vertical detail at the lips against the contrast of the face: 99 of 100 bare faces lie above it."""
NO_EYES = 0.17
"""Luma of the eyes against that of the cheeks: 99 of 100 bare faces lie above 0.21."""


def covered(aligned: Picture) -> bool:
    """Whether mouth or eyes of an aligned face (112 x 112, BGR) are covered."""
    lab = cv2.cvtColor(aligned, cv2.COLOR_BGR2LAB).astype(np.float32)
    cheeks, mouth, eyes = (_colour(lab, patches) for patches in (CHEEKS, MOUTH, EYES))
    if eyes[0] < NO_EYES * cheeks[0]:
        return True
    return float(np.hypot(*(mouth - cheeks)[1:])) >= OTHER_COLOUR and mouth_hidden(aligned)


def mouth_hidden(aligned: Picture) -> bool:
    """Whether no lips show in an aligned face (112 x 112, BGR): behind a mask of any colour, however high it is worn.

    So it is of one bare face in 16 too (298 photographs of LFW, quality not filtered): enough to ask instead of to
    refuse, and too many to turn a photograph away.
    """
    luma = cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY).astype(np.float32)
    detail = np.abs(cv2.Sobel(cv2.GaussianBlur(luma, (0, 0), 1.0), cv2.CV_32F, 0, 1))
    return float(detail[LIPS].mean()) < NO_MOUTH * (float(luma.std()) + 5.0)


def _colour(lab: NDArray[np.float32], patches: tuple[tuple[slice, slice], ...]) -> NDArray[np.float32]:
    """The median colour of some patches."""
    pixels = np.concatenate([lab[patch].reshape(-1, 3) for patch in patches])
    return np.asarray(np.median(pixels, axis=0), np.float32)
