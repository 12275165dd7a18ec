"""The tamper contact of a reader, which flickers where a screw is loose or somebody works at it."""

from __future__ import annotations

QUIET_S = 60.0
"""It counts as closed again once it was closed for so long: however it flickers, the record gets two rows a minute."""


class TamperContact:
    """Counts as open from the first time it opens. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._counts = False
        self._closed_s: float | None = None

    def see(self, *, opened: bool, now_s: float) -> None:
        """The contact is now as the reader says."""
        if opened:
            self._counts, self._closed_s = True, None
        elif self._closed_s is None:
            self._closed_s = now_s

    def unseen(self) -> None:
        """The reader is away: nobody knows what happens to its contact."""
        self._closed_s = None

    def counts(self, now_s: float) -> bool:
        """Whether it counts as open."""
        if self._closed_s is not None and now_s - self._closed_s >= QUIET_S:
            self._counts = False
        return self._counts
