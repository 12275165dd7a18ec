from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from gate.bench.intake import measure
from samples.compound import PEOPLE
from samples.heads import enrolment_photo


@pytest.mark.starter
def test_an_import_killed_in_the_middle_goes_on_and_enters_nobody_twice(tmp_path: Path) -> None:
    photos, folder = tmp_path / "photos", tmp_path / "site"
    photos.mkdir()
    folder.mkdir()
    for number, person in enumerate(PEOPLE[:4]):
        cv2.imwrite(str(photos / f"{'abcd'[number]}.png"), enrolment_photo(person.looks.likeness))
    score = measure(photos, folder, 4, 1, 1)
    assert (score.people, score.residents, score.faces, score.refused, score.doubles) == (4, 4, 4, 0, 0)
    assert score.peak_mb > 0
