"""What light, weather, lenses and compression make of a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.sighting import Picture

Levels = NDArray[np.float32]


def soiled(plate: Picture, rng: np.random.Generator) -> Picture:
    """Dust in clouds, thicker at the bottom, and chips in the paint, on a plate seen straight on."""
    height, width = plate.shape[:2]
    levels = plate.astype(np.float32)
    if rng.random() < 0.6:
        clouds = cv2.resize(rng.random((4, 11), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        low = np.linspace(0.3, 1.0, height, dtype=np.float32)[:, None]
        dust = np.clip(clouds * low * rng.uniform(0, 0.8), 0, 0.75)[..., None]
        tone = rng.uniform(60, 170) * np.array((0.9, 1.0, 1.05), np.float32)
        levels = levels * (1 - dust) + tone.astype(np.float32) * dust
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 6))):
            x, y = int(rng.integers(width)), int(rng.integers(height))
            cv2.circle(levels, (x, y), int(rng.integers(1, 5)), tuple(rng.uniform(30, 220, 3)), -1, cv2.LINE_AA)
    return np.clip(levels, 0, 255).astype(np.uint8)


def lit(picture: Picture, rng: np.random.Generator) -> Picture:
    """Another light: gain, gamma, a cast of colour, a shadow's edge, a glare, night."""
    levels = picture.astype(np.float32)
    height, width = picture.shape[:2]
    if rng.random() < 0.25:
        levels *= _edge(height, width, rng)
    if rng.random() < 0.12:
        levels = _glare(levels, rng)
    if rng.random() < 0.7:
        cast = np.exp(rng.normal(0, 0.12, 3)).astype(np.float32)
        levels *= cast
    if rng.random() < 0.4:
        grey = levels.mean(axis=2, keepdims=True)
        levels = grey + (levels - grey) * np.float32(rng.uniform(0.2, 1.5))
    gamma = float(np.exp(rng.normal(0, 0.35)))
    levels = np.asarray(255 * (np.clip(levels, 0, 255) / 255) ** gamma, np.float32)
    low = rng.uniform(0.25, 0.7) if rng.random() < 0.25 else rng.uniform(0.6, 1.25)
    mean = levels.mean()
    contrast = np.float32(rng.uniform(0.55, 1.2))
    levels = ((levels - mean) * contrast + mean) * np.float32(low)
    if rng.random() < 0.25:
        levels += np.float32(rng.uniform(0, 70))
    return np.clip(levels, 0, 255).astype(np.uint8)


def seen_from_afar(picture: Picture, rng: np.random.Generator, height: int) -> Picture:
    """The picture as a lens, a sensor and a codec give it at so many rows: blurred, reduced, noisy, compressed."""
    scale = height / picture.shape[0]
    size = (max(4, round(picture.shape[1] * scale)), max(4, height))
    if rng.random() < 0.3:
        picture = _moved(picture, rng, 1.0 / max(scale, 0.2))
    if rng.random() < 0.55:
        sigma = rng.uniform(0.3, 1.3) / max(scale, 0.3)
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
    if rng.random() < 0.6:
        noise = rng.normal(0, rng.uniform(1, 12), small.shape).astype(np.float32)
        small = np.clip(small + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.7:
        small = compressed(small, int(rng.integers(25, 96)))
    if rng.random() < 0.15:
        small = np.asarray(cv2.addWeighted(small, 2.0, cv2.GaussianBlur(small, (0, 0), 1.0), -1.0, 0), np.uint8)
    return small


def compressed(picture: Picture, quality: int) -> Picture:
    """The picture after a JPEG of that quality."""
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _moved(picture: Picture, rng: np.random.Generator, pixels: float) -> Picture:
    """Motion blur along a line of up to 3 pixels of the reduced picture."""
    length = max(2, round(float(rng.uniform(1, 3)) * pixels)) | 1
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), float(rng.uniform(0, 180)), 1.0)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    total = float(kernel.sum())
    return picture if total <= 0 else np.asarray(cv2.filter2D(picture, -1, kernel / total), np.uint8)


def _edge(height: int, width: int, rng: np.random.Generator) -> Levels:
    """1 on one side of a line, darker on the other, with a soft edge: height x width x 1."""
    angle, soft = rng.uniform(0, 2 * np.pi), rng.uniform(0.02, 0.3)
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None] * np.cos(angle)
    down = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None] * np.sin(angle)
    side = 1 / (1 + np.exp(-np.clip((across + down - rng.uniform(-0.4, 0.4)) / soft * 4, -30, 30)))
    dark = rng.uniform(0.25, 0.9)
    return np.asarray(dark + (1 - dark) * side, np.float32)[..., None]


def _glare(levels: Levels, rng: np.random.Generator) -> Levels:
    height, width = levels.shape[:2]
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    wide, high = rng.uniform(0.08, 0.5) * width, rng.uniform(0.1, 0.6) * height
    across = ((np.arange(width, dtype=np.float32)[None] - x) / wide) ** 2
    down = ((np.arange(height, dtype=np.float32)[:, None] - y) / high) ** 2
    bright = np.exp(-(across + down)) * rng.uniform(40, 200)
    return np.asarray(levels + bright[..., None], np.float32)
