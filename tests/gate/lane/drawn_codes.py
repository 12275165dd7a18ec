"""Frames of 720p in which somebody holds a phone with a QR code to the camera, drawn here."""

from __future__ import annotations

import cv2
import numpy as np
import segno

from models.sighting import Picture


def held_up(
    text: str,
    *,
    side_px: int = 220,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    glare: float = 0.0,
    blur: float = 0.0,
    noise: float = 4.0,
    light: float = 1.0,
    seed: int = 0,
) -> Picture:
    """The frame. Angles in degrees; `glare` is how white a reflection across the screen gets, `blur` a Gaussian in px.

    `side_px` is the side of the code, with its quiet zone, if it were held straight.
    """
    rng = np.random.default_rng(seed)
    frame = np.asarray(cv2.resize(rng.integers(40, 200, (18, 32, 3), np.uint8), (1280, 720)), np.uint8)
    screen, corners = _screen(text, side_px)
    _reflect(screen, glare, rng)
    centre = (640 + rng.uniform(-150, 150), 360 + rng.uniform(-40, 40))
    warp = cv2.getPerspectiveTransform(corners, _seen(corners, yaw, pitch, roll, centre))
    size = (1280, 720)
    mask = cv2.warpPerspective(np.full(screen.shape[:2], 255, np.uint8), warp, size)
    held = cv2.warpPerspective(screen, warp, size, flags=cv2.INTER_AREA)
    frame[mask > 127] = held[mask > 127]
    if blur:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), blur), np.uint8)
    lit = frame.astype(np.float32) * light + rng.normal(0, noise, frame.shape)
    return np.asarray(lit.clip(0, 255), np.uint8)


def _screen(text: str, side_px: int) -> tuple[Picture, np.ndarray]:
    """A phone's white screen with the code in its middle, and its corners."""
    modules = np.array([list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)], np.uint8)
    code = cv2.resize(255 - 255 * np.minimum(modules, 1), (side_px, side_px), interpolation=cv2.INTER_NEAREST)
    height, width = round(side_px * 1.9), round(side_px * 1.05)
    screen = np.full((height, width, 3), 245, np.uint8)
    top, left = (height - side_px) // 2, (width - side_px) // 2
    screen[top : top + side_px, left : left + side_px] = np.clip(code, 15, 245)[:, :, None]
    return screen, np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def _seen(corners: np.ndarray, yaw: float, pitch: float, roll: float, centre: tuple[float, float]) -> np.ndarray:
    """Where the corners of a turned screen come to lie, through a pinhole three screens away."""
    middle = corners.mean(axis=0)
    flat = np.hstack([corners - middle, np.zeros((4, 1), np.float32)])
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    turned = flat @ (about_z @ about_x @ about_y).T
    away = 3 * float(np.ptp(corners[:, 1]))
    return np.asarray(turned[:, :2] * (away / (away + turned[:, 2:])) + centre, np.float32)


def _reflect(screen: Picture, glare: float, rng: np.random.Generator) -> None:
    if not glare:
        return
    height, width = screen.shape[:2]
    band = np.zeros((height, width), np.float32)
    at = rng.uniform(0.3, 0.7) * height
    cv2.line(band, (0, round(at)), (width, round(at - 0.4 * width)), 1.0, max(3, width // 4))
    shine = glare * cv2.GaussianBlur(band, (0, 0), width / 20)
    screen[:] = (screen * (1 - shine[:, :, None]) + 255 * shine[:, :, None]).astype(np.uint8)
