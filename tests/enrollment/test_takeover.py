from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from enrollment.act import Act
from enrollment.database import open_database, reading, upgrade
from enrollment.errors import EntryRefused
from enrollment.form import PersonForm, Standing
from enrollment.keyring import Keyring
from enrollment.plan import Decisions, Do, Limits, Plan
from enrollment.register import Register
from enrollment.source_tables import SourceEntryRow
from enrollment.sources import News, Sources, listed_plates, lists_version
from enrollment.tables import ConsentRow, TemplateRow
from enrollment.takeover import Outcome, Takeover
from enrollment.told import Told, ToldKind, Wrong

ZONE = ZoneInfo("Asia/Shanghai")
PERSON, VEHICLE, BLOCKED, ALLOWED = ToldKind
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class Office:
    """A source, our register and what it records, with a clock that is set by hand."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self.engine = engine
        self.now = START
        self.acts: list[Act] = []

        def record(_session: object, act: Act) -> None:
            self.acts.append(act)

        self.register = Register(engine, keyring, record, now=self.wall)
        self.sources = Sources(engine, keyring, self.wall)
        self.takeover = Takeover(engine, keyring, record, self.sources, self.wall)

    def wall(self) -> datetime:
        return self.now

    def tells(self, *told: Told, source: str = "office", wrong: tuple[Wrong, ...] = ()) -> None:
        """Everything that the source has now."""
        self.sources.tell(source, News(told, wrong, whole=tuple(ToldKind)))

    def plan(self, source: str = "office", limits: Limits | None = None, **decided: object) -> Plan:
        return self.sources.plan(source, limits, Decisions(**decided))  # type: ignore[arg-type]

    def takes_over(self, source: str = "office", confirm: str | None = None, **decided: object) -> Outcome:
        return self.takeover.apply(self.plan(source, **decided), confirm)

    def stays(self, name: str) -> list[datetime | None]:
        who = next(one for one in self.register.residents() if one.name == name)
        return [stay.ends_at for stay in self.register.tenancies.of(who.id)]


def person(ref: str, name: str, household: str = "3-2-501", **more: str) -> Told:
    return Told.of(PERSON, ref, {"name": name, "household": household, **more}, ZONE)


def car(ref: str, plate: str, household: str = "3-2-501", **more: str) -> Told:
    return Told.of(VEHICLE, ref, {"plate": plate, "household": household, **more}, ZONE)


def listed(kind: ToldKind, ref: str, plate: str, **more: str) -> Told:
    return Told.of(kind, ref, {"plate": plate, **more}, ZONE)


def people(count: int) -> list[Told]:
    return [person(str(number), f"住户{number}", f"1-1-{100 + number}") for number in range(count)]


@pytest.fixture
def office(engine: Engine, keyring: Keyring) -> Office:
    return Office(engine, keyring)


def test_who_is_new_is_added_by_the_source_without_face_or_consent(office: Office) -> None:
    office.tells(person("7", "张三", phone="13800000000", standing="owner"), car("8", "辽A12345", colour="blue"))
    done = office.takes_over()
    (who,), (vehicle,) = office.register.residents(), office.register.vehicles()
    assert (who.name, who.household, who.phone, who.templates) == ("张三", "3-2-501", "13800000000", 0)
    assert (vehicle.plate, vehicle.colour.value, vehicle.household) == ("辽A12345", "blue", "3-2-501")
    assert office.register.tenancies.of(who.id)[0].standing is Standing.OWNER
    assert (done.done[Do.ADD], done.left) == (2, [])
    assert {(act.kind, act.actor) for act in office.acts} == {
        ("resident.added", "source:office"),
        ("vehicle.added", "source:office"),
    }


def test_what_is_told_again_changes_nothing(office: Office) -> None:
    office.tells(person("7", "张三"), car("8", "辽A12345"), listed(BLOCKED, "9", "辽B12345"))
    office.takes_over()
    acts, version = len(office.acts), lists_version(office.engine)
    office.tells(person("7", "张三"), car("8", "辽A12345"), listed(BLOCKED, "9", "辽B12345"))
    plan = office.plan()
    assert (plan.empty, plan.conflicts, plan.unchanged) == (True, (), 3)
    office.takes_over()
    assert (len(office.acts), lists_version(office.engine)) == (acts, version)


def test_a_change_there_comes_over_field_by_field(office: Office) -> None:
    office.tells(person("7", "张三", phone="13800000000"), car("8", "辽A12345"))
    office.takes_over()
    office.tells(person("7", "张三丰", "3-2-502"), car("8", "辽A54321"))
    changes = {(one.field, one.before, one.after) for step in office.plan().steps for one in step.changes}
    assert changes == {
        ("household", "3-2-501", "3-2-502"),
        ("name", "张三", "张三丰"),
        ("phone", "13800000000", None),
        ("plate", "辽A12345", "辽A54321"),
    }
    office.takes_over()
    who = office.register.residents()[0]
    assert (who.name, who.household, who.phone, who.version) == ("张三丰", "3-2-502", None, 2)
    assert office.plan().empty


def test_what_was_edited_here_stays_until_the_source_says_something_new_and_then_waits(office: Office) -> None:
    office.tells(person("7", "张三", phone="13800000000"))
    office.takes_over()
    who = office.register.residents()[0]
    office.register.edit_person(who.id, PersonForm.of("张三", "3-2-501", phone="13900000000"), "chief", who.version)
    office.tells(person("7", "张三", phone="13800000000"))
    assert office.plan().empty
    assert not office.plan().conflicts
    office.tells(person("7", "张三", phone="13700000000"))
    (conflict,) = office.plan().conflicts
    assert (conflict.code, conflict.ref, conflict.changes[0].before) == ("edited_here", "7", "13900000000")
    office.takes_over()
    assert office.register.residents()[0].phone == "13900000000"


@pytest.mark.parametrize(("decided", "phone"), [("take", "13700000000"), ("keep", "13900000000")])
def test_a_person_decides_whose_word_counts(office: Office, decided: str, phone: str) -> None:
    office.tells(person("7", "张三", phone="13800000000"))
    office.takes_over()
    who = office.register.residents()[0]
    office.register.edit_person(who.id, PersonForm.of("张三", "3-2-501", phone="13900000000"), "chief", who.version)
    office.tells(person("7", "张三", phone="13700000000"))
    office.takes_over(**{decided: ("7",)})
    assert office.register.residents()[0].phone == phone
    assert office.plan().empty
    assert not office.plan().conflicts


def test_a_face_enrolled_meanwhile_is_no_edit(office: Office) -> None:
    office.tells(person("7", "张三"))
    office.takes_over()
    who = office.register.residents()[0]
    office.register.block(who.id, "测试", "chief")
    office.tells(person("7", "张三", phone="13700000000"))
    office.takes_over()
    after = office.register.residents()[0]
    assert (after.phone, after.blocked) == ("13700000000", True)


def test_who_was_entered_by_hand_is_matched_and_not_doubled(office: Office) -> None:
    known = office.register.enrol(PersonForm.of("张三", "3-2-501"), "chief")
    office.register.add_vehicle("辽A12345", "3-2-501", "chief")
    office.tells(person("7", "张三", phone="13800000000"), car("8", "辽A12345"))
    assert not office.plan().of(Do.ADD)
    office.takes_over()
    (who,) = office.register.residents()
    assert (who.id, who.phone) == (known.id, "13800000000")
    assert len(office.register.vehicles()) == 1


def test_a_new_id_for_the_same_person_takes_over_and_ends_nobody(office: Office) -> None:
    office.tells(person("7", "张三"), car("8", "辽A12345"))
    office.takes_over()
    before = office.register.residents()[0].id
    office.tells(person("70", "张三"), car("80", "辽A12345", "3-2-502"))
    plan = office.plan()
    assert not plan.of(Do.END)
    office.takes_over()
    assert [one.id for one in office.register.residents()] == [before]
    assert office.register.vehicles()[0].household == "3-2-502"
    assert office.plan().empty


def test_who_is_gone_there_ends_here_and_is_never_erased(office: Office) -> None:
    office.tells(person("7", "张三"), car("8", "辽A12345"), listed(BLOCKED, "9", "辽B12345"))
    office.takes_over()
    office.now += timedelta(hours=1)
    office.tells()
    office.takes_over()
    assert office.stays("张三") == [office.now]
    assert office.register.vehicles()[0].term.until == office.now
    assert listed_plates(office.engine, ["office"]) == ()
    assert "resident.removed" not in {act.kind for act in office.acts}
    assert office.plan().empty


def test_who_comes_back_there_comes_back_here(office: Office) -> None:
    told = person("7", "张三"), car("8", "辽A12345")
    office.tells(*told)
    office.takes_over()
    office.now += timedelta(hours=1)
    office.tells()
    office.takes_over()
    office.now += timedelta(days=3)
    office.tells(*told)
    office.takes_over()
    assert office.stays("张三") == [START + timedelta(hours=1), None]
    assert office.register.vehicles()[0].term.until is None
    assert office.plan().empty


def test_a_mass_ending_waits_for_a_person_who_names_this_very_plan(office: Office) -> None:
    office.tells(*people(100))
    office.takes_over()
    office.now += timedelta(days=2)
    office.tells(*people(94))
    plan = office.plan()
    assert (plan.held, len(plan.of(Do.END))) == (True, 6)
    assert office.takes_over().done[Do.END] == 0
    with pytest.raises(EntryRefused, match=r"source\.other_plan"):
        office.takes_over(confirm="00000000")
    assert office.takes_over(confirm=plan.code).done[Do.END] == 6


def test_five_of_a_hundred_do_not_wait_and_neither_do_two_of_ten(office: Office) -> None:
    office.tells(*people(100))
    office.takes_over()
    office.tells(*people(95))
    assert not office.plan().held
    office.tells(*people(10), source="small")
    office.sources.tell("small", News([car(str(one), f"辽A1234{one}") for one in range(10)], whole=tuple(ToldKind)))
    office.takes_over("small")
    office.sources.tell("small", News([car(str(one), f"辽A1234{one}") for one in range(8)], whole=tuple(ToldKind)))
    assert (office.plan("small").held, len(office.plan("small").of(Do.END))) == (False, 2)


def test_losing_them_one_after_the_other_waits_too(office: Office) -> None:
    office.tells(*people(100))
    office.takes_over()
    left, ended = 100, 0
    for _ in range(20):
        office.now += timedelta(minutes=10)
        left -= 1
        office.tells(*people(left))
        ended += office.takes_over().done[Do.END]
    assert ended == 5


def test_an_unreadable_row_of_unknown_id_holds_the_endings(office: Office) -> None:
    office.tells(person("7", "张三"), person("8", "李四"))
    office.takes_over()
    office.tells(person("7", "张三"), wrong=(Wrong(PERSON, None, 3, EntryRefused("told.no_ref")),))
    plan = office.plan()
    assert (plan.held, [one.row for one in plan.wrong]) == (True, [3])
    fault = EntryRefused("register.household_code", entered="3楼")
    office.tells(person("7", "张三"), wrong=(Wrong(PERSON, "8", 3, fault),))
    assert office.plan().empty


def _conflict(office: Office) -> str:
    office.takes_over()
    (conflict,) = office.plan().conflicts
    return conflict.code


def test_a_plate_of_another_household_waits(office: Office) -> None:
    office.register.add_vehicle("辽A12345", "1-1-101", "chief")
    office.tells(car("8", "辽A12345"))
    assert _conflict(office) == "plate_elsewhere"
    assert office.register.vehicles()[0].household == "1-1-101"
    office.takes_over(take=("8",))
    assert office.register.vehicles()[0].household == "3-2-501"


def test_a_name_or_plate_told_twice_waits(office: Office) -> None:
    office.tells(person("7", "张三"), person("8", "张三"), car("1", "辽A12345"), car("2", "辽A12345", "1-1-101"))
    office.takes_over()
    assert [one.code for one in office.plan().conflicts] == ["name_twice", "name_twice", "plate_twice", "plate_twice"]
    assert not office.register.residents()


def test_an_unknown_room_waits_where_new_ones_are_not_made(office: Office) -> None:
    office.register.enrol(PersonForm.of("李四", "3-2-501"), "chief")
    office.tells(person("7", "张三", "9-9-999"), person("8", "王五"))
    plan = office.plan(limits=Limits(new_rooms=False))
    assert [one.code for one in plan.conflicts] == ["unknown_room"]
    assert [step.label for step in plan.of(Do.ADD)] == ["王五"]


def test_who_was_erased_here_is_not_entered_again_and_nothing_of_them_is_kept(office: Office) -> None:
    office.tells(person("7", "张三", phone="13800000000"))
    office.takes_over()
    office.register.remove(office.register.residents()[0].id, "chief")
    office.tells(person("7", "张三", phone="13800000000"))
    assert _conflict(office) == "erased_here"
    assert not office.register.residents()
    with reading(office.engine) as session:
        row = session.scalars(select(SourceEntryRow)).one()
        assert (row.told, row.said) == (b"", "{}")


def test_what_another_source_still_tells_is_not_ended(office: Office) -> None:
    office.tells(person("7", "张三"))
    office.takes_over()
    office.tells(person("A", "张三"), source="other")
    office.takes_over("other")
    office.tells()
    assert not office.plan().of(Do.END)
    office.takes_over()
    assert (office.plan().empty, office.stays("张三")) == (True, [None])
    office.now += timedelta(hours=1)
    office.sources.tell("other", News(whole=tuple(ToldKind)))
    office.takes_over("other")
    assert office.stays("张三") == [office.now]


def test_who_was_moved_here_by_hand_does_not_end_without_a_person(office: Office) -> None:
    office.tells(person("7", "张三"))
    office.takes_over()
    who = office.register.residents()[0]
    office.register.edit_person(who.id, PersonForm.of("张三", "1-1-101"), "chief", who.version)
    office.tells()
    (conflict,) = office.plan().conflicts
    assert (conflict.code, conflict.ref) == ("edited_here", who.id)
    office.takes_over(keep=(who.id,))
    assert (office.plan().empty, office.stays("张三")) == (True, [None])
    assert not office.plan().conflicts


def test_who_was_ended_here_before_the_source_was_asked_waits(office: Office) -> None:
    who = office.register.enrol(PersonForm.of("张三", "3-2-501"), "chief")
    office.now += timedelta(days=1)
    office.register.tenancies.end(office.register.tenancies.of(who.id)[0].id, office.now, "chief")
    office.now += timedelta(days=1)
    office.tells(person("7", "张三"))
    assert _conflict(office) == "edited_here"
    office.takes_over(take=("7",))
    assert office.stays("张三")[-1] is None
    assert office.plan().empty


def test_a_source_that_is_named_no_more_holds_up_no_ending(office: Office) -> None:
    office.tells(person("7", "张三"), source="former")
    office.takes_over("former")
    office.tells(person("7", "张三"))
    office.takes_over()
    office.tells()
    assert not office.plan().of(Do.END)
    alone = Sources(office.engine, Keyring(bytes(range(32))), office.wall, ["office"])
    assert len(alone.plan("office").of(Do.END)) == 1


def test_two_entries_are_never_the_same_person(office: Office) -> None:
    office.register.enrol(PersonForm.of("张三", "3-2-501"), "chief")
    office.tells(person("7", "张三"), Told.of(PERSON, "8", {"name": "张三"}, ZONE))
    assert _conflict(office) == "taken_here"
    assert len(office.register.residents()) == 1


def test_a_vehicle_without_a_room_goes_to_its_owner_and_a_person_without_one_waits(office: Office) -> None:
    vehicle = Told.of(VEHICLE, "8", {"plate": "辽A12345", "owner_name": "张三", "owner_phone": "13800000000"}, ZONE)
    nowhere = Told.of(PERSON, "9", {"name": "赵六"}, ZONE)
    office.register.enrol(PersonForm.of("张三", "3-2-501", phone="13800000000"), "chief")
    office.tells(vehicle, nowhere)
    assert _conflict(office) == "no_household"
    assert office.register.vehicles()[0].household == "3-2-501"
    office.takes_over(place={"9": "3-2-502"})
    assert [one.household for one in office.register.residents()] == ["3-2-501", "3-2-502"]
    assert office.plan().empty


def test_lists_are_kept_apart_with_their_source_and_count_their_changes(office: Office) -> None:
    office.tells(listed(BLOCKED, "9", "辽B12345", reason="欠费", until="2026-12-31"), listed(ALLOWED, "10", "辽C12345"))
    office.takes_over()
    blocked, allowed = sorted(listed_plates(office.engine, ["office"]), key=lambda one: one.kind, reverse=True)
    assert (blocked.source, blocked.plate, blocked.reason) == ("office", "辽B12345", "欠费")
    assert blocked.until == datetime(2027, 1, 1, tzinfo=ZONE)
    assert (allowed.kind, allowed.plate) == (ALLOWED, "辽C12345")
    assert lists_version(office.engine) == 2
    assert not any("辽" in str(act.facts) + act.subject for act in office.acts)


def test_a_source_that_is_named_no_more_is_let_go_of_and_known_again_when_it_comes_back(office: Office) -> None:
    told = person("7", "张三"), person("8", "李四", "1-1-101"), listed(BLOCKED, "9", "辽B12345")
    office.tells(*told)
    office.takes_over()
    office.sources.forget(["office"], office.now + timedelta(days=1))
    office.sources.forget([], office.now)
    assert len(listed_plates(office.engine, ["office"])) == 1
    office.sources.forget([], office.now + timedelta(days=1))
    assert listed_plates(office.engine, ["office"]) == ()
    assert office.sources.standing("office").told == 0
    office.tells(*told)
    office.takes_over()
    assert [one.name for one in office.register.residents()] == ["李四", "张三"]
    assert len(listed_plates(office.engine, ["office"])) == 1


def test_a_push_of_one_entry_leaves_the_others(office: Office) -> None:
    office.tells(person("7", "张三"), person("8", "李四"))
    office.takes_over()
    office.sources.tell("office", News([person("9", "王五")], gone=[(PERSON, "8")]))
    plan = office.plan()
    assert [(step.do, step.label) for step in plan.steps] == [(Do.ADD, "王五"), (Do.END, "李四")]


def test_what_another_process_did_first_is_left_and_nothing_doubled(office: Office) -> None:
    office.tells(person("7", "张三"), car("8", "辽A12345"), listed(BLOCKED, "9", "辽B12345"))
    plan = office.plan()
    office.takeover.apply(plan)
    again = office.takeover.apply(plan)
    assert len(again.left) == 3
    assert (len(office.register.residents()), len(office.register.vehicles())) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        (PERSON, {"household": "3-2-501"}, "told.incomplete"),
        (PERSON, {"name": "张三", "household": "三楼"}, "register.household_code"),
        (PERSON, {"name": "张三", "phone": "abc"}, "register.phone"),
        (PERSON, {"name": "张三", "standing": "猫"}, "roster.no_such_word"),
        (PERSON, {"name": "张三", "born": "昨天"}, "roster.no_day"),
        (PERSON, {"name": "张三", "until": "2026-13-45 99:00:00"}, "told.no_moment"),
        (PERSON, {"name": "张三", "since": "2026-02-01", "until": "2026-01-01"}, "register.ends_before_it_begins"),
        (VEHICLE, {"plate": "A12"}, "register.not_a_plate"),
        (BLOCKED, {"plate": "A12"}, "register.not_a_plate"),
    ],
)
def test_what_is_no_entry_says_why(kind: ToldKind, raw: Mapping[str, str], code: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        Told.of(kind, "1", raw, ZONE)
    assert refused.value.code == code


REFS = st.integers(0, 5).map(str)
ROOMS = st.sampled_from(["1-1-101", "1-1-102", "2-1-101"])
PHONES = st.sampled_from(["", "13800000000", "13900000000"])
TOLD = st.one_of(
    st.builds(lambda ref, room, phone: person(ref, f"住户{ref}", room, phone=phone), REFS, ROOMS, PHONES),
    st.builds(lambda ref, room: person(ref, "同名", room), REFS, ROOMS),
    st.builds(lambda ref, number, room: car(ref, f"辽A1234{number}", room), REFS, st.integers(0, 3), ROOMS),
    st.builds(
        lambda kind, ref, number: listed(kind, ref, f"辽A1234{number}"),
        st.sampled_from([BLOCKED, ALLOWED]),
        REFS,
        st.integers(0, 3),
    ),
)
SNAPSHOTS = st.lists(TOLD, max_size=12, unique_by=lambda told: (told.kind, told.ref))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the schema, to copy."""
    path = tmp_path_factory.mktemp("empty") / "menwei.db"
    engine = open_database(path)
    upgrade(engine)
    engine.dispose()
    return path


