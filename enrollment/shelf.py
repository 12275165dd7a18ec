"""Templates in memory: side by side, with room for more, and never moved while somebody searches them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.sighting import Embedding

BATCH = 500
"""Templates that are copied at once: the copying holds up every other thread of the process."""

SPARE = 64
"""Room for so many more at least, and for a quarter more."""

Matrix = NDArray[np.float32]


class Shelf:
    """Templates of one size, each a column: laid out like that they are searched in half the time (512 numbers,
    OpenBLAS).

    Galleries that follow each other share a shelf. Each reads the columns that were there when it was made; what comes
    later is put beside them, so that nobody who is searching is disturbed and nothing is copied. What is taken off is
    wiped at once, for older galleries too: whoever is erased is found by nobody any more.
    """

    def __init__(self, size: int, capacity: int) -> None:
        """Room for `capacity` templates of `size` numbers; memory is taken as it fills."""
        self._columns = np.zeros((size, capacity), np.float32)
        self._used = 0
        self._lock = threading.Lock()

    @classmethod
    def of(cls, templates: Sequence[Embedding]) -> Self:
        """A shelf of these, in this order, with room for more."""
        shelf = cls(templates[0].size if templates else 0, len(templates) + max(SPARE, len(templates) // 4))
        shelf._fill(templates)
        return shelf

    def read(self, count: int) -> Matrix:
        """The first `count` templates, a row each, as a view that cannot be written to."""
        rows = self._columns[:, :count].T
        rows.setflags(write=False)
        return rows

    def add(self, after: int, templates: Sequence[Embedding]) -> bool:
        """Put these behind the first `after`. False, and nothing was done, where there is no room or others stand."""
        size, capacity = self._columns.shape
        with self._lock:
            if self._used != after or after + len(templates) > capacity or any(t.size != size for t in templates):
                return False
            self._fill(templates)
            return True

    def wipe(self, places: NDArray[np.intp]) -> None:
        """Take the templates at these places off."""
        for place in places.tolist():
            self._columns[:, place] = 0

    def without_gaps(self, places: NDArray[np.intp], templates: Sequence[Embedding]) -> Shelf:
        """A new shelf with what stands at these places and then these templates, copied a little at a time."""
        size, count = (self._columns.shape[0] or len(templates[0])), len(places) + len(templates)
        shelf = Shelf(size, count + max(SPARE, count // 4))
        for mine, its in zip(self._columns, shelf._columns, strict=False):
            its[: len(places)] = mine[places]
        shelf._used = len(places)
        shelf._fill(templates)
        return shelf

    def _fill(self, templates: Sequence[Embedding]) -> None:
        for start in range(0, len(templates), BATCH):
            batch = templates[start : start + BATCH]
            self._columns[:, self._used : self._used + len(batch)] = np.stack(batch, axis=1)
            self._used += len(batch)
