"""The rules a decision is made by, as one frozen value with a version of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import time

from gate.config import Config, FaceLimits, Hours, Lane, PlateRules
from gate.decision.decision import Movement


@dataclass(frozen=True, slots=True)
class Rules:
    """What a lane goes by. `version` is a digest of every rule in it: the same rules have the same version.

    `heading` is the movement that a passage through the lane shows, None where any will do.
    """

    lane: str
    hours: tuple[Hours, ...]
    faces: FaceLimits
    plates: PlateRules
    version: str
    heading: Movement | None = None

    @classmethod
    def of(cls, config: Config, lane: Lane, faces: FaceLimits) -> Rules:
        """The rules of one lane of a configuration; `faces` are its face rules for the embedder in use."""
        text = "\n".join(
            (
                lane.id,
                lane.moves,
                *(span.model_dump_json() for span in lane.hours),
                faces.model_dump_json(),
                config.plates.model_dump_json(),
            )
        )
        version = hashlib.sha256(text.encode()).hexdigest()[:12]
        heading = None if lane.moves == "any" else Movement(lane.moves)
        return cls(lane.id, lane.hours, faces, config.plates, version, heading)

    def open_at(self, moment: time) -> bool:
        """Whether the lane opens by itself at this time of the day, in the compound's time zone."""
        return not self.hours or any(_within(span, moment) for span in self.hours)


def _within(span: Hours, moment: time) -> bool:
    if span.start <= span.end:
        return span.start <= moment < span.end
    return moment >= span.start or moment < span.end
