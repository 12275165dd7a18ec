"""Finding the corners of plates whose photographs tell only what stands on them, with another pack's models.

python -m models.training.plate_corners --data DIR --out FILE

The reading nearest to the label tells which plate is meant. A photograph whose plate is not found is named and left
out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.errors import PictureRefused
from models.open import open_plate_recogniser
from models.picture import load_picture
from models.plate.grammar import classify, normalise
from models.roles import PlateRecogniser
from models.sighting import Picture, PlateColour, PlateSighting
from models.store import Store

TEACHER = ("plate-detect", "plate-rec-color")
"""The finder and the reader of the pack `base`."""

FARTHEST = 3
"""So many characters of the reading may differ from the label."""

BORDER = (80, 120)
"""Grey pixels put left and right, above and below a crop, that its plate has surroundings to be found in."""

ENLARGED = 3


def spots(recogniser: PlateRecogniser, folder: Path) -> Iterator[dict[str, Any]]:
    """A row for each photograph of `scenes/` and `crops/` whose plate was found."""
    for kind in ("scenes", "crops"):
        for file in sorted((folder / kind).glob("*.jpg")):
            text = normalise(file.stem)
            try:
                picture = load_picture(file)
            except PictureRefused as refused:
                print(f"{file}: {refused}")  # noqa: T201 - the recipe's own output
                continue
            if classify(text, PlateColour.UNKNOWN) is None:
                print(f"{file}: the name is no plate")  # noqa: T201
                continue
            seen = sorted(_seen(recogniser, picture, kind), key=lambda plate: (_apart(text, plate.text), -plate.found))
            if not seen or _apart(text, seen[0].text) > FARTHEST:
                print(f"{file}: its plate was not found")  # noqa: T201
                continue
            yield _row(kind, file, text, seen)


def _seen(recogniser: PlateRecogniser, picture: Picture, kind: str) -> list[PlateSighting]:
    return list(recogniser.see(_bordered(picture) if kind == "crops" else picture))


def _bordered(crop: Picture) -> Picture:
    large = cv2.resize(crop, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    across, down = BORDER
    grey = (90.0, 90.0, 90.0)
    return np.asarray(cv2.copyMakeBorder(large, down, down, across, across, cv2.BORDER_CONSTANT, value=grey), np.uint8)


def _row(kind: str, file: Path, text: str, seen: list[PlateSighting]) -> dict[str, Any]:
    main, *others = seen
    corners = main.corners if kind == "scenes" else (main.corners - np.array(BORDER, np.float32)) / ENLARGED
    return {
        "kind": kind,
        "file": file.name,
        "plate": text,
        "corners": corners.round(2).tolist(),
        "rows": main.rows,
        "colour": str(main.colour),
        "others": [
            {"corners": one.corners.round(2).tolist(), "rows": one.rows, "sure": one.kind is not None} for one in others
        ],
    }


def _apart(one: str, other: str) -> int:
    """The edit distance of two short texts."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


def main() -> None:
    """Run the step from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder with scenes/ and crops/")
    arguments.add_argument("--out", type=Path, required=True, help="file of corners to write")
    given = arguments.parse_args()
    rows = list(spots(open_plate_recogniser(*TEACHER, Store()), given.data))
    given.out.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
