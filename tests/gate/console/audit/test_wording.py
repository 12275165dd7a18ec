from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import pytest

from enrollment.plate_match import Doubt
from gate.console.audit.wording import details_of
from gate.decision.decision import Movement
from gate.decision.liveness import LifeDoubt
from gate.texts import Language
from models.sighting import FaceFault, PlateColour, PlateKind

CODES: dict[str, Iterable[str]] = {
    "colour": PlateColour,
    "kind": PlateKind,
    "movement": Movement,
    "fault": FaceFault,
    "life_doubts": LifeDoubt,
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", CODES)
def test_no_code_of_a_decision_is_shown_bare(name: str, language: Language) -> None:
    for code in CODES[name]:
        ((label, told),) = details_of(language, {name: str(code)})
        assert label != name
        if language == "zh":
            assert not told.isascii(), told


def test_faces_are_told_with_their_margin_and_what_was_needed() -> None:
    told = dict(details_of("en", {"frames": 4, "score": 0.61, "runner_up": 0.2, "searched": 900, "needed": 0.5}))
    assert told["Margin"] == "0.4100"
    assert told["Templates searched"] == "900"
    assert ("Runner-up's score", "—") in details_of("en", {"score": 0.61, "runner_up": None})


def test_several_doubts_about_life_are_told_in_a_row_and_none_as_a_dash() -> None:
    told = details_of("en", {"life_doubts": ["rim", "flat"]})
    assert told == [
        ("Doubts about life", "the rim of a sheet or screen about the face, turned as a flat sheet does"),
    ]
    assert details_of("zh", {"life_doubts": []}) == [("活体疑点", "—")]


def test_a_lookalike_is_told_in_a_sentence() -> None:
    doubt = asdict(Doubt(position=3, read="8", enrolled="B", other="8", share=0.55, together=0.97))
    ((_, told),) = details_of("zh", {"doubt": doubt})
    assert told == "第 3 位读作 8（得票 0.55），登记的是 B，合计 0.97"


def test_a_detail_without_a_name_goes_by_its_key() -> None:
    assert details_of("zh", {"later": 1}) == [("later", "1")]
