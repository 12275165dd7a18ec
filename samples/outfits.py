"""What people wear before their faces or carry over their heads: a surgical mask, an umbrella."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from samples.canvas import Bgr, Sprite
from samples.heads import Head
from samples.people import Figure

MASK: Bgr = (222, 214, 196)
MASK_FOLD: Bgr = (188, 180, 164)
STICK = (60, 60, 60, 255)


def masked(figure: Figure) -> Figure:
    """The same person with a surgical mask from the bridge of the nose to under the chin."""
    head = figure.head
    sprite, (x, y), tall = head.sprite.copy(), head.centre, head.face_px
    outline = [(-0.36, -0.02), (0.0, -0.10), (0.36, -0.02), (0.34, 0.28), (0.16, 0.52), (-0.16, 0.52), (-0.34, 0.28)]
    points = np.array([(x + across * tall, y + down * tall) for across, down in outline]).round().astype(np.int32)
    cv2.fillPoly(sprite, [points], (*MASK, 255), cv2.LINE_AA)
    for down in (0.1, 0.2, 0.3):
        ends = [(round(x + side * 0.3 * tall), round(y + down * tall)) for side in (-1, 1)]
        cv2.line(sprite, ends[0], ends[1], (*MASK_FOLD, 255), max(1, round(tall / 90)), cv2.LINE_AA)
    return replace(figure, head=Head(sprite, head.centre, tall))


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
