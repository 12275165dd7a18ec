"""The rules a decision is made by, as one frozen value with a version of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from enrollment.candidate import Subject
from gate.access_rules import AccessRules, Group, fits
from gate.config import Config, FaceLimits, Lane, PlateRules
from gate.decision.decision import Movement
from gate.decision.moment import Direction
from gate.week import WeekHours
from models.sighting import PlateKind


@dataclass(frozen=True, slots=True)
class Rules:
    """What a lane goes by. `version` is a digest of every rule in it: the same rules have the same version.

    `heading` is the movement that a passage through the lane shows, None where any will do. `households` gives the
    opaque id of each household that `access` names by its code; one that nobody lives in has none.
    `text` is all of it but those, from which `read` makes the same rules again.
    """

    lane: str
    hours: tuple[WeekHours, ...]
    faces: FaceLimits
    plates: PlateRules
    version: str
    heading: Movement | None = None
    access: AccessRules = field(default_factory=AccessRules)
    direction: Direction = "in"
    households: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    @classmethod
    def of(
        cls,
        config: Config,
        lane: Lane,
        faces: FaceLimits,
        access: AccessRules | None = None,
        households: Mapping[str, str] | None = None,
    ) -> Rules:
        """The rules of one lane of a configuration; `faces` are its face rules for the embedder in use.

        `access` are the rules of the rules file, in place of the configuration's own.
        """
        chosen = config.rules.rules if access is None else access
        hours = chosen.lane_hours.get(lane.id, lane.hours)
        written = {
            "lane": lane.id,
            "direction": lane.direction,
            "moves": lane.moves,
            "hours": [span.model_dump(mode="json", by_alias=True) for span in hours],
            "faces": faces.model_dump(mode="json"),
            "plates": config.plates.model_dump(mode="json"),
            "access": chosen.model_dump(mode="json", by_alias=True),
        }
        return cls.read(json.dumps(written, ensure_ascii=False, sort_keys=True), households)

    @classmethod
    def read(cls, text: str, households: Mapping[str, str] | None = None) -> Rules:
        """The rules that `text` holds, as `of` wrote them."""
        written = json.loads(text)
        return cls(
            lane=written["lane"],
            hours=tuple(WeekHours.model_validate(span) for span in written["hours"]),
            faces=FaceLimits.model_validate(written["faces"]),
            plates=PlateRules.model_validate(written["plates"]),
            version=hashlib.sha256(text.encode()).hexdigest()[:12],
            heading=None if written["moves"] == "any" else Movement(written["moves"]),
            access=AccessRules.model_validate(written["access"]),
            direction=written["direction"],
            households={} if households is None else households,
            text=text,
        )

    def is_emergency(self, plate: str, kind: PlateKind | None) -> bool:
        """Whether a vehicle with this plate always passes."""
        return kind in self.access.emergency_kinds or fits(self.access.emergency_plates, plate)

    @property
    def by_building(self) -> bool:
        """Whether some rule needs to know the building of whoever comes."""
        return any(group.buildings for group in self.access.group)

    def named_closely(self, subject: Subject) -> bool:
        """Whether a group names the subject more closely than by the building."""
        return any(_closeness(group, subject, self.households) > 2 for group in self.access.group)

    def groups_of(self, subject: Subject) -> tuple[Group, ...]:
        """The groups that name the subject most closely; none where no group means it."""
        ranks = [(_closeness(group, subject, self.households), group) for group in self.access.group]
        closest = max((rank for rank, _ in ranks), default=0)
        return tuple(group for rank, group in ranks if rank == closest) if closest else ()


def _closeness(group: Group, subject: Subject, households: Mapping[str, str]) -> int:
    """How closely a group names a subject: 4 by its id, 3 by household, 2 by building, 1 everybody, 0 not at all."""
    if subject.id in group.subjects:
        return 4
    if any(households.get(code) == subject.household for code in group.households):
        return 3
    if subject.building is not None and subject.building in group.buildings:
        return 2
    return 0 if group.subjects or group.households or group.buildings else 1
