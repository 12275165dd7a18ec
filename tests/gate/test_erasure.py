"""That an erased person or car is gone from every byte that the gate keeps, and that the record still holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from enrollment.consent import ConsentForm, Guardian, Means, Purpose, Signature
from enrollment.credential import CredentialKind
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.faces import FacePhoto
from enrollment.form import PersonForm, VehicleForm
from enrollment.rights import Right
from enrollment.tables import Base, TemplateRow
from gate.config import parse_config
from gate.erasure import CLASSES, Certificate, erase, read_certificate
from gate.ledger.ledger import Passage, append_note, append_passage
from gate.ledger.tables import LedgerRow, PassageRow, SavedSearchRow
from gate.ledger.verify import Break, Why, verify
from gate.site import Site, open_site
from models.sighting import Box, FaceQuality, FaceSighting
from tests.databases import Database

NOW = datetime.now(UTC)
NAME, PLATE, GUARDIAN, PHONE = "古丽娜尔·艾合买提", "辽A7B3C9", "监护人测试", "13800001234"
WHY = "长期欠费，多次劝说无效"
HOME_NOTE, HOME_NOTE_BEFORE = "轮椅走侧门\n18:00 以后再打电话", "最初的备注"
PHOTO, SIGNATURE, CROP = (
    b"\xff\xd8\xff reference photo",
    b"\x89PNG\r\n\x1a\n signature",
    b"\xff\xd8\xff crop of a passage",
)
FORM = ConsentForm(
    Purpose.FACE_ENTRY,
    Means.SCREEN,
    datetime(2025, 1, 2, tzinfo=UTC),
    signature=Signature("image/png", SIGNATURE),
    guardian=Guardian(GUARDIAN, "母亲"),
    keep_photo=True,
)


def _face() -> FaceSighting:
    embedding = np.random.default_rng(7).normal(size=128).astype(np.float32)
    embedding /= np.linalg.norm(embedding)
    quality = FaceQuality(0.8, 160, 0.9, 0.9, 0.9, ())
    return FaceSighting(Box(0, 0, 128, 160), np.zeros((5, 2), np.float32), 0.9, quality, embedding=embedding)


@pytest.fixture
def site(tmp_path: Path, database: Database) -> Site:
    config = parse_config({"storage": {"folder": "var"}, **database.settings}, tmp_path / "gate.toml")
    return open_site(config, create=True)


def _person(site: Site) -> str:
    form = PersonForm.of(NAME, "3-2-501", ["east"], phone=PHONE, notes="听力不好，请说慢些")
    person = site.register.enrol(form, "t", [FORM], FacePhoto(_face(), "m1", PHOTO))
    site.register.credentials.give(person.id, CredentialKind.CARD, "t", "04A1B2C3D4")
    return person.id


def _passages(site: Site, subject: str | None, plate: str | None = None, count: int = 30) -> list[str]:
    """So many passages with a picture each; the pictures' names."""
    names = []
    for number in range(count):
        with writing(site.engine) as session:
            names.append(site.snapshots.keep(CROP + b"%d" % number + str(subject).encode(), NOW))
            details = {"score": "0.71", **({"plate": plate} if plate else {})}
            id_ = f"{subject or 'none'}"[:20] + f"-{number}"
            append_passage(session, Passage(id_, NOW, "east", "open", "known", subject, "v1", details), names[-1])
    return names


