from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete

from enrollment.act import Act
from enrollment.consent import ConsentForm, Guardian, Means, Purpose, Signature, consent_text, consent_texts
from enrollment.credential import CredentialKind
from enrollment.database import writing
from enrollment.errors import EntryRefused
from enrollment.faces import FacePhoto
from enrollment.form import PersonForm, VehicleForm
from enrollment.gallery import load_gallery, load_plate_book, register_version
from enrollment.keyring import Keyring
from enrollment.register import Register
from enrollment.tables import ConsentRow
from models.sighting import FaceSighting
from tests.consents import FACE

MakeFace = Callable[..., FaceSighting]
NOW = datetime(2026, 2, 17, 15, 10, tzinfo=UTC)
PNG = Signature("image/png", b"\x89PNG\r\n\x1a\n signed by hand")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def register(engine: Engine, keyring: Keyring, acts: list[Act], clock: Clock) -> Register:
    return Register(engine, keyring, lambda _session, act: acts.append(act), now=clock)


def test_no_face_is_kept_without_a_consent(register: Register, engine: Engine, make_face: MakeFace) -> None:
    with pytest.raises(EntryRefused, match=r"consent\.face_needed"):
        register.add_resident("张三", "3-2-501", make_face(1), "m1", "t")
    assert register.residents() == ()
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "t")
    with pytest.raises(EntryRefused, match=r"consent\.face_needed"):
        register.add_face(person.id, make_face(1), "m1", "t")
    register.consents.give(person.id, [replace(FACE, purpose=Purpose.CARE_ALERTS)], "t")
    with pytest.raises(EntryRefused, match=r"consent\.face_needed"):
        register.add_face(person.id, make_face(1), "m1", "t")
    register.consents.give(person.id, [FACE], "t")
    assert register.add_face(person.id, make_face(1), "m1", "t").templates == 1


def test_a_consent_is_kept_with_what_was_signed_and_by_whom_it_was_recorded(
    register: Register, acts: list[Act]
) -> None:
    form = ConsentForm(Purpose.FACE_ENTRY, Means.SCREEN, NOW, "en", signature=PNG)
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "guard-1", [form])
    (kept,) = register.consents.of(person.id)
    text = consent_text(Purpose.FACE_ENTRY, "en")
    assert (kept.text, kept.text_hash, kept.language, kept.means) == (text.id, text.hash, "en", Means.SCREEN)
    assert (kept.recorded_by, kept.signed_at, kept.alive(NOW)) == ("guard-1", NOW, True)
    assert register.consents.signature(kept.id) == (PNG.media_type, PNG.data)
    assert acts[-1].facts["consents"] == [kept.id]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (replace(FACE, signed_at=NOW + timedelta(days=1)), "consent.signed_later"),
        (replace(FACE, expires_at=NOW), "consent.over"),
        (replace(FACE, means=Means.SCREEN), "consent.signature_needed"),
        (replace(FACE, version=99), "consent.no_such_text"),
    ],
)
def test_a_consent_that_cannot_be_is_refused(register: Register, form: ConsentForm, code: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        register.enrol(PersonForm.of("张三", "3-2-501"), "t", [form])
    assert refused.value.code == code
    assert register.residents() == ()


def test_a_child_needs_a_guardian_and_is_asked_again_at_fourteen(register: Register, clock: Clock) -> None:
    child = PersonForm.of("张小三", "3-2-501", minor_until=date(2027, 5, 1))
    with pytest.raises(EntryRefused, match=r"consent\.guardian_needed"):
        register.enrol(child, "t", [FACE])
    person = register.enrol(child, "t", [replace(FACE, guardian=Guardian("张三", "父亲"))])
    (kept,) = register.consents.of(person.id)
    assert (kept.by_guardian, kept.guardian) == (True, Guardian("张三", "父亲"))
    assert kept.expires_at == datetime(2027, 5, 1, tzinfo=UTC)
    clock.now = datetime(2027, 5, 1, tzinfo=UTC)
    assert not kept.alive(clock.now)
    register.consents.give(person.id, [FACE], "t")


def test_withdrawing_takes_the_face_and_gives_another_way_in_at_once(
    register: Register, engine: Engine, keyring: Keyring, acts: list[Act], make_face: MakeFace
) -> None:
    consent = replace(FACE, keep_photo=True)
    photo = FacePhoto(make_face(1), "m1", b"\xff\xd8\xff picture")
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "t", [consent], photo)
    before = register_version(engine)
    ended = register.consents.withdraw(person.id, Purpose.FACE_ENTRY, "t", CredentialKind.PIN)
    assert (ended.gone, ended.purged) == ({"templates": 1, "photos": 1}, True)
    assert register_version(engine) > before
    assert load_gallery(engine, keyring, "m1").subjects == ()
    assert ended.issued
    assert ended.issued.pin
    assert register.credentials.find_pin("3-2-501", ended.issued.pin) == person.id
    assert acts[-1].kind == "resident.consent_withdrawn"
    assert ended.issued.pin not in str(acts) + repr(ended)
    with pytest.raises(EntryRefused, match=r"consent\.face_needed"):
        register.add_face(person.id, make_face(1), "m1", "t")
    with pytest.raises(EntryRefused, match=r"consent\.none_to_withdraw"):
        register.consents.withdraw(person.id, Purpose.FACE_ENTRY, "t")


