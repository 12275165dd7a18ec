"""A vehicle that waits at the barrier shows a plate that the product's own recogniser reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.open import open_plate_recogniser
from models.roles import PlateRecogniser
from models.sighting import Picture
from models.store import Store
from samples.cars import draw_car, draw_lorry
from samples.perspective import lay
from samples.plates import Plate, Style
from samples.scenery import ROAD_VIEW
from samples.traffic import place_of


def _waiting(plate: Plate, before_stop_m: float) -> Picture:
    draw = draw_lorry if plate.style is Style.YELLOW_TWO_ROWS else draw_car
    vehicle = draw(plate, (160, 160, 160), np.random.default_rng(5))
    picture = np.full((ROAD_VIEW.height, ROAD_VIEW.width, 3), 128, np.uint8)
    place, heading = place_of(before_stop_m)
    for panel in vehicle.panels:
        lay(panel.moved(place, heading), ROAD_VIEW, picture)
    return picture


@pytest.fixture(scope="module")
def recogniser(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> PlateRecogniser:
    store = Store(tmp_path_factory.mktemp("weights"), environment={"GATE_MODELS_MIRROR": str(mirror)})
    return open_plate_recogniser("plate-detect", "plate-rec-color", store)


@pytest.mark.parametrize(
    ("text", "style", "rows"),
    [
        ("辽A12345", Style.BLUE, 1),
        ("苏AD12345", Style.GREEN, 1),
        ("苏B35179", Style.YELLOW, 1),
        ("苏A30718", Style.YELLOW_TWO_ROWS, 2),
        ("苏A1234警", Style.POLICE, 1),
    ],
)
@pytest.mark.parametrize("before_stop_m", [0.0, 3.0])
def test_a_drawn_plate_of_each_kind_is_read_exactly(
    text: str, style: Style, rows: int, before_stop_m: float, recogniser: PlateRecogniser
) -> None:
    (plate,) = recogniser.see(_waiting(Plate(text, style), before_stop_m))
    assert plate.text == text
    assert plate.rows == rows
    assert min(plate.confidences) > 0.8


def test_a_vehicle_far_off_is_smaller_than_one_that_waits() -> None:
    drawn = [int((_waiting(Plate("辽A12345", Style.BLUE), way) != 128).any(2).sum()) for way in (0.0, 2.0, 4.0, 8.0)]
    assert drawn == sorted(drawn, reverse=True)
    assert drawn[0] > 4 * drawn[-1]