def _bytes(site: Site, folder: Path) -> bytes:
    """Every byte of every file that the gate keeps but its keys, names included; and every value on a server."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    kept = [str(file).encode() + file.read_bytes() for file in files if file.parent.name != "keys"]
    with site.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            values = (value for row in connection.execute(select(table)) for value in row)
            kept += [value if isinstance(value, bytes) else str(value).encode() for value in values]
    return b"\n".join(kept)


def _everything(site: Site, tmp_path: Path) -> list[bytes]:
    with reading(site.engine) as session:
        sealed = [bytes(one) for one in session.scalars(select(TemplateRow.sealed))]
    words = (NAME, PHONE, GUARDIAN, WHY, "听力不好", HOME_NOTE, HOME_NOTE_BEFORE, PLATE, PLATE[:2] + "·" + PLATE[2:])
    return [*(word.encode() for word in words), PHOTO, SIGNATURE, CROP, *sealed]


def test_an_erased_person_and_car_leave_no_byte_anywhere_and_the_record_holds(site: Site, tmp_path: Path) -> None:
    with site:
        _passages(site, None, PLATE)
        person = _person(site)
        other = site.register.enrol(PersonForm.of("王五", "1-1-1"), "t")
        car = site.register.enter_vehicle(VehicleForm.of(PLATE, "3-2-501", owner=person), "t")
        pictures = _passages(site, person) + _passages(site, car.id)
        kept = _passages(site, other.id, count=3)
        site.register.block(person, WHY, "id-laowang")
        home = site.register.households.list("3")[0].id
        for note in (HOME_NOTE_BEFORE, HOME_NOTE):
            site.register.households.set_note(home, note, "id-enroller")
        site.register.rights.give(car.id, Right.of(["east"], "mon-fri 07:00-19:00"), "t")
        with writing(site.engine) as session:
            append_note(session, NOW, "manual.open", {"lane": "east"}, f"{NAME}家的客人")
            append_note(session, NOW, "manual.open", {"lane": "east"}, f"{PLATE[:2]}·{PLATE[2:]} 来送货")
            append_note(session, NOW, "manual.open", {"lane": "east"}, f"找{NAME.replace('·', '•')}")
            append_note(session, NOW, "manual.open", {"lane": "east"}, "快递")
            query = json.dumps({"person": NAME}, ensure_ascii=False)
            session.add(SavedSearchRow(id="s1", account="a", name="我的", query=query))
        secrets = [*_everything(site, tmp_path), NAME.replace("·", "•").encode()]
        before = _bytes(site, tmp_path)
        stored = [secret for secret in secrets if secret in before]
        assert {word.encode() for word in (NAME, PHONE, PLATE, WHY, HOME_NOTE)} <= set(stored)
        assert set(secrets[-2:]) <= set(stored)
        assert verify(site.engine, site.snapshots).first_broken is None

        for subject in (person, car.id):
            done = erase(site, subject, "local:0")
            assert done.purged
            assert done.genuine
        after = _bytes(site, tmp_path)
        assert not [secret for secret in secrets if secret in after]
        assert not [
            name
            for name in pictures
            if name.partition("-")[2].encode() in b"".join(str(file).encode() for file in tmp_path.rglob("*"))
        ]
        assert all(site.snapshots.look(name) for name in kept)
        proof = verify(site.engine, site.snapshots)
        assert (proof.first_broken, proof.passages) == (None, 93)
        assert [one.name for one in site.register.residents()] == ["王五"]


def test_the_certificate_counts_what_went_and_names_nobody(site: Site, tmp_path: Path) -> None:
    with site:
        person = _person(site)
        _passages(site, person, count=4)
        done = erase(site, person, "local:0")
        assert (done.subject, done.kind, done.by) == (person, "resident", "local:0")
        assert {name: count for name, count in done.erased.items() if count} == {
            "details": 1,
            "templates": 1,
            "photos": 1,
            "credentials": 1,
            "tenancies": 1,
            "rights": 1,
            "consents": 1,
            "passages": 4,
            "pictures": 4,
        }
        assert set(done.erased) <= set(CLASSES)
        told = read_certificate(done.as_json())
        assert told == done
        assert told.genuine
        assert not replace(told, erased={**told.erased, "pictures": 5}).genuine
        for language in ("zh", "en"):
            text = done.as_text("示范小区", language)
            assert person in text
            assert NAME not in text
        with reading(site.engine) as session:
            row = session.get(LedgerRow, done.row)
            assert row
            assert (row.kind, json.loads(row.body)["subject"]) == ("passages.erased", person)


def test_an_emptied_passage_that_no_row_tells_of_is_an_altered_one(site: Site) -> None:
    with site:
        person = _person(site)
        _passages(site, person, count=2)
        with writing(site.engine) as session:
            row = session.scalars(select(PassageRow).order_by(PassageRow.seq)).first()
            assert row
            values = {column.name: getattr(row, column.name) for column in PassageRow.__table__.columns}
            seq = row.seq
            session.delete(row)
            session.flush()
            session.add(PassageRow(**{**values, "salt": b"", "details": "{}"}))
        assert verify(site.engine).first_broken == Break(seq, Why.PASSAGE_ALTERED)


def test_a_passage_after_an_erasure_cannot_be_emptied_by_it(site: Site) -> None:
    with site:
        person = _person(site)
        erase(site, person, "t")
        with writing(site.engine) as session:
            row = append_passage(session, Passage("late", NOW, "east", "open", "known", person, "v1", {}), None)
            stored = session.get(PassageRow, row.seq)
            assert stored
            values = {column.name: getattr(stored, column.name) for column in PassageRow.__table__.columns}
            session.delete(stored)
            session.flush()
            session.add(PassageRow(**{**values, "salt": b"", "details": "{}"}))
        assert verify(site.engine).first_broken == Break(row.seq, Why.PASSAGE_ALTERED)


def test_nobody_and_a_version_that_is_over_are_refused_before_anything_goes(site: Site) -> None:
    with site:
        person = _person(site)
        site.register.block(person, "欠费", "t")
        with pytest.raises(EntryRefused, match=r"register\.changed_meanwhile"):
            erase(site, person, "t", expected=1)
        assert site.register.find(person)
        with pytest.raises(NotEnrolled, match=r"register\.nobody"):
            erase(site, "nobody", "t")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"subject": 1}'])
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(EntryRefused, match=r"certificate\.unreadable"):
        read_certificate(text)


def test_a_certificate_of_garbage_is_not_genuine() -> None:
    garbage = Certificate("a", "resident", "now", "t", {}, purged=True, row=1, key="zz", signature="zz")
    assert not garbage.genuine
