from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from enrollment.database import reading
from enrollment.faces import FacePhoto
from enrollment.form import PersonForm, Term
from enrollment.keyring import Keyring
from enrollment.likeness import Likenesses
from enrollment.register import Register
from models.errors import ModelIncompatible
from models.sighting import Embedding
from tests.consents import FACE
from tests.enrollment.conftest import MakeFace

MODEL = "m-1"
Unit = Callable[..., Embedding]


def _add(register: Register, make_face: MakeFace, seed: int) -> str:
    added = register.add_resident(
        f"人{seed}", "1-1-1", make_face(seed), MODEL, "local:0", consent=FACE, allow_similar=True
    )
    return added.id


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=8))
def test_whatever_comes_and_goes_it_finds_what_one_that_looks_afresh_finds(
    register: Register,
    engine: Engine,
    keyring: Keyring,
    make_face: MakeFace,
    unit: Unit,
    changes: list[tuple[bool, int]],
) -> None:
    followed, there = Likenesses(keyring, MODEL), [one.id for one in register.residents()]
    for adds, seed in changes:
        if adds or not there:
            there.append(_add(register, make_face, seed))
        else:
            register.remove(there.pop(seed % len(there)), "local:0")
        with reading(engine) as session:
            besides = there[0] if there else "nobody"
            known = followed.nearest(session, unit(seed), besides)
            afresh = Likenesses(keyring, MODEL).nearest(session, unit(seed), besides)
        assert (known is None) == (afresh is None)
        if known and afresh:
            assert known[1] == pytest.approx(afresh[1], abs=1e-6)
            assert known[0] != besides


def test_who_moves_in_later_is_known_already(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace, unit: Unit
) -> None:
    later = Term(since=datetime.now(UTC) + timedelta(days=9))
    added = register.enrol(
        PersonForm.of("张三", "1-1-1", term=later), "local:0", [FACE], FacePhoto(make_face(3), MODEL)
    )
    with reading(engine) as session:
        found = Likenesses(keyring, MODEL).nearest(session, unit(3), "nobody")
    assert found == (added.id, pytest.approx(1.0))


def test_another_size_of_embedding_is_another_models(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace, unit: Unit
) -> None:
    _add(register, make_face, 1)
    with reading(engine) as session, pytest.raises(ModelIncompatible):
        Likenesses(keyring, MODEL).nearest(session, unit(1, 64), "nobody")
