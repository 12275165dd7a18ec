"""What a key may be used for: one table for every route of the API. A route that is not in it is shut."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Scope(StrEnum):
    """A part of the API that a key is let into; each has its words under `api.scope.<scope>`."""

    PASSAGES_READ = "passages:read"
    PASSAGES_PLATES = "passages:plates"
    LANES_READ = "lanes:read"
    LANES_OPEN = "lanes:open"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    PASSES_READ = "passes:read"
    PASSES_WRITE = "passes:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


PASSAGES = frozenset({Scope.PASSAGES_READ})
LANES = frozenset({Scope.LANES_READ, Scope.LANES_OPEN})
OPENING = frozenset({Scope.LANES_OPEN})
PEOPLE = frozenset({Scope.PEOPLE_READ, Scope.PEOPLE_WRITE})
PEOPLE_CHANGES = frozenset({Scope.PEOPLE_WRITE})
PASSES = frozenset({Scope.PASSES_READ, Scope.PASSES_WRITE})
PASSES_CHANGES = frozenset({Scope.PASSES_WRITE})
WEBHOOKS = frozenset({Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE})
WEBHOOKS_CHANGES = frozenset({Scope.WEBHOOKS_WRITE})
ANY = frozenset(Scope)

RULES: Mapping[tuple[str, str], frozenset[Scope]] = {
    ("GET", "/openapi.json"): ANY,
    ("GET", "/passages"): PASSAGES,
    ("GET", "/passages/{passage_id}"): PASSAGES,
    ("GET", "/lanes"): LANES,
    ("GET", "/lanes/{lane_id}"): LANES,
    ("POST", "/lanes/{lane_id}/open"): OPENING,
    ("GET", "/people"): PEOPLE,
    ("POST", "/people"): PEOPLE_CHANGES,
    ("GET", "/people/{person_id}"): PEOPLE,
    ("PUT", "/people/{person_id}"): PEOPLE_CHANGES,
    ("DELETE", "/people/{person_id}"): PEOPLE_CHANGES,
    ("GET", "/vehicles"): PEOPLE,
    ("POST", "/vehicles"): PEOPLE_CHANGES,
    ("GET", "/vehicles/{vehicle_id}"): PEOPLE,
    ("PUT", "/vehicles/{vehicle_id}"): PEOPLE_CHANGES,
    ("DELETE", "/vehicles/{vehicle_id}"): PEOPLE_CHANGES,
    ("GET", "/passes"): PASSES,
    ("POST", "/passes"): PASSES_CHANGES,
    ("GET", "/passes/{pass_id}"): PASSES,
    ("DELETE", "/passes/{pass_id}"): PASSES_CHANGES,
    ("GET", "/webhooks"): WEBHOOKS,
    ("POST", "/webhooks"): WEBHOOKS_CHANGES,
    ("GET", "/webhooks/{webhook_id}"): WEBHOOKS,
    ("PATCH", "/webhooks/{webhook_id}"): WEBHOOKS_CHANGES,
    ("DELETE", "/webhooks/{webhook_id}"): WEBHOOKS_CHANGES,
}
"""The scopes of which a key needs one. Besides, `/openapi.json` is there for whoever is signed in to the console."""
