from __future__ import annotations

import pytest

from gate.bench.choice import Seen, borrowed, models_of, name_for
from gate.errors import GateError
from models.cast import ROLES, Cast
from models.catalog import STARTER, Catalog, catalog
from models.errors import ModelUnavailable
from models.roles import Role

CONFIGURED = Cast("yunet-n", "mobilefacenet", "plate-detect", "plate-rec-color")


def test_without_a_pack_the_configured_models_are_measured() -> None:
    assert models_of(None, CONFIGURED) is CONFIGURED


def test_a_pack_plays_every_role_that_it_has_a_model_for() -> None:
    models = models_of("base", CONFIGURED)
    assert {model.name for model in catalog().pack("base")} >= {name_for(models, role) for role in ROLES}
    assert borrowed("base", models, ROLES) == []


def test_a_role_that_the_pack_lacks_stays_with_the_configured_model() -> None:
    models = models_of("opencv-zoo", CONFIGURED)
    assert (models.face_finder, models.face_embedder) == ("yunet-2023mar", "sface")
    assert models.plate_reader == CONFIGURED.plate_reader
    assert borrowed("opencv-zoo", models, ROLES) == [models.plate_finder, models.plate_reader]
    assert borrowed("opencv-zoo", models, [Role.FACE_FINDER]) == []


def test_of_several_models_for_a_role_the_first_plays_it() -> None:
    assert models_of("scrfd", CONFIGURED).face_finder == "scrfd-500m"


def test_a_pack_without_a_model_to_measure_and_an_unknown_one_are_refused() -> None:
    with pytest.raises(GateError) as refused:
        models_of("liveness", CONFIGURED)
    assert refused.value.code == "bench.nothing_to_measure"
    with pytest.raises(ModelUnavailable):
        models_of("bsae", CONFIGURED)


@pytest.mark.parametrize(
    ("seen", "own", "excludes"),
    [
        (Seen.AUTO, False, False),
        (Seen.AUTO, True, True),
        (Seen.EXCLUDE, False, True),
        (Seen.INCLUDE, True, False),
    ],
)
def test_what_was_learned_from_is_left_out_by_itself_only_where_the_own_weights_are_measured(
    seen: Seen, own: bool, excludes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    first, *others = (model for model in catalog().models if STARTER not in model.packs)
    known = Catalog((replace(first, packs=(STARTER,)) if own else first, *others))
    monkeypatch.setattr("gate.bench.choice.catalog", lambda: known)
    assert seen.excludes([others[0].name, first.name]) is excludes
