from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from enrollment.act import Act
from enrollment.database import open_database, reading, writing
from enrollment.errors import EnrollmentError, EntryRefused, NotEnrolled, StoreBusy
from enrollment.faces import SIMILAR, similar
from enrollment.form import PersonForm
from enrollment.gallery import register_version
from enrollment.keyring import Keyring
from enrollment.register import Register
from enrollment.tables import TemplateRow
from models.catalog import Catalog, Thresholds, catalog
from models.sighting import Embedding, FaceSighting, PlateColour
from tests.consents import FACE

MakeFace = Callable[..., FaceSighting]
NOW = datetime(2026, 2, 17, 15, 10, tzinfo=UTC)


def test_an_enrolled_person_is_listed_found_and_recorded(
    engine: Engine, keyring: Keyring, acts: list[Act], make_face: MakeFace
) -> None:
    register = Register(engine, keyring, lambda _s, act: acts.append(act), now=lambda: NOW)
    added = register.add_resident(
        " 张三 ", "03-2-501", make_face(1), "m1", "guard-1", ["west", "east", "east"], consent=FACE
    )
    assert (added.name, added.household, added.lanes, added.templates) == ("张三", "3-2-501", ("east", "west"), 1)
    assert (added.blocked, added.blocked_reason, added.created_at) == (False, None, NOW)
    assert register.residents() == (added,)
    assert register.find(added.id) == added
    (act,) = acts
    assert (act.kind, act.subject, act.actor) == ("resident.added", added.id, "guard-1")
    assert act.facts["lanes"] == ["east", "west"]
    assert "张三" not in str(act)
    assert not re.search(r"\b501\b", str(act.facts))  # an id may hold these digits by chance


def test_an_enrolled_vehicle_is_listed_found_and_recorded(register: Register, acts: list[Act]) -> None:
    added = register.add_vehicle("辽a·12345", "3-2-501", "t", PlateColour.BLUE)
    assert (added.plate, added.colour, added.lanes) == ("辽A12345", PlateColour.BLUE, None)
    assert register.vehicles() == (added,)
    assert register.find(added.id) == register.find_plate("辽A 12345") == added
    assert register.find_plate("辽A12346") is None
    assert [act.kind for act in acts] == ["vehicle.added"]
    assert "12345" not in str(acts)


def test_a_vehicle_may_be_blocked_from_the_start(register: Register) -> None:
    added = register.add_vehicle("辽A12345", "3-2-501", "t", blocked_reason=" 占用 消防通道 ")
    assert (added.blocked, added.blocked_reason) == (True, "占用 消防通道")


def test_lists_go_by_household_and_name(register: Register, make_face: MakeFace) -> None:
    for seed, (name, household) in enumerate([("王五", "10-1-1"), ("李四", "2-1-1"), ("张三", "2-1-1")]):
        register.add_resident(name, household, make_face(seed), "m1", "t", consent=FACE)
    for plate, household in [("辽A22222", "10-1-1"), ("辽A33333", "2-1-1"), ("辽A11111", "2-1-1")]:
        register.add_vehicle(plate, household, "t")
    assert [(one.household, one.name) for one in register.residents()] == [
        ("2-1-1", "张三"),
        ("2-1-1", "李四"),
        ("10-1-1", "王五"),
    ]
    assert [one.plate for one in register.vehicles()] == ["辽A11111", "辽A33333", "辽A22222"]


@pytest.mark.parametrize(
    ("plate", "colour", "code"),
    [
        ("", PlateColour.UNKNOWN, "register.not_a_plate"),
        ("12345", PlateColour.UNKNOWN, "register.not_a_plate"),
        ("辽A1234", PlateColour.UNKNOWN, "register.not_a_plate"),
        ("辽A12345", PlateColour.GREEN, "register.not_a_plate"),
        ("辽A1234😀", PlateColour.UNKNOWN, "register.not_a_plate"),
        ("辽B-88888", PlateColour.UNKNOWN, "register.plate_taken"),
    ],
)
def test_a_plate_that_is_none_or_taken_is_refused_and_changes_nothing(
    register: Register, engine: Engine, acts: list[Act], plate: str, colour: PlateColour, code: str
) -> None:
    register.add_vehicle("辽B88888", "1-1-1", "t")
    with pytest.raises(EntryRefused) as refused:
        register.add_vehicle(plate, "3-2-501", "t", colour)
    assert refused.value.code == code
    assert len(acts) == 1
    assert register_version(engine) == 1


