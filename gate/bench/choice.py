"""Which models are measured: those of a configuration, or those of a pack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from gate.errors import GateError
from models.cast import ROLES, Cast
from models.catalog import STARTER, catalog
from models.roles import Role

PLATE_ROLES = (Role.PLATE_FINDER, Role.PLATE_READER)
FACE_ROLES = (Role.FACE_FINDER, Role.FACE_EMBEDDER)


class Seen(StrEnum):
    """What becomes of people and plates that the project's own weights have learned from."""

    AUTO = "auto"
    INCLUDE = "include"
    EXCLUDE = "exclude"

    def excludes(self, names: Iterable[str]) -> bool:
        """Whether they are left out; `auto` does so where one of the models named has learned from them."""
        if self is Seen.AUTO:
            return any(STARTER in catalog().model(name).packs for name in names)
        return self is Seen.EXCLUDE


def models_of(pack: str | None, configured: Cast) -> Cast:
    """The models of a pack, the configured ones in the roles that it has none for; without a pack the configured ones.

    Raises:
        ModelUnavailable: `models.unknown_pack`.
        GateError: `bench.nothing_to_measure`, the pack has no model for any role of a gate.
    """
    if pack is None:
        return configured
    members = catalog().pack(pack)
    played = {role: [model.name for model in catalog().players(role) if model in members] for role in ROLES}
    chosen = {_field(role): names[0] for role, names in played.items() if names}
    if not chosen:
        raise GateError("bench.nothing_to_measure", pack=pack)
    return replace(configured, **chosen, face_liveness=Cast.of_pack(pack).face_liveness)


def name_for(models: Cast, role: Role) -> str:
    """The name of the model that plays a role."""
    name: str = getattr(models, _field(role))
    return name


def borrowed(pack: str, models: Cast, roles: Iterable[Role]) -> list[str]:
    """The models of those roles that are none of the pack's."""
    return [name for role in roles if pack not in catalog().model(name := name_for(models, role)).packs]


def _field(role: Role) -> str:
    return role.value.replace("-", "_")
