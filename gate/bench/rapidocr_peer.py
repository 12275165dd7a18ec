"""`rapidocr` as a reader of plates, as a contender."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.plate.grammar import classify, normalise
from models.sighting import Picture, PlateColour

Reads = Callable[[Picture], str]
"""The plate in a picture, "" where there is none."""

ONE_THREAD = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
QUIET = {"Global.log_level": "critical"}


def open_rapidocr() -> Reads:
    """It on one thread, with the models that come inside its package.

    It is spared the look at which texts stand on their heads (`use_cls`), since no car does. All three steps are named
    at each call, because it keeps what it was told last.
    """
    from rapidocr import RapidOCR

    reader = RapidOCR(params=ONE_THREAD | QUIET)

    def read(picture: Picture) -> str:
        seen = reader(picture, use_det=True, use_cls=False, use_rec=True)
        return "" if seen.txts is None or seen.boxes is None else plate_among(seen.txts, seen.boxes)

    return read


def plate_among(lines: Sequence[str], corners: Sequence[NDArray[np.float32]]) -> str:
    """Of the lines that the grammar takes for a plate once dots and spaces are gone the highest, "" for none.

    It reads every text in a picture, so it gets the help of our grammar: signs, dates and advertising are left out. And
    like ours its answer is the nearest plate. `corners` are 4 x 2 for each line, the top left one first, clockwise.
    """
    plates = [
        (float(np.linalg.norm(box[3] - box[0]) + np.linalg.norm(box[2] - box[1])), text)
        for line, box in zip(lines, corners, strict=True)
        if classify(text := normalise(line), PlateColour.UNKNOWN) is not None
    ]
    return max(plates, default=(0.0, ""))[1]