def test_a_removed_plate_may_be_enrolled_again(register: Register) -> None:
    first = register.add_vehicle("辽A12345", "3-2-501", "t")
    register.remove(first.id, "t")
    second = register.add_vehicle("辽A12345", "3-2-502", "t")
    assert second.id != first.id
    assert register.vehicles() == (second,)


@pytest.mark.parametrize(
    ("name", "household", "lanes", "code"),
    [
        ("", "3-2-501", None, "register.name_empty"),
        ("张三", "501", None, "register.household_code"),
        ("张三", "3-2-501", [], "register.no_lanes"),
    ],
)
def test_a_wrong_entry_is_refused_and_changes_nothing(
    register: Register,
    engine: Engine,
    make_face: MakeFace,
    name: str,
    household: str,
    lanes: list[str] | None,
    code: str,
) -> None:
    with pytest.raises(EntryRefused) as refused:
        register.add_resident(name, household, make_face(1), "m1", "t", lanes, consent=FACE)
    assert refused.value.code == code
    assert register.residents() == ()
    assert register_version(engine) == 0


@pytest.mark.parametrize("seed", [None, 1])
def test_a_face_without_a_unit_embedding_is_a_mistake_of_the_caller(
    register: Register, make_face: MakeFace, seed: int | None
) -> None:
    face = make_face(seed)
    if face.embedding is not None:
        face.embedding[:] *= 2
    with pytest.raises(ValueError, match="unit length"):
        register.add_resident("张三", "3-2-501", face, "m1", "t", consent=FACE)


def _alike(make_face: MakeFace, unit: Callable[..., Embedding], cosine: float) -> FaceSighting:
    """A face that scores `cosine` against person 1."""
    base, other = unit(1), unit(2)
    across = other - (other @ base) * base
    across /= np.linalg.norm(across)
    face = make_face(1)
    assert face.embedding is not None
    face.embedding[:] = cosine * base + np.sqrt(1 - cosine**2) * across
    return face


@pytest.mark.parametrize(("cosine", "refused"), [(1.0, True), (SIMILAR + 0.01, True), (SIMILAR - 0.01, False)])
def test_a_face_like_an_enrolled_one_is_refused(
    register: Register, make_face: MakeFace, unit: Callable[..., Embedding], cosine: float, refused: bool
) -> None:
    first = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    alike = _alike(make_face, unit, cosine)
    if not refused:
        assert register.add_resident("李四", "3-2-501", alike, "m1", "t", consent=FACE).name == "李四"
        return
    with pytest.raises(EntryRefused) as fault:
        register.add_resident("李四", "3-2-501", alike, "m1", "t", consent=FACE)
    assert fault.value.code == "register.face_already_enrolled"
    assert fault.value.facts == {"person": first.id, "score": f"{cosine:.2f}"}
    twin = register.add_resident("李四", "3-2-501", alike, "m1", "t", allow_similar=True, consent=FACE)
    assert len(register.residents()) == 2
    with pytest.raises(EntryRefused, match=r"register\.face_already_enrolled"):
        register.add_face(twin.id, make_face(1), "m1", "t")


