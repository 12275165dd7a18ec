"""From a picture to what a network eats: channel order, mean and deviation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.sighting import Picture

Channels = Literal["bgr", "rgb"]


@dataclass(frozen=True, slots=True)
class Normalisation:
    """(x - mean) / deviation for each channel of a 0-255 picture, in the network's own channel order."""

    channels: Channels
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def __post_init__(self) -> None:
        if any(part <= 0 for part in self.deviation):
            raise ValueError(f"a deviation is above zero: {self.deviation}")

    def tensor(self, picture: Picture) -> NDArray[np.float32]:
        """The 1 x 3 x height x width float32 tensor of a BGR picture."""
        ordered = picture if self.channels == "bgr" else picture[:, :, ::-1]
        planes = np.ascontiguousarray(ordered.transpose(2, 0, 1), dtype=np.float32)
        mean = np.array(self.mean, np.float32).reshape(3, 1, 1)
        deviation = np.array(self.deviation, np.float32).reshape(3, 1, 1)
        planes -= mean
        planes /= deviation
        return planes[None]
