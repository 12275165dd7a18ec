"""What is seen in one picture: faces and plates, as frozen values.

Coordinates are pixels of the picture that was searched, x to the right and y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]
"""Height x width x 3, BGR, uint8, contiguous."""

Points: TypeAlias = NDArray[np.float32]
"""n x 2, float32, pixels."""

Embedding: TypeAlias = NDArray[np.float32]
"""One-dimensional float32 of unit length; only meaningful beside others of the same model."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels: left, top, right, bottom, with right > left and bottom > top."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (self.right > self.left and self.bottom > self.top):
            raise ValueError(f"a box needs a positive area: {self}")

    @property
    def width(self) -> float:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels down."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, (x, y)."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        if across <= 0 or down <= 0:
            return 0.0
        shared = across * down
        return shared / (self.width * self.height + other.width * other.height - shared)

    def moved(self, x: float, y: float) -> Box:
        """The same box shifted by (x, y)."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)


class FaceFault(StrEnum):
    """Why a face is a poor one to go by. The value is the stable code."""

    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TURNED = "turned"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    CUT_OFF = "cut_off"
    COVERED = "covered"


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """How good a face is to go by.

    `score` is 0 (useless) to 1 (as good as it gets) and weights the face in a track's template; `faults` lists what is
    wrong, worst first. `height_px` is the box height; `sharpness`, `frontal` and `light` are 0 to 1. `mouth_hidden` is
    a suspicion that is too weak for a fault: no lips show.
    """

    score: float
    height_px: float
    sharpness: float
    frontal: float
    light: float
    faults: tuple[FaceFault, ...] = ()
    mouth_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Rim:
    """A straight-edged frame about a face, as paper or a screen has it; all in heights of the face's box.

    `across` and `down` are from the middle of the face to the middle of the frame; `tilt` is in degrees, -45 to 45.
    """

    across: float
    down: float
    width: float
    height: float
    tilt: float


@dataclass(frozen=True, slots=True, eq=False)
class FaceSighting:
    """One face in one picture.

    `landmarks` is 5 x 2: left eye, right eye, nose, left and right corner of the mouth, as seen in the picture.
    `embedding` is None until the face has been embedded. `upper` is what the part above a mask says of the whole face,
    to be compared with other faces' `embedding`: where the mouth is hidden and the embedder's map for it is known.
    `live` is how living it looks, 0 to 1, None where no network judges that; `rim` is the frame about it, if any. All
    are looked for when it is embedded.
    """

    box: Box
    landmarks: Points
    found: float
    quality: FaceQuality
    embedding: Embedding | None = None
    upper: Embedding | None = None
    live: float | None = None
    rim: Rim | None = None


class PlateColour(StrEnum):
    """The background colour that decides a plate's length and kind."""

    BLUE = "blue"
    GREEN = "green"
    YELLOW = "yellow"
    YELLOW_GREEN = "yellow_green"
    WHITE = "white"
    BLACK = "black"
    UNKNOWN = "unknown"


class PlateKind(StrEnum):
    """Which rule of the plate grammar a text follows."""

    CAR = "car"
    NEW_ENERGY_SMALL = "new_energy_small"
    NEW_ENERGY_LARGE = "new_energy_large"
    TRAILER = "trailer"
    COACH = "coach"
    POLICE = "police"
    MILITARY = "military"
    ARMED_POLICE = "armed_police"
    CROSS_BORDER = "cross_border"
    EMBASSY = "embassy"
    CONSULATE = "consulate"
    EMERGENCY = "emergency"
    CIVIL_AVIATION = "civil_aviation"


@dataclass(frozen=True, slots=True, eq=False)
class PlateSighting:
    """One plate in one picture.

    `corners` is 4 x 2: top left, top right, bottom right, bottom left of the plate itself. `text` has one confidence
    (0 to 1) per character in `confidences`; `kind` is None where no rule of the grammar fits the text and colour.
    """

    box: Box
    corners: Points
    rows: int
    found: float
    text: str
    confidences: tuple[float, ...]
    colour: PlateColour
    kind: PlateKind | None

    def __post_init__(self) -> None:
        if len(self.text) != len(self.confidences):
            raise ValueError(f"one confidence per character: {self.text!r} has {len(self.confidences)}")

    @property
    def sure(self) -> float:
        """How sure it is that a plate is here and reads so, 0 to 1: `found` times the weakest character's confidence.

        The weakest and not the mean, which hides one character that nobody could read.
        """
        return self.found * min(self.confidences, default=0.0)
