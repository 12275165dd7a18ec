"""What a webcam on the enroller's table sees: somebody before a wall, who does not hold quite still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from models.sighting import Picture
from samples.heads import Likeness, enrolment_photo

WIDTH, HEIGHT = 640, 480
RATE = 10
WALL = (196, 205, 208)
SWAY_PX = 4.0
GRAIN = 3.0


def webcam_frames(likeness: Likeness, seconds: float, rng: np.random.Generator) -> Iterator[Picture]:
    """The pictures, `RATE` a second, 480 x 640 BGR: the person's photo before a wall, swaying by a few pixels."""
    photo = enrolment_photo(likeness)
    scale = min(1.0, (HEIGHT - 40) / photo.shape[0], (WIDTH - 40) / photo.shape[1])
    photo = np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = photo.shape[:2]
    for number in range(round(seconds * RATE)):
        turn = 2 * np.pi * number / (seconds * RATE)
        left = (WIDTH - width) / 2 + SWAY_PX * np.sin(turn)
        top = (HEIGHT - height) / 2 + SWAY_PX * np.cos(turn)
        scene = np.full((HEIGHT, WIDTH, 3), WALL, np.float32)
        move = np.array([[1, 0, left], [0, 1, top]], np.float64)
        cv2.warpAffine(photo.astype(np.float32), move, (WIDTH, HEIGHT), scene, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
        scene += rng.normal(0, GRAIN, scene.shape)
        yield scene.clip(0, 255).astype(np.uint8)


def write_webcam(path: Path, likeness: Likeness, seconds: float, seed: int) -> None:
    """The same as a film of single JPEGs (`.mjpeg`), as Chromium takes it in place of a camera, over and over.

    Raises:
        OSError: the disk is full or the folder cannot be written to.
    """
    frames = webcam_frames(likeness, seconds, np.random.default_rng(seed))
    with path.open("wb") as film:
        for frame in frames:
            _, encoded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 92])
            film.write(encoded.tobytes())
