"""Reading the plates of a photo that somebody took of a car."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from gate.lane.lane import encode
from gate.lane.watching import crop
from models.picture import decode_picture
from models.roles import PlateRecogniser

MOST = 4
"""So many plates are offered, the largest: a photo of a car may have a whole row of them behind it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One plate of the photo: what was read (empty where nothing could be), and its crop as JPEG.

    `doubtful` where no rule of the grammar fits or a character was not sure. No more of the photo is kept than that.
    """

    text: str
    doubtful: bool
    jpeg: bytes


class PlatePhotos:
    """One photo is read at a time, for the lanes need the machine.

    A reading less sure than `sure` (0 to 1) is called doubtful.
    """

    def __init__(self, recogniser: PlateRecogniser, sure: float) -> None:
        self._recogniser = recogniser
        self._sure = sure
        self._reading = threading.Lock()

    def read(self, encoded: bytes) -> Sequence[Reading]:
        """The plates of a photo, the largest first; none where none is found. Raises `PictureRefused`."""
        with self._reading:
            picture = decode_picture(encoded)
            seen = self._recogniser.see(picture)[:MOST]
        return [
            Reading(
                one.text,
                one.kind is None or one.sure < self._sure,
                encode(crop(picture, one.box, across=0.4, up=1.0, down=0.6)),
            )
            for one in seen
        ]
