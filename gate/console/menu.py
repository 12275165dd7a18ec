"""The pages that stand in the bar of every page, each for whoever may open it."""

from __future__ import annotations

from enrollment.accounts import Role
from gate.console.access import RULES

PLACES = (
    ("/", "console.barriers.live"),
    ("/barriers", "console.barriers.title"),
    ("/passes", "guests.staff_title"),
    ("/parking", "console.parking.title"),
    ("/patrol", "patrol.title"),
    ("/enrolment", "console.enrolment.title"),
    ("/audit", "audit.title"),
    ("/community", "community.page.title"),
    ("/privacy/assessment", "privacy.title"),
    ("/accounts", "console.staff.title"),
)
"""Address and the code of its name, in the order of how often they are wanted."""


def menu(role: Role) -> tuple[tuple[str, str], ...]:
    """The places of a role, by the table of who may do what."""
    return tuple((address, code) for address, code in PLACES if role in RULES["GET", address].roles)
