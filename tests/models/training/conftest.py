"""A folder of drawn photographs, laid out as the labelled ones are."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.training.plate_drawing import draw
from models.training.plate_texts import FORMS
from models.training.split import is_held_out

PLACE = (60, 90)
"""Left and top of the plate in each drawn scene."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The folder, its file of corners, and the plates that stand in it on the side that is learned from."""

    folder: Path
    corners: Path
    learned: list[str]


@pytest.fixture(scope="session")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Drawing:
    folder = tmp_path_factory.mktemp("plates")
    rng = np.random.default_rng(7)
    rows, learned = [], []
    for kind in ("scenes", "crops"):
        (folder / kind).mkdir()
        for _ in range(12):
            drawn = FORMS["blue"][1](rng, "blue")
            plate = draw(drawn, rng, 0.5)
            picture = rng.integers(90, 160, (240, 400, 3), np.uint8)
            left, top = PLACE
            picture[top : top + plate.shape[0], left : left + plate.shape[1]] = plate
            picture = plate if kind == "crops" else picture
            x, y = (0, 0) if kind == "crops" else PLACE
            high, wide = plate.shape[:2]
            corners = [[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]]
            (folder / kind / f"{drawn.text}.jpg").write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
            row = {"kind": kind, "file": f"{drawn.text}.jpg", "plate": drawn.text, "corners": corners, "rows": 1}
            rows.append(row | {"colour": "blue", "others": []})
            learned += [] if is_held_out(drawn.text, "plates") else [drawn.text]
    (folder / "corners.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    _green(folder / "green", rng, learned)
    return Drawing(folder, folder / "corners.json", learned)


def _green(folder: Path, rng: np.random.Generator, learned: list[str]) -> None:
    folder.mkdir()
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(["file", "plate", "corners_BR_BL_TL_TR", "corrected_plate"])
        for number in range(6):
            drawn = FORMS["green"][1](rng, "green")
            plate = draw(drawn, rng, 0.5)
            high, wide = plate.shape[:2]
            picture = np.full((200, 360, 3), 120, np.uint8)
            picture[50 : 50 + high, 40 : 40 + wide] = plate
            (folder / f"{number}.jpg").write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
            ends = (f"{40 + wide},{50 + high}", f"40,{50 + high}", "40,50", f"{40 + wide},50")
            writer.writerow([f"{number}.jpg", drawn.text, " ".join(ends), ""])
            learned += [] if is_held_out(drawn.text, "plates") else [drawn.text]
        writer.writerow(["gone.jpg", "苏AD12345", "9,9 1,9 1,1 9,1", ""])
