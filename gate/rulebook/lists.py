"""The plates that registers elsewhere block or always allow, beside those of the operator's own rules."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine

from enrollment.sources import ListedPlate, listed_plates
from enrollment.told import ToldKind
from gate.access_rules import AccessRules, AllowedPlate, BlockedPlate
from gate.config import Config


def with_lists(access: AccessRules, listed: Iterable[ListedPlate]) -> AccessRules:
    """The rules with these plates added, each naming its source; the operator's own come first."""
    blocked, allowed = [*access.blocked_plate], [*access.allowed_plate]
    for one in listed:
        said = {"plate": one.plate, "since": one.since, "until": one.until, "source": one.source}
        if one.kind is ToldKind.BLOCKED:
            blocked.append(BlockedPlate.model_validate({**said, "reason": one.reason or one.source}))
        else:
            allowed.append(AllowedPlate.model_validate({**said, "reason": one.reason or ""}))
    return access.model_copy(update={"blocked_plate": tuple(blocked), "allowed_plate": tuple(allowed)})


def without_lists(access: AccessRules) -> AccessRules:
    """The operator's own rules."""
    kept = {
        "blocked_plate": tuple(one for one in access.blocked_plate if one.source is None),
        "allowed_plate": tuple(one for one in access.allowed_plate if one.source is None),
    }
    return access.model_copy(update=kept)


def listed_for(config: Config, engine: Engine) -> tuple[ListedPlate, ...]:
    """The plates on the lists of the sources that a configuration names. Raises `StoreBusy`."""
    return listed_plates(engine, [source.id for source in config.community.source])
