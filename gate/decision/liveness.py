"""What speaks for and against a living face over a track, and what of it is a doubt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.face_rules import LivenessRules


class LifeDoubt(StrEnum):
    """Why a face may be a picture: each layer by itself is enough to ask, none refuses."""

    LOOKS = "looks"
    RIM = "rim"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Liveness:
    """What a track has shown of life.

    `live` is the network's mark over all its frames, 0 to 1, None where no network judges; `agreeing` is the share of
    the frames that lie on the same side of the middle as it. `rim` says that a straight-edged frame stays about the
    face. `flat` is True where the landmarks turned as a flat sheet turns, False where they moved as a head's do,
    None where they did not turn enough to tell.
    """

    frames: int = 0
    live: float | None = None
    agreeing: float = 0.0
    rim: bool = False
    flat: bool | None = None

    def __post_init__(self) -> None:
        if self.frames < 0 or not 0 <= self.agreeing <= 1 or (self.live is not None and not 0 <= self.live <= 1):
            raise ValueError(f"no evidence: {self}")

    def doubts(self, rules: LivenessRules) -> tuple[LifeDoubt, ...]:
        """The layers that doubt, in a fixed order. Depth clears nothing: a film of a turning head shows it too."""
        if not rules.on:
            return ()
        looks = self.live is not None and rules.live_from is not None and self.live < rules.live_from
        layers = ((LifeDoubt.LOOKS, looks), (LifeDoubt.RIM, self.rim), (LifeDoubt.FLAT, self.flat is True))
        return tuple(doubt for doubt, there in layers if there)


NOTHING_SEEN = Liveness()
"""What a track has shown before its first frame."""
