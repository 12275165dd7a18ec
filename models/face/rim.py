"""The straight edges of paper or of a screen about a face."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.liveness import surroundings
from models.sighting import Box, Picture, Rim

TIMES, SIDE = 3.4, 170
"""The square that is searched, in longer sides of the face, and how many pixels it gets: 50 for the face."""

LEAST, MOST = (0.75, 1.0), (3.2, 3.0)
"""Width and height of a frame in heights of the face: it holds the face, and its edges lie within the square."""

STRAIGHT = 0.72
"""So much of a frame's outline is edge. Of a drawn sheet's it is nearly all, of a chance one's a half."""

LEVELS = ((30, 90), (70, 180))
"""Canny's thresholds: for a faint rim at dusk and for a hard one before a busy ground."""

_CLOSE = np.ones((3, 3), np.uint8)


def find_rim(picture: Picture, box: Box) -> Rim | None:
    """The frame about the face in the box that has the most edge to it, None where there is none."""
    crop = surroundings(picture, box, TIMES, SIDE)
    grey = cv2.GaussianBlur(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), (0, 0), 1.0)
    face_px = SIDE / TIMES * box.height / max(box.width, box.height)
    best, most = None, STRAIGHT
    for low, high in LEVELS:
        edges = np.asarray(cv2.morphologyEx(cv2.Canny(grey, low, high), cv2.MORPH_CLOSE, _CLOSE), np.uint8)
        near = np.asarray(cv2.dilate(edges, _CLOSE), np.uint8)
        contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            frame = cv2.minAreaRect(contour)
            rim = _rim(frame, face_px)
            if rim is None:
                continue
            share = _along(np.asarray(cv2.boxPoints(frame), np.float64), near)
            if share > most:
                best, most = rim, share
    return best


def _rim(frame: tuple[tuple[float, float], tuple[float, float], float], face_px: float) -> Rim | None:
    """The frame in heights of the face, None where it cannot be one about it."""
    (x, y), (width, height), tilt = frame
    if tilt > 45:
        width, height, tilt = height, width, tilt - 90
    across, down = (x - SIDE / 2) / face_px, (y - SIDE / 2) / face_px
    wide, tall = width / face_px, height / face_px
    holds = abs(across) + 0.35 <= wide / 2 and abs(down) + 0.4 <= tall / 2
    if not (holds and LEAST[0] <= wide <= MOST[0] and LEAST[1] <= tall <= MOST[1]):
        return None
    return Rim(across, down, wide, tall, tilt)


def _along(corners: NDArray[np.float64], near: NDArray[np.uint8]) -> float:
    """The share of the outline through the corners that lies on edges; the poorest side counts twice."""
    sides = []
    for start, end in zip(corners, np.roll(corners, -1, 0), strict=True):
        steps = np.linspace(0.06, 0.94, 24)[:, None]
        points = np.round(start + (end - start) * steps).astype(int)
        inside = ((points >= 0) & (points < SIDE)).all(1)
        points = np.clip(points, 0, SIDE - 1)
        sides.append(float((inside & (near[points[:, 1], points[:, 0]] > 0)).mean()))
    return (sum(sides) + min(sides)) / 5