def test_a_withdrawal_whose_card_is_taken_changes_nothing(register: Register, make_face: MakeFace) -> None:
    other = register.enrol(PersonForm.of("李四", "3-2-502"), "t")
    register.credentials.give(other.id, CredentialKind.CARD, "t", "04A1B2C3")
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    with pytest.raises(EntryRefused, match=r"credential\.card_taken"):
        register.consents.withdraw(person.id, Purpose.FACE_ENTRY, "t", CredentialKind.CARD, "04-A1-B2-C3")
    assert register.residents()[0].templates == 1


def test_withdrawing_the_plate_erases_the_residents_own_vehicles(register: Register, engine: Engine) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "t", [replace(FACE, purpose=Purpose.PLATE_ENTRY)])
    register.enter_vehicle(VehicleForm.of("辽A12345", "3-2-501", owner=person.id), "t")
    register.enter_vehicle(VehicleForm.of("辽A54321", "3-2-501"), "t")
    assert register.consents.withdraw(person.id, Purpose.PLATE_ENTRY, "t").gone == {"vehicles": 1}
    assert list(load_plate_book(engine).vehicles) == ["辽A54321"]


def test_an_expired_consent_takes_the_face_with_the_next_sweep(
    register: Register, acts: list[Act], clock: Clock, make_face: MakeFace
) -> None:
    until = replace(FACE, expires_at=NOW + timedelta(days=30))
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=until)
    assert register.consents.end_expired("gate") == 0
    clock.now += timedelta(days=30)
    assert register.consents.end_expired("gate") == 1
    assert register.residents()[0].templates == 0
    assert (acts[-1].kind, acts[-1].subject) == ("resident.consent_expired", person.id)
    assert register.consents.end_expired("gate") == 0


def test_a_newer_consent_holds_when_the_older_one_expires(
    register: Register, clock: Clock, make_face: MakeFace
) -> None:
    until = replace(FACE, expires_at=NOW + timedelta(days=30))
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=until)
    register.consents.give(person.id, [FACE], "t")
    clock.now += timedelta(days=31)
    assert register.consents.end_expired("gate") == 0
    assert register.residents()[0].templates == 1


def test_every_text_is_what_was_published_in_both_languages() -> None:
    texts = consent_texts()
    assert {(text.purpose, text.language) for text in texts.values()} == {
        (purpose, language) for purpose in Purpose for language in ("zh", "en")
    }
    for text in texts.values():
        for void in ("永久", "不可撤销", "irrevocabl", "perpetual"):
            assert void not in text.text


