from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from enrollment.act import Act
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.faces import Decision, FacePhoto
from enrollment.form import PersonForm
from enrollment.register import Register
from models.sighting import FaceSighting
from tests.consents import FACE

MakeFace = Callable[..., FaceSighting]


def test_a_face_told_apart_from_one_person_is_still_asked_about_beside_another(
    register: Register, make_face: MakeFace, acts: list[Act]
) -> None:
    first, second = (
        register.add_resident(name, "3-2-501", make_face(1), "m1", "anna", consent=FACE, allow_similar=True)
        for name in ("张三", "李四")
    )
    third = register.enrol(PersonForm.of("王五", "3-2-501"), "anna", [FACE])
    photo = FacePhoto(make_face(1), "m1", apart_from=frozenset({first.id}))
    with pytest.raises(EntryRefused, match="face_already_enrolled") as refused:
        register.add_photo(third.id, photo, "anna")
    assert refused.value.facts["person"] == second.id
    both = replace(photo, apart_from=frozenset({first.id, second.id}))
    assert register.add_photo(third.id, both, "anna").templates == 1
    assert acts[-1].facts["told_apart_from"] == sorted([first.id, second.id])


def test_what_was_decided_about_a_face_that_is_not_kept_is_on_record(register: Register, acts: list[Act]) -> None:
    one, other = (register.enrol(PersonForm.of(name, "3-2-501"), "anna") for name in ("张三", "李四"))
    register.faces.note_decision(one.id, other.id, "0.71", Decision.SAME, "anna")
    assert acts[-1].kind == "resident.likeness_decided"
    assert acts[-1].facts.items() >= {"decision": "same", "beside": other.id, "likeness": "0.71"}.items()
    register.remove(other.id, "anna")
    with pytest.raises(NotEnrolled):
        register.faces.note_decision(one.id, other.id, "0.71", Decision.SAME, "anna")
