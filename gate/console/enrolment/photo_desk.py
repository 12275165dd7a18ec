"""Judging photos with the gate's own model, and the few that wait, in memory alone, for a person's decision."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from enrollment.faces import FacePhoto
from enrollment.photo import face_photo, look
from models.picture import decode_picture
from models.roles import FaceRecogniser

LASTS_S = 300.0
"""How long a photo waits for a decision; it is in no file meanwhile."""

MOST = 20
LEAST_SHRUNK = 0.1
"""A frame that stands for a picture more than ten times its width is taken for one of ten times."""


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A photo of `resident_id` that looks like `other_id`, with the cosine; `owner` is the session that took it."""

    owner: str
    resident_id: str
    other_id: str
    score: str
    photo: FacePhoto


def _after(delay_s: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(delay_s, act)
    timer.daemon = True
    timer.start()


class PhotoDesk:
    """One photo or frame is judged at a time, for the lanes need the machine; no frame is ever kept.

    `later` calls something after so many seconds; `token` gives an unguessable string.
    """

    def __init__(
        self,
        recogniser: FaceRecogniser,
        *,
        later: Callable[[float, Callable[[], None]], None] = _after,
        token: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self._recogniser = recogniser
        self._later = later
        self._token = token
        self._judging = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()

    def look(self, frame: bytes, shown_width: int) -> bool:
        """Whether a frame was judged, and is good; False where another one is being judged just now.

        `shown_width` is the width in pixels of the photo that would be taken. Raises `PictureRefused`, `PhotoRefused`.
        """
        if not self._judging.acquire(blocking=False):
            return False
        try:
            picture = decode_picture(frame)
            look(self._recogniser, picture, min(1.0, max(LEAST_SHRUNK, picture.shape[1] / shown_width)))
        finally:
            self._judging.release()
        return True

    def take(self, encoded: bytes) -> FacePhoto:
        """What a photo gives for enrolling by. Raises `PictureRefused`, `PhotoRefused`."""
        with self._judging:
            return face_photo(self._recogniser, decode_picture(encoded))

    def keep(self, waiting: Waiting) -> str:
        """Let a photo wait for a decision; the token to find it by."""
        token = self._token()
        with self._lock:
            self._waiting[token] = waiting
            while len(self._waiting) > MOST:
                self._waiting.popitem(last=False)
        self._later(LASTS_S, lambda: self.drop(token))
        return token

    def find(self, token: str, owner: str) -> Waiting | None:
        """The photo that this session lets wait under the token."""
        with self._lock:
            waiting = self._waiting.get(token)
        return waiting if waiting is not None and waiting.owner == owner else None

    def drop(self, token: str) -> None:
        """Forget a photo."""
        with self._lock:
            self._waiting.pop(token, None)