@settings(max_examples=25, deadline=None)
@given(told=st.lists(SNAPSHOTS, min_size=1, max_size=3), confirmed=st.booleans())
def test_after_taking_over_nothing_is_left_to_do_and_never_is_a_consent_made(
    empty: Path, told: list[list[Told]], confirmed: bool
) -> None:
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "menwei.db"
        copy.write_bytes(empty.read_bytes())
        engine = open_database(copy)
        office = Office(engine, Keyring(bytes(range(32))))
        for snapshot in told:
            office.now += timedelta(hours=2)
            office.tells(*snapshot)
            plan = office.plan()
            outcome = office.takeover.apply(plan, plan.code if confirmed and plan.held else None)
            again = office.plan()
            if plan.held and not confirmed:
                assert outcome.done[Do.END] == 0
                assert again.held
                assert {step.do for step in again.steps} == {Do.END}
                assert {step.mark for step in again.steps} == {step.mark for step in plan.of(Do.END)}
            elif not outcome.left:
                assert again.empty
            acts = len(office.acts)
            office.takeover.apply(again)
            assert len(office.acts) == acts
            plates = [one.plate for one in office.register.vehicles()]
            assert len(plates) == len(set(plates))
        with reading(engine) as session:
            assert session.scalar(select(func.count()).select_from(ConsentRow)) == 0
            assert session.scalar(select(func.count()).select_from(TemplateRow)) == 0
        engine.dispose()


def test_told_values_are_compared_tidied() -> None:
    one = person(" 7 ", " 张三 ", "03-02-501", standing="family", born="1970-01-01")
    assert one == replace(person("7", "张三"), values={"name": "张三", "household": "3-2-501"})
