"""Single pictures of the sample compound, for what needs no film."""

from __future__ import annotations

import cv2
import numpy as np

from models.sighting import Picture
from samples.cars import draw_car, draw_lorry
from samples.compound import COURTYARD, PEOPLE, RATE, VEHICLES
from samples.heads import enrolment_photo
from samples.people import draw_figure
from samples.plates import Style, draw_plate
from samples.scenery import path, road
from samples.traffic import ARRIVE_S, Drive, Turn, drive_by
from samples.walking import APPROACH_S, ENTER_S, Walk, walk_by
from samples.weather import DAY

ONE_FRAME_S = 1 / RATE

SHOWN_VEHICLES = (VEHICLES[0], VEHICLES[1], VEHICLES[4])
SHOWN_PEOPLE = PEOPLE[:2]
"""A blue, a green and a two-row plate, and two people: enough to look at, and drawn in seconds."""


def streets(seed: int) -> list[Picture]:
    """Some vehicles of the sample compound where each it waits at the barrier, by day; 1280 x 720."""
    rng = np.random.default_rng([seed, 3])
    backdrop = road(rng)
    pictures: list[Picture] = []
    for vehicle in SHOWN_VEHICLES:
        draw = draw_lorry if vehicle.style is Style.YELLOW_TWO_ROWS else draw_car
        waiting = Drive(draw(vehicle.drawn_plate, vehicle.body, rng), -ARRIVE_S)
        pictures += drive_by(backdrop, [waiting], [Turn(0.0, DAY)], ONE_FRAME_S, RATE, rng)
    return pictures


def wickets(seed: int) -> list[Picture]:
    """Some people of the sample compound before the wicket's camera; 1280 x 720."""
    rng = np.random.default_rng([seed, 4])
    backdrop = path(rng)
    pictures: list[Picture] = []
    for person in SHOWN_PEOPLE:
        standing = Walk(draw_figure(person.looks, rng), -(ENTER_S + APPROACH_S), 1)
        pictures += walk_by(backdrop, [standing], COURTYARD, ONE_FRAME_S, RATE, rng)
    return pictures


def plates(seed: int) -> list[Picture]:
    """The plates of the same vehicles, straight on, 48 pixels high for a row."""
    rng = np.random.default_rng([seed, 5])
    return [draw_plate(vehicle.drawn_plate, rng, px_per_mm=48 / 140) for vehicle in SHOWN_VEHICLES]


def faces(side: int) -> list[Picture]:
    """The faces of the same people, each in a square of `side` pixels."""
    photos = [enrolment_photo(person.looks.likeness) for person in SHOWN_PEOPLE]
    return [np.asarray(cv2.resize(photo, (side, side), interpolation=cv2.INTER_AREA), np.uint8) for photo in photos]
