from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from enrollment.accounts import Role
from enrollment.credential import CredentialKind
from enrollment.database import reading, writing
from enrollment.errors import KeyUnusable, NotEnrolled, StoreBusy
from enrollment.form import PersonForm
from gate.config import Config, Models, parse_config
from gate.ledger.ledger import Passage, append_passage
from gate.ledger.tables import LedgerRow
from gate.ledger.verify import verify
from gate.site import cast_of, open_site
from models.cast import Cast
from models.catalog import catalog
from models.sighting import Box, FaceQuality, FaceSighting
from tests.consents import FACE


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return parse_config({"storage": {"folder": "var"}}, tmp_path / "gate.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


def _face() -> FaceSighting:
    embedding = np.eye(1, 128, dtype=np.float32)[0]
    return FaceSighting(
        Box(0, 0, 100, 120), np.zeros((5, 2), np.float32), 0.9, FaceQuality(0.8, 120, 0.9, 0.9, 0.9), embedding
    )


def test_the_first_start_makes_everything_for_its_owner_alone(config: Config, folder: Path) -> None:
    with open_site(config, create=True) as site:
        site.accounts.add("guard", "a-good-long-one", Role.GUARD, "t")
        modes = {file.name: file.stat().st_mode & 0o777 for file in folder.rglob("*") if file.is_file()}
    assert modes == dict.fromkeys(("menwei.db", "menwei.db-wal", "menwei.db-shm", "menwei.key", "ledger.key"), 0o600)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_was_kept_is_there_at_the_next_start_and_in_the_record(config: Config) -> None:
    with open_site(config, create=True) as site:
        person = site.register.add_resident("张三", "3-2-501", _face(), "m1", "local:0", consent=FACE)
        car = site.register.add_vehicle("辽A12345", "3-2-501", "local:0")
        site.accounts.add("guard", "a-good-long-one", Role.GUARD, "local:0")
    with open_site(config) as site:
        assert site.register.residents() == (person,)
        assert site.register.vehicles() == (car,)
        site.register.remove(person.id, "local:0")
        with reading(site.engine) as session:
            rows = session.scalars(select(LedgerRow).order_by(LedgerRow.seq)).all()
        assert [row.kind for row in rows] == [
            "ledger.began",
            "resident.added",
            "vehicle.added",
            "account.added",
            "resident.removed",
        ]
        assert json.loads(rows[1].body)["subject"] == person.id
        text = "".join(row.body for row in rows)
        told = text.replace('"role":"guard"', "")
        # An id may hold the digits of the room by chance.
        assert not [word for word in ("张三", "辽A12345", "guard", r"\b501\b") if re.search(word, told)]
        proof = verify(site.engine)
        assert (proof.rows, proof.signed, proof.first_broken) == (5, 5, None)


def test_a_site_that_is_not_there_is_only_made_on_purpose(config: Config, folder: Path) -> None:
    with pytest.raises(NotEnrolled) as missing:
        open_site(config)
    assert missing.value.code == "store.missing"
    assert not folder.exists()


def test_a_folder_that_takes_no_writes_is_said(config: Config, folder: Path) -> None:
    folder.write_text("a file stands in the folder's place")
    with pytest.raises(StoreBusy) as refused:
        open_site(config, create=True)
    assert refused.value.code == "store.unwritable"


def test_a_lost_key_is_made_again_only_while_nothing_is_sealed_with_it(config: Config, folder: Path) -> None:
    key = folder / "keys" / "menwei.key"
    with open_site(config, create=True):
        pass
    key.unlink()
    with open_site(config) as site:
        site.register.add_resident("张三", "3-2-501", _face(), "m1", "t", consent=FACE)
    key.unlink()
    with pytest.raises(KeyUnusable) as lost:
        open_site(config)
    assert lost.value.code == "key.missing"
    assert not key.exists()


def test_a_lost_key_is_not_replaced_while_snapshots_are_sealed_with_it(config: Config, folder: Path) -> None:
    now = datetime(2026, 2, 17, tzinfo=UTC)
    with open_site(config, create=True) as site, writing(site.engine) as session:
        passage = Passage("p1", now, "east", "open", "known_resident", None, "1", {})
        append_passage(session, passage, site.snapshots.keep(b"jpeg", now))
    (folder / "keys" / "menwei.key").unlink()
    with pytest.raises(KeyUnusable, match=r"key\.missing"):
        open_site(config)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda key: key.write_bytes(bytes(32)), "key.wrong"),
        (lambda key: key.write_bytes(bytes(31)), "key.wrong_size"),
        (lambda key: key.chmod(0o644), "key.open_to_others"),
    ],
)
def test_a_wrong_key_keeps_the_site_shut(
    config: Config, folder: Path, spoil: Callable[[Path], object], code: str
) -> None:
    with open_site(config, create=True) as site:
        site.register.add_resident("张三", "3-2-501", _face(), "m1", "t", consent=FACE)
    spoil(folder / "keys" / "menwei.key")
    with pytest.raises(KeyUnusable) as wrong:
        open_site(config)
    assert wrong.value.code == code


@pytest.mark.parametrize("spoil", [lambda key: key.write_bytes(bytes(32)), lambda key: key.unlink()])
@pytest.mark.parametrize("sealed", ["consent", "card"])
def test_a_key_is_missed_and_checked_though_no_face_is_enrolled(
    config: Config, folder: Path, spoil: Callable[[Path], object], sealed: str
) -> None:
    with open_site(config, create=True) as site:
        person = site.register.enrol(PersonForm.of("张三", "3-2-501"), "t", [FACE] if sealed == "consent" else [])
        if sealed == "card":
            site.register.credentials.give(person.id, CredentialKind.CARD, "t", "04A1B2C3")
    spoil(folder / "keys" / "menwei.key")
    with pytest.raises(KeyUnusable):
        open_site(config)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(lambda key: key.write_bytes(bytes(32)), "ledger.key_wrong"), (lambda key: key.unlink(), "key.missing")],
)
def test_a_record_is_not_continued_with_another_signing_key(
    config: Config, folder: Path, spoil: Callable[[Path], object], code: str
) -> None:
    with open_site(config, create=True):
        pass
    spoil(folder / "keys" / "ledger.key")
    with pytest.raises(KeyUnusable) as wrong:
        open_site(config)
    assert wrong.value.code == code


def test_the_faces_that_are_enrolled_choose_the_models(config: Config) -> None:
    assert cast_of(config) == Cast.of_pack("starter")
    base = catalog().model("mobilefacenet").model_id
    with open_site(config, create=True) as site:
        assert site.cast(config.models) == Cast.of_pack("starter")
        site.register.add_resident("张三", "3-2-501", _face(), base, "t", consent=FACE)
        site.register.add_resident("李四", "3-2-502", _face(), base, "t", allow_similar=True, consent=FACE)
        site.register.add_resident("王五", "3-2-503", _face(), "starter-face-embedder@12345678", "t", consent=FACE)
        assert site.templates() == {base: 2, "starter-face-embedder@12345678": 1}
        assert site.cast(config.models) == Cast.of_pack("base")
        assert site.unknown_to(base) == 1
        (wang,) = (resident for resident in site.register.residents() if resident.name == "王五")
        site.register.add_face(wang.id, _face(), base, "t", allow_similar=True)
        assert site.unknown_to(base) == 0
    assert cast_of(config) == Cast.of_pack("base")
    assert cast_of(config.model_copy(update={"models": Models(pack="starter")})) == Cast.of_pack("starter")
