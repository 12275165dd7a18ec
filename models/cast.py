"""Which model plays which role: a pack as a whole, single roles by name, and the rule for who names nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from models.catalog import STARTER, Model, Thresholds, catalog
from models.roles import Role


@dataclass(frozen=True, slots=True)
class Cast:
    """The names of the models that play the four roles of a gate, and of the one that judges liveness, if any."""

    face_finder: str
    face_embedder: str
    plate_finder: str
    plate_reader: str
    face_liveness: str | None = None

    @classmethod
    def of_pack(cls, pack: str) -> Self:
        """The first model that a pack has for each role; where it has none, the one that comes with the program.

        Raises:
            ModelUnavailable: `models.unknown_pack`, with the nearest name.
        """
        models = (*catalog().pack(pack), *catalog().pack(STARTER))
        judges = [m.name for m in catalog().pack(pack) if m in catalog().players(Role.FACE_LIVENESS)]
        names = [next(m.name for m in models if m in catalog().players(role)) for role in ROLES]
        return replace(cls(*names), face_liveness=judges[0] if judges else None)

    @property
    def embedder(self) -> Model:
        """The model that embeds the faces."""
        return catalog().model(self.face_embedder)

    @property
    def models(self) -> tuple[Model, ...]:
        """The four models, in the order of the roles."""
        names = (self.face_finder, self.face_embedder, self.plate_finder, self.plate_reader)
        return tuple(catalog().model(name) for name in names)

    @property
    def live_from(self) -> float | None:
        """The share below which the liveness network's answer is a doubt; None where there is no network."""
        sees = catalog().model(self.face_liveness).sees if self.face_liveness else None
        return sees.live_from if sees else None

    @property
    def thresholds(self) -> Thresholds:
        """What the embedder's cosines mean."""
        thresholds = self.embedder.thresholds
        if thresholds is None:
            raise LookupError(f"{self.face_embedder} embeds no faces")
        return thresholds


ROLES = (Role.FACE_FINDER, Role.FACE_EMBEDDER, Role.PLATE_FINDER, Role.PLATE_READER)
"""The roles of a gate, in the order of a cast."""


def pack_of(enrolled: Sequence[str]) -> str:
    """The pack of a gate whose configuration names none: that of the embedder that made the enrolled faces.

    `enrolled` are the ids of the models that made the templates, the one with the most first; an id that the catalogue
    does not know any more is passed over by. Where nobody is enrolled it is the pack that comes with the program.
    """
    embedders = {model.name: model for model in catalog().players(Role.FACE_EMBEDDER)}
    known = (embedders.get(model_id.partition("@")[0]) for model_id in enrolled)
    return next((model.packs[0] for model in known if model), STARTER)