@pytest.mark.parametrize(
    ("media_type", "data", "code"),
    [
        ("image/png", b"<svg/>", "consent.signature_kind"),
        ("text/html", b"<html>", "consent.signature_kind"),
        ("", b"", "consent.signature_kind"),
        ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(2_000_001), "consent.signature_large"),
    ],
)
def test_a_signature_that_is_none_is_refused(media_type: str, data: bytes, code: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        Signature(media_type, data)
    assert refused.value.code == code


def test_what_was_signed_cannot_be_read_in_the_file_and_goes_with_the_person(
    register: Register, engine: Engine, database: Path
) -> None:
    form = ConsentForm(Purpose.FACE_ENTRY, Means.SCREEN, NOW, signature=PNG, guardian=Guardian("欧阳监护", "母亲"))
    person = register.enrol(PersonForm.of("张小三", "3-2-501", minor_until=date(2030, 1, 1)), "t", [form])
    raw = database.read_bytes() + database.with_name(f"{database.name}-wal").read_bytes()
    assert PNG.data not in raw
    assert "欧阳监护".encode() not in raw
    assert register.remove(person.id, "t").gone["consents"] == 1
    (kept,) = register.consents.of(person.id)
    assert (kept.by_guardian, kept.guardian, kept.signed) == (True, None, False)
    assert register.consents.signature(kept.id) is None


def test_a_face_from_before_there_was_a_ledger_is_named_and_left_to_people(
    register: Register, engine: Engine, make_face: MakeFace
) -> None:
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    assert register.consents.unconsented() == ()
    with writing(engine) as session:
        session.execute(delete(ConsentRow))
    assert register.consents.unconsented() == (person.id,)
    assert (register.consents.end_expired("gate"), register.residents()[0].templates) == (0, 1)


def test_who_agreed_to_sharing_is_told_for_people_and_for_their_vehicles(register: Register, clock: Clock) -> None:
    sharing = replace(FACE, purpose=Purpose.COMMUNITY_SHARING)
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "t", [sharing])
    car = register.enter_vehicle(VehicleForm.of("辽A12345", "3-2-501", owner=person.id), "t")
    nobodys = register.enter_vehicle(VehicleForm.of("辽A54321", "3-2-501"), "t")
    agreed = partial(register.consents.agreed, purpose=Purpose.COMMUNITY_SHARING)
    assert [agreed(one) for one in (person.id, car.id, nobodys.id, "nobody")] == [True, True, False, False]
    assert not register.consents.agreed(person.id, Purpose.CARE_ALERTS)
    register.consents.withdraw(person.id, Purpose.COMMUNITY_SHARING, "t")
    assert not agreed(person.id)
    assert not agreed(car.id)


def _no(purpose: Purpose) -> ConsentForm:
    return ConsentForm(purpose, Means.SCREEN, NOW, declined=True)


def test_a_refusal_is_a_dated_record_and_no_consent(register: Register, acts: list[Act]) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "t")
    (kept,) = register.consents.give(person.id, [_no(Purpose.FACE_ENTRY)], "id-laowang")
    assert (kept.declined, kept.signed_at, kept.text, kept.recorded_by) == (True, NOW, "face_entry-1", "id-laowang")
    assert not kept.alive(NOW)
    assert not register.consents.agreed(person.id, Purpose.FACE_ENTRY)
    assert (acts[-1].kind, acts[-1].actor) == ("resident.consent_declined", "id-laowang")
    assert acts[-1].facts["declined_texts"] == ["face_entry-1"]
    counted = register.consents.agreeing(Purpose.FACE_ENTRY), register.consents.declining(Purpose.FACE_ENTRY)
    assert counted == (0, 1)
    register.consents.give(person.id, [FACE], "t")
    assert register.consents.declining(Purpose.FACE_ENTRY) == 0, "who agrees later has declined no more"
    with pytest.raises(EntryRefused, match=r"consent\.withdraw_instead"):
        register.consents.give(person.id, [_no(Purpose.FACE_ENTRY)], "t")


def test_a_refusal_for_a_child_needs_no_guardian_and_never_expires(register: Register) -> None:
    child = register.enrol(PersonForm.of("张小五", "3-2-501", minor_until=date(2034, 3, 1)), "t")
    (kept,) = register.consents.give(child.id, [_no(Purpose.CARE_ALERTS)], "t")
    assert (kept.declined, kept.expires_at, kept.by_guardian) == (True, None, False)


def test_a_face_from_before_there_was_a_ledger_goes_with_a_refusal(
    register: Register, engine: Engine, make_face: MakeFace
) -> None:
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    with writing(engine) as session:
        session.execute(delete(ConsentRow))
    assert register.consents.unconsented() == (person.id,)
    register.consents.give(person.id, [_no(Purpose.FACE_ENTRY)], "t")
    kept = register.find(person.id)
    assert kept is not None
    assert kept.templates == 0


def test_what_was_only_declined_is_no_consent_that_ended(register: Register) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "t")
    register.consents.give(person.id, [_no(Purpose.PLATE_ENTRY)], "t")
    register.enter_vehicle(VehicleForm.of("辽A12345", "3-2-501", owner=person.id), "t")
    assert register.consents.end_expired("t") == 0
    assert register.consents.lapsed() == 0


def test_an_erased_persons_refusal_stays_without_who_signed(register: Register) -> None:
    person = register.enrol(PersonForm.of("张小五", "3-2-501", minor_until=date(2034, 3, 1)), "t")
    form = replace(_no(Purpose.FACE_ENTRY), guardian=Guardian("张三", "父亲"))
    register.consents.give(person.id, [form], "t")
    register.remove(person.id, "t")
    (kept,) = register.consents.of(person.id)
    assert (kept.declined, kept.by_guardian, kept.guardian) == (True, True, None)
    assert register.consents.declining(Purpose.FACE_ENTRY) == 0
