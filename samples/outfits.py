"""What people wear before their faces or carry over their heads: a surgical mask, an umbrella."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.canvas import Bgr, Sprite
from samples.heads import Head
from samples.people import Figure

MASK: Bgr = (222, 214, 196)
MASK_FOLD: Bgr = (188, 180, 164)
STICK = (60, 60, 60, 255)


OUTLINE = ((0.0, 0.26), (0.42, 0.36), (0.86, 0.50), (0.84, 1.00), (0.66, 1.42), (0.3, 1.72), (0.0, 1.76))
"""The right half of a mask: to the side and down from between the eyes, in distances from there to the mouth."""
WIDEST = max(across for across, _ in OUTLINE)
FOLDS = (0.72, 0.96, 1.2)


def masked(figure: Figure) -> Figure:
    """The same person with a surgical mask from the bridge of the nose to under the chin.

    It sits where nose and mouth are, reaches the near cheek of a turned head, and does not stand out beyond it. Raises
    ValueError for a head whose landmarks nobody knows.
    """
    head = figure.head
    if head.marks is None:
        raise ValueError("a mask is put on by the landmarks")
    eyes, mouth = head.marks[:2].mean(0), head.marks[3:].mean(0)
    down = mouth - eyes
    aside = np.array([down[1], -down[0]])
    lean = float((head.marks[2] - eyes) @ aside) / float(aside @ aside)

    def at(across: float, below: float) -> NDArray[np.float32]:
        leaning = lean * min(1.0, 2 * below) * (1.0 if across * lean >= 0 else max(0.0, 1 - abs(across) / WIDEST))
        return np.asarray(eyes + (across + leaning) * aside + below * down, np.float32)

    half = [*OUTLINE, *((-across, below) for across, below in OUTLINE[-2:0:-1])]
    sprite, line = head.sprite.copy(), max(1, round(head.face_px / 90))
    cv2.fillPoly(sprite, [np.array([at(*point) for point in half]).round().astype(np.int32)], (*MASK, 255), cv2.LINE_AA)
    for below in FOLDS:
        ends = [at(side * 0.72, below).round().astype(int).tolist() for side in (-1, 1)]
        cv2.line(sprite, ends[0], ends[1], (*MASK_FOLD, 255), line, cv2.LINE_AA)
    alpha = head.sprite[..., 3:]
    within = np.dstack([np.minimum(sprite[..., :3], alpha), alpha])
    return replace(figure, head=replace(head, sprite=within))


def under_umbrella(figure: Figure, colour: Bgr) -> Figure:
    """The same person under an umbrella, whose edge hangs to just above the eyes and shades the face."""
    head = figure.head
    reach, rise = round(1.9 * head.face_px), round(0.9 * head.face_px)
    height, width = head.sprite.shape[:2]
    sheet: Sprite = np.zeros((height + rise, width + 2 * reach, 4), np.uint8)
    sheet[rise:, reach : reach + width] = head.sprite
    sheet[..., :3] = (sheet[..., :3] * 0.85).astype(np.uint8)
    x, y = head.centre[0] + reach, head.centre[1] + rise
    edge = round(y - 0.42 * head.face_px)
    stick = round(x + 0.7 * head.face_px)
    cv2.line(sheet, (stick, edge), (stick, sheet.shape[0]), STICK, 4)
    dome = (reach, round(1.1 * head.face_px))
    cv2.ellipse(sheet, (round(x), edge), dome, 0, 180, 360, (*colour, 255), -1, cv2.LINE_AA)
    return replace(figure, head=Head(sheet, (x, y), head.face_px))
