"""The bar's menu: what each role finds there."""

from __future__ import annotations

import pytest

from enrollment.accounts import Role
from gate.console.menu import PLACES, menu

BOOTH = ["/", "/barriers", "/passes", "/parking", "/patrol"]


@pytest.mark.parametrize(
    ("role", "addresses"),
    [
        (Role.PATROL, ["/patrol"]),
        (Role.ENROLLER, ["/passes", "/enrolment"]),
        (Role.GUARD, BOOTH),
        (Role.ADMIN, [address for address, _ in PLACES]),
    ],
)
def test_a_role_finds_the_pages_that_it_may_open_and_no_other(role: Role, addresses: list[str]) -> None:
    assert [address for address, _ in menu(role)] == addresses


def test_an_auditor_finds_the_record_and_no_way_to_change_anything() -> None:
    found = {address for address, _ in menu(Role.AUDITOR)}
    assert "/audit" in found
    assert not found & {"/enrolment", "/accounts", "/passes"}
