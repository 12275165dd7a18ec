from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from enrollment.act import Act
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.form import PersonForm
from enrollment.register import Register
from enrollment.vehicle_photos import LONGER_SIDE_PX, vehicle_jpeg

ACTOR = "local:0"
Stored = Callable[[], bytes]


def _picture(height: int = 1200, width: int = 1600) -> bytes:
    return vehicle_jpeg(np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize(("height", "width"), [(1200, 1600), (1600, 1200), (20, 9000), (30, 40)])
def test_no_more_than_a_small_picture_is_made(height: int, width: int) -> None:
    seen = cv2.imdecode(np.frombuffer(_picture(height, width), np.uint8), cv2.IMREAD_COLOR)
    assert seen is not None
    assert max(seen.shape[:2]) == min(max(height, width), LONGER_SIDE_PX)


def test_a_photo_is_kept_replaced_and_deleted_each_on_record(register: Register, acts: list[Act]) -> None:
    car = register.add_vehicle("辽A12345", "3-2-501", ACTOR)
    assert register.vehicle_photos.of(car.id) is None
    register.vehicle_photos.keep(car.id, b"one", ACTOR)
    register.vehicle_photos.keep(car.id, b"two", ACTOR)
    assert register.vehicle_photos.of(car.id) == b"two"
    register.vehicle_photos.drop(car.id, ACTOR)
    assert register.vehicle_photos.of(car.id) is None
    kinds = [act.kind for act in acts if act.kind.startswith("vehicle.photo")]
    assert kinds == ["vehicle.photo_kept", "vehicle.photo_kept", "vehicle.photo_dropped"]


def test_only_a_vehicle_that_is_there_has_one(register: Register) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501"), ACTOR)
    with pytest.raises(EntryRefused, match="no_vehicle"):
        register.vehicle_photos.keep(person.id, b"x", ACTOR)
    with pytest.raises(NotEnrolled):
        register.vehicle_photos.keep("nobody", b"x", ACTOR)


def test_it_is_sealed_and_goes_with_the_vehicle_to_the_last_byte(register: Register, database: Path) -> None:
    car = register.add_vehicle("辽A12345", "3-2-501", ACTOR)
    jpeg = _picture()
    register.vehicle_photos.keep(car.id, jpeg, ACTOR)
    with register._changes.engine.connect() as connection:
        sealed = connection.exec_driver_sql("select sealed from vehicle_photo").scalar_one()
    assert jpeg[:64] not in sealed
    assert register.remove(car.id, ACTOR).gone["photos"] == 1
    files = [path.read_bytes() for path in database.parent.glob(f"{database.name}*")]
    assert not any(sealed[100:164] in content for content in files)