def test_how_alike_two_people_may_be_is_the_models_own(
    register: Register, make_face: MakeFace, unit: Callable[..., Embedding], monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = catalog().model("mobilefacenet")
    strict = replace(embedder, thresholds=Thresholds(accept=0.3, similar=0.4))
    monkeypatch.setattr(Catalog, "by_id", lambda _self, model_id: {"strict": strict}.get(model_id))
    for model_id in ("strict", "m1"):
        register.add_resident("张三", "3-2-501", make_face(1), model_id, "t", consent=FACE)
    alike = _alike(make_face, unit, 0.45)
    assert register.add_resident("李四", "3-2-502", alike, "m1", "t", consent=FACE).name == "李四"
    with pytest.raises(EntryRefused, match=r"register\.face_already_enrolled"):
        register.add_resident("王五", "3-2-503", alike, "strict", "t", consent=FACE)


def test_a_model_of_the_catalogue_is_known_by_its_id() -> None:
    embedder = catalog().model("starter-face-embedder")
    assert embedder.thresholds
    assert similar(embedder.model_id) == embedder.thresholds.similar
    assert similar("m1") == SIMILAR


def test_a_face_of_another_model_is_no_likeness(register: Register, make_face: MakeFace) -> None:
    register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    register.add_resident("李四", "3-2-501", make_face(1), "m2", "t", consent=FACE)
    assert len(register.residents()) == 2


def test_a_face_enrolled_by_another_process_is_seen(
    register: Register, database: Path, keyring: Keyring, make_face: MakeFace
) -> None:
    register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    elsewhere = open_database(database)
    Register(elsewhere, keyring, lambda *_: None).add_resident("李四", "3-2-502", make_face(2), "m1", "t", consent=FACE)
    elsewhere.dispose()
    with pytest.raises(EntryRefused, match=r"register\.face_already_enrolled"):
        register.add_resident("王五", "3-2-503", make_face(2), "m1", "t", consent=FACE)


def test_one_more_photo_of_the_same_person_is_welcome(register: Register, acts: list[Act], make_face: MakeFace) -> None:
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    assert register.add_face(person.id, make_face(1), "m1", "t").templates == 2
    assert acts[-1].kind == "resident.face_added"


def test_blocking_and_unblocking_are_recorded_without_the_reason(
    register: Register, acts: list[Act], make_face: MakeFace
) -> None:
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    car = register.add_vehicle("辽A12345", "3-2-501", "t")
    assert register.block(person.id, "拖欠 物业费", "t").blocked_reason == "拖欠 物业费"
    assert register.block(car.id, "占道", "t").blocked
    freed = register.unblock(person.id, "t")
    assert (freed.blocked, freed.blocked_reason) == (False, None)
    assert [act.kind for act in acts[2:]] == ["resident.blocked", "vehicle.blocked", "resident.unblocked"]
    assert "物业费" not in str(acts)


@pytest.mark.parametrize(("reason", "code"), [(" ", "register.reason_needed"), ("因" * 201, "register.reason_long")])
def test_a_block_needs_a_short_reason(register: Register, reason: str, code: str) -> None:
    car = register.add_vehicle("辽A12345", "3-2-501", "t")
    with pytest.raises(EntryRefused) as refused:
        register.block(car.id, reason, "t")
    assert refused.value.code == code
    assert not register.vehicles()[0].blocked


def test_nobody_is_nobody(register: Register, make_face: MakeFace) -> None:
    gone = register.add_vehicle("辽A12345", "3-2-501", "t").id
    register.remove(gone, "t")
    living = register.add_vehicle("辽A12345", "3-2-501", "t").id
    for act in (
        lambda: register.remove("nobody", "t"),
        lambda: register.remove(gone, "t"),
        lambda: register.block(gone, "占道", "t"),
        lambda: register.unblock("nobody", "t"),
        lambda: register.add_face("nobody", make_face(1), "m1", "t"),
        lambda: register.add_face(living, make_face(1), "m1", "t"),
    ):
        with pytest.raises(NotEnrolled, match=r"register\.nobody"):
            act()
    assert register.find(gone) is None


def test_every_change_counts_up_and_a_refused_one_does_not(
    register: Register, engine: Engine, make_face: MakeFace
) -> None:
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    changes: list[Callable[[], object]] = [
        lambda: register.add_face(person.id, make_face(2), "m1", "t"),
        lambda: register.block(person.id, "因", "t"),
        lambda: register.unblock(person.id, "t"),
        lambda: register.add_vehicle("辽A12345", "3-2-501", "t"),
        lambda: register.remove(person.id, "t"),
    ]
    for before, change in enumerate(changes, 1):
        assert register_version(engine) == before
        change()
    assert register_version(engine) == 6


def test_a_change_whose_record_fails_is_not_made(engine: Engine, keyring: Keyring) -> None:
    def full(_session: Session, _act: Act) -> None:
        raise StoreBusy("store.full")

    with pytest.raises(StoreBusy):
        Register(engine, keyring, full).add_vehicle("辽A12345", "3-2-501", "t")
    with reading(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM vehicle")) == 0
    assert register_version(engine) == 0


def _raw(database: Path) -> bytes:
    """Every byte of the database on disk, with its log."""
    files = (database, database.with_name(f"{database.name}-wal"))
    return b"".join(file.read_bytes() for file in files if file.exists())


def test_an_erased_person_and_car_leave_no_byte_in_the_database(
    register: Register, engine: Engine, database: Path, make_face: MakeFace
) -> None:
    person = register.add_resident("欧阳测试", "3-2-501", make_face(1), "m1", "t", ["east"], consent=FACE)
    register.add_face(person.id, make_face(2), "m1", "t")
    register.block(person.id, "欠费三个月", "t")
    car = register.add_vehicle("辽A12345", "3-2-501", "t")
    with reading(engine) as session:
        sealed = session.scalars(select(TemplateRow.sealed)).all()
    secrets = [word.encode() for word in ("欧阳测试", "欠费三个月", "辽A12345")] + [bytes(face) for face in sealed]
    assert all(secret in _raw(database) for secret in secrets)
    gone = register.remove(person.id, "t")
    assert (gone.id, gone.templates, gone.purged) == (person.id, 2, True)
    assert register.remove(car.id, "t").purged
    raw = _raw(database)
    assert not [secret for secret in secrets if secret in raw]
    assert person.id.encode() in raw
    assert register.residents() == register.vehicles() == ()
    with reading(engine) as session:
        assert session.execute(text("SELECT name, household_id, blocked_reason FROM resident")).all() == [
            (None, None, None)
        ]
        assert session.scalar(text("SELECT count(*) FROM access_right")) == 0


def test_an_erasure_that_left_something_is_not_taken_for_one(
    register: Register, engine: Engine, make_face: MakeFace
) -> None:
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", ["east"], consent=FACE)
    with writing(engine) as session:
        session.execute(
            text(
                "CREATE TRIGGER clings AFTER DELETE ON access_right "
                "BEGIN INSERT INTO access_right VALUES (old.subject_id, old.lane); END"
            )
        )
    with pytest.raises(EnrollmentError) as kept:
        register.remove(person.id, "t")
    assert kept.value.code == "register.not_erased"
    assert kept.value.facts == {"id": person.id, "left": 1}


def test_a_household_is_listed_alone_and_everything_is_counted(register: Register) -> None:
    child = PersonForm.of("张小三", "3-2-501", minor_until=datetime.now(UTC).date() + timedelta(days=9))
    mine = register.enrol(child, "local:0")
    register.enrol(PersonForm.of("李四", "3-2-502"), "local:0")
    car = register.add_vehicle("辽A12345", "3-2-501", "local:0")
    gone = register.add_vehicle("辽A54321", "3-2-501", "local:0")
    register.remove(gone.id, "local:0")
    home = next(one.id for one in register.households.list() if str(one.code) == "3-2-501")
    assert register.residents(home) == (mine,)
    assert register.vehicles(home) == (car,)
    assert register.residents("nowhere") == ()
    count = register.count()
    assert (count.residents, count.minors, count.vehicles) == (2, 1, 1)
    assert register.labels({mine.id, car.id, gone.id, "nobody"}) == {mine.id: "张小三", car.id: "辽A12345"}
    assert register.labels(set()) == {}
