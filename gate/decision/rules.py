"""The rules a decision is made by, as one frozen value with a version of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from enrollment.candidate import Subject
from enrollment.credential import CredentialKind
from gate.access_rules import AccessRules, AllowedPlate, BlockedPlate, Group, fits
from gate.config import Config, FaceLimits, Lane, PlateRules
from gate.decision.decision import Movement
from gate.decision.moment import Direction
from gate.parking.settings import Parking, Zone
from gate.week import WeekHours
from models.sighting import PlateKind

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a lane goes by. `version` is a digest of every rule in it: the same rules have the same version.

    `heading` is the movement that a passage through the lane shows, None where any will do. `credentials` are the ways
    in that the lane takes, none for all of them. `households` gives the
    opaque id of each household that `access` names by its code; one that nobody lives in has none. `parking` are the
    zones, wherever the lane leads.
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
    credentials: frozenset[str] = frozenset()
    households: Mapping[str, str] = field(default_factory=dict)
    parking: Parking = field(default_factory=Parking)
    text: str = ""
    _named: _Named = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_named", _Named.of(self.access, self.households))

    @classmethod
    def of(
        cls,
        config: Config,
        lane: Lane,
        faces: FaceLimits,
        access: AccessRules | None = None,
        households: Mapping[str, str] | None = None,
        parking: Parking | None = None,
    ) -> Rules:
        """The rules of one lane of a configuration; `faces` are its face rules for the embedder in use.

        `access` and `parking` are what the files of both say, in place of what the configuration does itself.
        """
        chosen = config.rules.rules if access is None else access
        zones = config.parking.parking if parking is None else parking
        hours = chosen.lane_hours.get(lane.id, lane.hours)
        written = {
            "lane": lane.id,
            "direction": lane.direction,
            "moves": lane.moves,
            "hours": [span.model_dump(mode="json", by_alias=True) for span in hours],
            "faces": faces.model_dump(mode="json"),
            "plates": config.plates.model_dump(mode="json"),
            "access": chosen.model_dump(mode="json", by_alias=True),
            "credentials": sorted(lane.credentials),
        }
        if zones.zone:  # without one nothing is asked about parking, and the version is that of before
            written["parking"] = zones.model_dump(mode="json")
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
            credentials=frozenset(written.get("credentials", ())),
            households={} if households is None else households,
            parking=Parking.recorded(written.get("parking", {})),
            text=text,
        )

    def is_emergency(self, plate: str, kind: PlateKind | None) -> bool:
        """Whether a vehicle with this plate always passes."""
        return kind in self.access.emergency_kinds or fits(self.access.emergency_plates, plate)

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The zones that the lane leads into."""
        return self.parking.into(self.lane)

    def takes(self, shown: CredentialKind) -> bool:
        """Whether the lane takes a card, PIN or code."""
        return not self.credentials or shown in self.credentials

    @property
    def by_building(self) -> bool:
        """Whether some rule needs to know the building of whoever comes."""
        return bool(self._named.building)

    def names(self, subject: Subject) -> bool:
        """Whether a group names the subject itself, by its id."""
        return subject.id in self._named.subject

    def named_closely(self, subject: Subject) -> bool:
        """Whether a group names the subject more closely than by the building."""
        return self.names(subject) or subject.household in self._named.household

    def groups_of(self, subject: Subject) -> tuple[Group, ...]:
        """The groups that name the subject most closely; none where no group means it."""
        named = self._named
        return (
            named.subject.get(subject.id)
            or named.household.get(subject.household)
            or named.building.get(subject.building or "")
            or named.everybody
        )

    def blocks_of(self, plate: str) -> tuple[BlockedPlate, ...]:
        """The blocks of a plate, living or ended."""
        return self._named.plate.get(plate, ())

    def allowances_of(self, plate: str) -> tuple[AllowedPlate, ...]:
        """Its places on lists of plates that always pass, living or ended."""
        return self._named.allowed.get(plate, ())


@dataclass(frozen=True, slots=True)
class _Named:
    """The groups by whom they name, the closest first, and the listed plates; looked up at every decision."""

    subject: Mapping[str, tuple[Group, ...]]
    household: Mapping[str, tuple[Group, ...]]
    building: Mapping[str, tuple[Group, ...]]
    everybody: tuple[Group, ...]
    plate: Mapping[str, tuple[BlockedPlate, ...]]
    allowed: Mapping[str, tuple[AllowedPlate, ...]]

    @classmethod
    def of(cls, access: AccessRules, households: Mapping[str, str]) -> _Named:
        groups = access.group
        homes = ((households.get(code), group) for group in groups for code in group.households)
        return cls(
            _joined((name, group) for group in groups for name in group.subjects),
            _joined((home, group) for home, group in homes if home is not None),
            _joined((name, group) for group in groups for name in group.buildings),
            tuple(group for group in groups if not (group.subjects or group.households or group.buildings)),
            _joined((blocked.plate, blocked) for blocked in access.blocked_plate),
            _joined((allowed.plate, allowed) for allowed in access.allowed_plate),
        )


def _joined(pairs: Iterable[tuple[str, Part]]) -> dict[str, tuple[Part, ...]]:
    joined: dict[str, tuple[Part, ...]] = {}
    for name, part in pairs:
        joined[name] = (*joined.get(name, ()), part)
    return joined
