from __future__ import annotations

import pytest

from models.cast import Cast, pack_of
from models.catalog import BASE, STARTER, catalog
from models.errors import ModelUnavailable


def test_the_starter_plays_every_role() -> None:
    cast = Cast.of_pack(STARTER)
    assert {model.packs for model in cast.models} == {(STARTER,)}
    assert cast.embedder.for_trying_out


def test_base_plays_every_role_with_thresholds_of_its_own() -> None:
    cast = Cast.of_pack(BASE)
    assert [model.name for model in cast.models] == ["yunet-s", "mobilefacenet", "plate-detect", "plate-rec-color"]
    assert (cast.thresholds.accept, cast.thresholds.similar) == (0.45, 0.55)
    assert not cast.embedder.for_trying_out


def test_what_a_pack_lacks_comes_with_the_program() -> None:
    cast = Cast.of_pack("buffalo_l")
    assert cast.face_embedder == "w600k-r50"
    assert (cast.plate_finder, cast.plate_reader) == ("starter-plate-finder", "starter-plate-reader")


def test_a_pack_that_is_none_gets_the_nearest_name() -> None:
    with pytest.raises(ModelUnavailable) as unknown:
        Cast.of_pack("startr")
    assert unknown.value.facts == {"name": "startr", "near": "starter"}


def test_a_pack_judges_liveness_only_by_a_model_of_its_own() -> None:
    assert [Cast.of_pack(pack).live_from for pack in (STARTER, BASE)] == [None, None]
    judged = Cast.of_pack("liveness-onnx")
    assert (judged.face_liveness, judged.live_from) == ("antispoof-bin", 0.5)
    assert judged.face_finder == "starter-face-finder"


@pytest.mark.parametrize(
    ("enrolled", "pack"),
    [
        ((), STARTER),
        (("mobilefacenet@b7120c09",), BASE),
        (("mobilefacenet@00000000",), BASE),
        (("w600k-r50@4c06341c", "mobilefacenet@b7120c09"), "buffalo_l"),
        (("starter-face-embedder@12345678", "mobilefacenet@b7120c09"), STARTER),
        (("forgotten@12345678", "mobilefacenet@b7120c09"), BASE),
        (("forgotten@12345678", "plate-detect@337d1ccb"), STARTER),
    ],
)
def test_without_a_name_the_enrolled_faces_choose(enrolled: tuple[str, ...], pack: str) -> None:
    assert pack_of(enrolled) == pack


def test_every_pack_can_be_cast() -> None:
    for pack in catalog().packs:
        assert len(Cast.of_pack(pack).models) == 4
