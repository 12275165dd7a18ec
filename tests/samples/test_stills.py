"""The still pictures show what the product's own recognisers are timed on."""

from __future__ import annotations

from pathlib import Path

from models.open import open_face_recogniser, open_plate_recogniser
from models.store import Store
from samples import stills


def test_a_street_shows_its_vehicles_plate(mirror: Path) -> None:
    recogniser = open_plate_recogniser("plate-detect", "plate-rec-color", Store())
    read = [[plate.text for plate in recogniser.see(street)] for street in stills.streets(1)]
    assert read == [[vehicle.plate] for vehicle in stills.SHOWN_VEHICLES]
    plates = stills.plates(1)
    assert [recogniser.read(plate).text for plate in plates] == [vehicle.plate for vehicle in stills.SHOWN_VEHICLES]


def test_a_wicket_shows_one_face(mirror: Path) -> None:
    recogniser = open_face_recogniser("yunet-s", "mobilefacenet", Store())
    assert [len(recogniser.find(wicket)) for wicket in stills.wickets(1)] == [1] * len(stills.SHOWN_PEOPLE)
    assert {face.shape for face in stills.faces(112)} == {(112, 112, 3)}
