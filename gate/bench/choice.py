"""Which models are measured: those of a configuration, or those of a pack."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from gate.config import Models
from gate.errors import GateError
from models.catalog import Program, catalog
from models.roles import Role

OWN = "starter"
"""The pack of the project's own weights: `models/holdout.py` knows what they have learned from."""

PLATE_ROLES = (Role.PLATE_FINDER, Role.PLATE_READER)
FACE_ROLES = (Role.FACE_FINDER, Role.FACE_EMBEDDER)
ROLES = (*FACE_ROLES, *PLATE_ROLES)
"""What a model can be measured in."""


class Seen(StrEnum):
    """What becomes of people and plates that the project's own weights have learned from."""

    AUTO = "auto"
    INCLUDE = "include"
    EXCLUDE = "exclude"

    def excludes(self, names: Iterable[str]) -> bool:
        """Whether they are left out; `auto` does so where one of the models named has learned from them."""
        if self is Seen.AUTO:
            return any(OWN in catalog().model(name).packs for name in names)
        return self is Seen.EXCLUDE


def models_of(pack: str | None, configured: Models) -> Models:
    """The models of a pack, the configured ones in the roles that it has none for; without a pack the configured ones.

    Raises:
        ModelUnavailable: `models.unknown_pack`.
        GateError: `bench.nothing_to_measure`, the pack has no model for any of `ROLES`.
    """
    if pack is None:
        return configured
    chosen = {
        _field(model.role): model.name
        for model in reversed(catalog().pack(pack))
        if model.role in ROLES and model.program is not Program.NONE
    }
    if not chosen:
        raise GateError("bench.nothing_to_measure", pack=pack)
    return configured.model_copy(update=chosen)


def name_for(models: Models, role: Role) -> str:
    """The name of the model that plays a role."""
    name: str = getattr(models, _field(role))
    return name


def borrowed(pack: str, models: Models, roles: Iterable[Role]) -> list[str]:
    """The models of those roles that are none of the pack's."""
    return [name for role in roles if pack not in catalog().model(name := name_for(models, role)).packs]


def _field(role: Role) -> str:
    return role.value.replace("-", "_")
