"""Cases of badly parked cars: opened once, closed when the car moves, forgotten in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from enrollment.database import reading, writing
from enrollment.entry import Resident, Vehicle
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.form import PersonForm, VehicleForm
from enrollment.notice import Answer
from enrollment.notices import Notices
from enrollment.phones import Phones
from gate.clocks import clocks
from gate.config import Config, Storage
from gate.erasure import erase
from gate.ledger.ledger import Passage, StaffActs, append, append_passage
from gate.ledger.tables import LedgerRow
from gate.ledger.verify import verify
from gate.patrol.case import CaseForm, Place, Standing, Whose, Why
from gate.patrol.case_watch import CaseWatch
from gate.patrol.cases import KEPT_DAYS, Cases
from gate.patrol.tables import PatrolCaseRow
from gate.site import Site, open_site

PLATE = "辽A12345"


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC) + timedelta(minutes=1)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(Config(storage=Storage(folder=tmp_path / "var")), create=True) as site:
        yield site


@pytest.fixture
def person(site: Site) -> Resident:
    return site.register.enrol(PersonForm.of("张三", "3-2-501"), "t")


@pytest.fixture
def car(site: Site, person: Resident) -> Vehicle:
    return site.register.enter_vehicle(VehicleForm.of(PLATE, "3-2-501"), "t")


@pytest.fixture
def notices(site: Site, clock: Clock) -> Notices:
    return Notices(site.engine, StaffActs(site.signer), now=clock)


@pytest.fixture
def cases(site: Site, notices: Notices, clock: Clock) -> Cases:
    return Cases(site.engine, notices, site.snapshots, StaffActs(site.signer), ["out"], clock)


def form(car: Vehicle | None, number: int = 1, plate: str = PLATE) -> CaseForm:
    whose = Whose(Standing.RESIDENT, car.id) if car else Whose(Standing.UNKNOWN)
    return CaseForm(f"{number:032}", plate, whose, Place.FIRE_LANE, " 3 号楼 前 ", read="辽A1234S", jpeg=b"crop")


def phone_in(site: Site, clock: Clock, person: Resident) -> None:
    phones = Phones(site.engine, site.keyring, StaffActs(site.signer), now=clock)
    assert phones.enter(phones.link(person.id, "t").code)


def passed(
    site: Site, name: str, at: datetime, lane: str, verdict: str, subject: str | None = None, plate: str = ""
) -> None:
    details = {"plate": plate} if plate else {}
    with writing(site.engine) as session:
        append_passage(session, Passage(name, at, lane, verdict, "known_vehicle", subject, "v1", details), None)


def opened_by_hand(site: Site, at: datetime, lane: str) -> None:
    with writing(site.engine) as session:
        append(session, at, "manual.open", {"lane": lane, "actor": "guard", "reason": "visitor"})


def kinds(site: Site) -> list[str]:
    with reading(site.engine) as session:
        rows = session.scalars(select(LedgerRow.kind).order_by(LedgerRow.seq))
        return [kind for kind in rows if kind.startswith(("patrol.", "notice."))]


def test_a_case_is_opened_once_keeps_the_reading_and_is_on_record_without_the_plate(
    site: Site, cases: Cases, car: Vehicle
) -> None:
    case = cases.open(form(car), "volunteer")
    assert cases.open(form(car), "volunteer") == case
    assert (case.plate, case.read, case.household) == (PLATE, "辽A1234S", "3-2-501")
    assert (case.place, case.place_words, cases.crop(case)) == (Place.FIRE_LANE, "3 号楼 前", b"crop")
    assert kinds(site) == ["patrol.opened"]
    with pytest.raises(EntryRefused, match=r"patrol\.already_open") as refused:
        cases.open(form(car, 2), "guard")
    assert refused.value.facts["id"] == case.id
    with reading(site.engine) as session:
        told = "".join(session.scalars(select(LedgerRow.body).where(LedgerRow.kind == "patrol.opened")))
    assert car.id in told
    assert not [word for word in ("12345", "1234S", "501", "号楼") if word in told]


def test_somewhere_else_needs_words(cases: Cases, car: Vehicle) -> None:
    elsewhere = CaseForm("2" * 32, PLATE, Whose(Standing.UNKNOWN), Place.OTHER)
    with pytest.raises(EntryRefused, match=r"patrol\.place_needed"):
        cases.open(elsewhere, "t")
    with pytest.raises(EntryRefused, match=r"patrol\.place_long"):
        cases.open(CaseForm("2" * 32, PLATE, Whose(Standing.UNKNOWN), Place.OTHER, "x" * 41), "t")


def test_a_passage_out_closes_the_case_and_nothing_else_does(
    site: Site, cases: Cases, car: Vehicle, clock: Clock
) -> None:
    rows = (
        ("out", "open", None, True, 5, True),
        ("out", "ask", None, True, 5, False),
        ("out", "ask", "out", True, 5, True),
        ("out", "refuse", None, True, 5, False),
        ("in", "open", None, True, 5, False),
        ("out", "open", None, True, -5, False),
        ("out", "open", None, False, 5, False),
    )
    for number, (lane, verdict, by_hand, own, minutes, closes) in enumerate(rows):
        clock.now += timedelta(minutes=30)
        plate = f"辽B{number}1111"
        case = cases.open(form(None, number, plate), "volunteer")
        at = clock.now + timedelta(minutes=minutes)
        passed(site, f"p{number}", at, lane, verdict, None, plate if own else "辽B00000")
        if by_hand:
            opened_by_hand(site, at + timedelta(seconds=9), by_hand)
        assert cases.settle() == int(closes), rows[number]
        assert cases.needed(case.id).closed_why == (Why.LEFT if closes else None)


def test_a_car_that_is_enrolled_after_its_case_was_opened_closes_it_on_its_way_out(
    site: Site, cases: Cases, person: Resident, clock: Clock
) -> None:
    case = cases.open(form(None), "volunteer")
    car = site.register.enter_vehicle(VehicleForm.of(PLATE, person.household), "t")
    passed(site, "p1", clock.now + timedelta(minutes=2), "out", "open", car.id)
    cases.settle()
    assert cases.needed(case.id).closed_why is Why.LEFT


def test_the_way_out_is_found_behind_however_many_ways_in(
    site: Site, cases: Cases, car: Vehicle, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.patrol.cases.MOST_PASSAGES", 2)
    case = cases.open(form(car), "volunteer")
    for number in range(3):
        passed(site, f"in{number}", clock.now + timedelta(minutes=number + 1), "in", "open", car.id)
    passed(site, "p1", clock.now + timedelta(minutes=9), "out", "open", car.id)
    cases.settle()
    assert cases.needed(case.id).closed_why is Why.LEFT


def test_a_household_answers_somebody_looks_and_the_case_and_its_notice_are_over(
    site: Site, cases: Cases, notices: Notices, car: Vehicle, person: Resident, clock: Clock
) -> None:
    phone_in(site, clock, person)
    case = cases.open(form(car), "volunteer")
    asked = cases.ask(case.id, "消防通道", "volunteer")
    assert asked.notice is not None
    assert not asked.answered
    assert cases.ask(case.id, "消防通道", "guard").notice == asked.notice
    with pytest.raises(EntryRefused, match=r"patrol\.not_answered"):
        cases.close(case.id, Why.MOVED, "", "volunteer")
    notices.answer(asked.notice.id, person.id, Answer.COMING)
    assert cases.needed(case.id).answered
    cases.close(case.id, Why.MOVED, "", "volunteer")
    closed = cases.needed(case.id)
    assert (closed.closed_why, notices.waiting(person.id)) == (Why.MOVED, ())
    assert closed.notice is not None
    assert not closed.notice.open(clock.now)
    with pytest.raises(EntryRefused, match=r"patrol\.closed"):
        cases.close(case.id, Why.MOVED, "", "volunteer")
    with pytest.raises(EntryRefused, match=r"patrol\.closed"):
        cases.ask(case.id, "x", "volunteer")
    assert kinds(site) == ["patrol.opened", "notice.sent", "notice.answered", "patrol.closed", "notice.closed"]


def test_a_household_may_say_that_it_is_moved_and_somebody_still_looks(
    site: Site, cases: Cases, notices: Notices, car: Vehicle, person: Resident, clock: Clock
) -> None:
    phone_in(site, clock, person)
    case = cases.open(form(car), "volunteer")
    asked = cases.ask(case.id, "消防通道", "volunteer")
    assert asked.notice is not None
    notices.moved(asked.notice.id, person.id)
    waiting = cases.needed(case.id)
    assert (waiting.open, waiting.answered) == (True, True)
    again = cases.ask(case.id, "消防通道", "volunteer")
    assert again.notice is not None
    assert again.notice.id != asked.notice.id
    cases.close(case.id, Why.SEEN_MOVED, "", "volunteer")


def test_a_car_that_left_ends_its_notice_too(
    site: Site, cases: Cases, notices: Notices, car: Vehicle, person: Resident, clock: Clock
) -> None:
    phone_in(site, clock, person)
    case = cases.open(form(car), "volunteer")
    cases.ask(case.id, "消防通道", "volunteer")
    passed(site, "p1", clock.now + timedelta(minutes=1), "out", "open", car.id)
    CaseWatch(cases.settle).look()
    assert notices.waiting(person.id) == ()
    assert kinds(site)[-2:] == ["patrol.closed", "notice.closed"]


def test_by_hand_it_takes_a_reason(cases: Cases, car: Vehicle) -> None:
    case = cases.open(form(car), "volunteer")
    with pytest.raises(EntryRefused, match=r"patrol\.words_needed"):
        cases.close(case.id, Why.OTHER, "  ", "guard")
    with pytest.raises(EntryRefused, match=r"patrol\.words_long"):
        cases.close(case.id, Why.OTHER, "x" * 101, "guard")
    with pytest.raises(ValueError, match="passage"):
        cases.close(case.id, Why.LEFT, "", "guard")
    cases.close(case.id, Why.OTHER, "车主家里办丧事", "guard")
    assert cases.needed(case.id).closed_words == "车主家里办丧事"


def test_a_reopened_case_waits_for_another_passage(site: Site, cases: Cases, car: Vehicle, clock: Clock) -> None:
    case = cases.open(form(car), "volunteer")
    passed(site, "p1", clock.now + timedelta(minutes=1), "out", "open", car.id)
    assert cases.settle() == 1
    clock.now += timedelta(minutes=10)
    cases.reopen(case.id, "guard")
    assert (cases.settle(), cases.needed(case.id).reopened, cases.needed(case.id).open) == (0, 1, True)
    with pytest.raises(EntryRefused, match=r"patrol\.already_open"):
        cases.reopen(case.id, "guard")


def test_whoever_is_not_enrolled_cannot_be_asked(cases: Cases, person: Resident) -> None:
    case = cases.open(form(None), "volunteer")
    with pytest.raises(EntryRefused, match=r"patrol\.nobody_to_ask"):
        cases.ask(case.id, "x", "volunteer")
    with pytest.raises(NotEnrolled, match=r"patrol\.none"):
        cases.ask("9" * 32, "x", "volunteer")


def test_a_household_without_a_phone_leaves_the_case_open(cases: Cases, car: Vehicle) -> None:
    case = cases.open(form(car), "volunteer")
    with pytest.raises(EntryRefused, match=r"notice\.nobody_reached"):
        cases.ask(case.id, "x", "volunteer")
    assert cases.needed(case.id).open


def test_the_list_has_what_is_open_and_this_week_s(cases: Cases, car: Vehicle, clock: Clock) -> None:
    old = cases.open(form(None, 1, "辽B11111"), "v1")
    cases.close(old.id, Why.MISTAKE, "", "v1")
    clock.now += timedelta(days=8)
    mine, theirs = (cases.open(form(None, number, f"辽B{number}1111"), f"v{number}") for number in (2, 3))
    for one in (mine, theirs):
        cases.close(one.id, Why.SEEN_MOVED, "", "guard")
    waiting = cases.open(form(car, 4), "v1")
    assert [one.id for one in cases.listed()][:1] == [waiting.id]
    assert {one.id for one in cases.listed()} == {waiting.id, mine.id, theirs.id}
    assert {one.id for one in cases.listed(closed_by_whom="v2")} == {waiting.id, mine.id}


def test_cases_are_counted_by_their_clock_and_forgotten_after_a_month(
    site: Site, cases: Cases, car: Vehicle, clock: Clock
) -> None:
    clock.now -= timedelta(days=KEPT_DAYS + 3)
    cases.open(form(car), "volunteer")
    counted = next(one for one in clocks(site, 30, datetime.now(UTC).date()) if one.name == "cases")
    assert (counted.days, counted.kept, counted.overdue) == (KEPT_DAYS, 1, 1)
    assert cases.forget() == 0
    clock.now += timedelta(days=KEPT_DAYS)
    assert cases.forget() == 1
    assert cases.listed() == ()


def test_what_is_about_a_car_that_is_enrolled_no_more_is_forgotten_with_the_next_sweep(
    site: Site, cases: Cases, car: Vehicle
) -> None:
    case = cases.open(form(car), "volunteer")
    other = cases.open(form(None, 2, "辽B22222"), "volunteer")
    site.register.remove(car.id, "t")
    assert cases.forget() == 1
    assert site.snapshots.look(str(case.snapshot)) is None
    assert [one.id for one in cases.listed()] == [other.id]


def test_an_erased_car_takes_its_cases_and_crops_along_and_a_name_goes_from_the_words(
    site: Site, cases: Cases, car: Vehicle, person: Resident
) -> None:
    mine = cases.open(form(car), "volunteer")
    other = cases.open(form(None, 2, "辽B22222"), "volunteer")
    cases.close(other.id, Why.OTHER, "张三说是他家亲戚", "guard")
    assert erase(site, car.id, "t").erased["cases"] == 1
    assert (cases.find(mine.id), site.snapshots.look(str(mine.snapshot))) == (None, None)
    assert erase(site, person.id, "t").erased["cases"] == 1
    assert cases.needed(other.id).closed_words is None
    assert verify(site.engine, site.snapshots).first_broken is None
    with reading(site.engine) as session:
        assert session.scalars(select(PatrolCaseRow.id)).all() == [other.id]
