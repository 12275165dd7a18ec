from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrollment.finding import Finder
from enrollment.form import PersonForm
from enrollment.passes import Quota
from gate.config import Config, Storage
from gate.patrol.case import Standing, Whose
from gate.patrol.standings import Standings
from gate.site import Site, open_site

NOW = datetime.now(UTC)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(Config(storage=Storage(folder=tmp_path / "var")), create=True) as site:
        yield site


def test_a_plate_is_a_residents_a_visitors_blocked_or_nobodys(site: Site) -> None:
    person = site.register.enrol(PersonForm.of("张三", "3-2-501"), "t")
    car = site.register.add_vehicle("辽A12345", "3-2-501", "t")
    bad = site.register.add_vehicle("辽A54321", "3-2-501", "t")
    site.register.block(bad.id, "欠费", "t")
    until = NOW + timedelta(hours=3)
    guest = site.passes.add(person.id, NOW, until, plate="苏B12345", quota=Quota(3, 3, timedelta(days=1))).made
    staff = site.passes.add("t", NOW, until, plate="苏B54321").made
    whose = Standings(site.register, site.passes, Finder(site.engine), lambda plate, _at: plate == "京A00000").of
    at = NOW + timedelta(minutes=1)
    assert whose("辽A12345", at) == Whose(Standing.RESIDENT, car.id, "3-2-501")
    assert whose("辽A54321", at) == Whose(Standing.BLOCKED, bad.id, "3-2-501")
    assert whose("苏B12345", at) == Whose(Standing.VISITOR, guest.id, "3-2-501", until)
    assert whose("苏B54321", at) == Whose(Standing.VISITOR, staff.id, None, until)
    assert whose("京A00000", at) == Whose(Standing.BLOCKED)
    assert whose("辽B00000", at) == Whose(Standing.UNKNOWN)


def test_a_visitor_whose_pass_is_over_is_one_for_as_long_as_it_lets_out(site: Site) -> None:
    until = NOW + timedelta(hours=1)
    guest = site.passes.add("t", NOW, until, plate="苏B12345").made
    assert site.passes.use(guest.id, NOW + timedelta(minutes=1), "p")
    whose = Standings(site.register, site.passes, Finder(site.engine), lambda *_: False).of
    assert whose("苏B12345", until + timedelta(hours=2)) == Whose(Standing.VISITOR, guest.id, None, until)
    assert whose("苏B12345", until + timedelta(days=2)).standing is Standing.UNKNOWN
