"""The roles a model can play, so that a site can put another model in any of them by configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from models.sighting import Box, Embedding, FaceSighting, Picture, PlateColour, PlateSighting, Points


class Role(StrEnum):
    """What a model file is for."""

    FACE_FINDER = "face-finder"
    FACE_EMBEDDER = "face-embedder"
    FACE_LIVENESS = "face-liveness"
    PLATE_FINDER = "plate-finder"
    PLATE_READER = "plate-reader"


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """A face as the finder gives it: box, five landmarks (5 x 2) and confidence 0 to 1."""

    box: Box
    landmarks: Points
    found: float


@dataclass(frozen=True, slots=True, eq=False)
class FoundPlate:
    """A plate as the finder gives it: corners (4 x 2: top left, top right, bottom right, bottom left), 1 or 2 rows."""

    box: Box
    corners: Points
    rows: int
    found: float


@dataclass(frozen=True, slots=True)
class PlateReading:
    """The characters of one rectified plate, a confidence (0 to 1) for each, and the likeliest colour."""

    text: str
    confidences: tuple[float, ...]
    colour: PlateColour


class FaceFinder(Protocol):
    """Finds faces and their landmarks."""

    def find(self, picture: Picture) -> Sequence[FoundFace]:
        """Every face in the picture, best first."""
        ...

    def scale(self, picture: Picture) -> float:
        """How many pixels it sees for one of the picture's, across: the more, the more exact its landmarks."""
        ...


class FaceEmbedder(Protocol):
    """Turns an aligned face into numbers that can be compared."""

    model_id: str
    """Name and first digits of the hash of the weights; templates are bound to it."""
    size: int
    """How many numbers an embedding has."""

    def embed(self, aligned: Sequence[Picture]) -> Sequence[Embedding]:
        """One embedding of unit length for each aligned 112 x 112 face."""
        ...


class FaceLiveness(Protocol):
    """Tells a living face from one on paper or a screen."""

    def live(self, picture: Picture, box: Box) -> float:
        """How living the face in the box is, 0 to 1."""
        ...


class PlateFinder(Protocol):
    """Finds plates by their four corners."""

    def find(self, picture: Picture) -> Sequence[FoundPlate]:
        """Every plate in the picture, best first."""
        ...


class PlateReader(Protocol):
    """Reads a rectified plate."""

    def read(self, plate: Picture, rows: int) -> PlateReading:
        """The reading of a rectified plate picture of one or two rows."""
        ...


class FaceRecogniser(Protocol):
    """The whole way from a picture to embedded faces; what the other rooms use."""

    model_id: str

    def find(self, picture: Picture) -> Sequence[FaceSighting]:
        """Every face with its quality, not yet embedded, largest first."""
        ...

    def embed(self, picture: Picture, faces: Sequence[FaceSighting]) -> Sequence[FaceSighting]:
        """The same faces of the same picture, embedded."""
        ...


class PlateRecogniser(Protocol):
    """The whole way from a picture to plates that are read and checked against the grammar."""

    def see(self, picture: Picture) -> Sequence[PlateSighting]:
        """Every plate in the picture, read, largest first."""
        ...

    def read(self, picture: Picture) -> PlateSighting:
        """A picture that is nothing but one plate, read without looking for it."""
        ...
