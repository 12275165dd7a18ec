"""Whose face a new one is like already: every stored template of one model, kept up cheaply while many are entered."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from enrollment.gallery import version_in
from enrollment.keyring import Keyring
from enrollment.tables import TemplateRow
from enrollment.template import TemplateKey, is_unit, open_templates
from models.errors import ModelIncompatible
from models.sighting import Embedding

ROOM = 256
"""Room for so many more templates at least, and for as many again as there are."""


class Likenesses:
    """The templates of `model_id`, a row each; whose right has not begun yet is among them, unlike on a lane.

    What was added or deleted since is told by the ids, so that only what is new is opened. Threads may share it.
    """

    def __init__(self, keyring: Keyring, model_id: str) -> None:
        self.model_id = model_id
        self._keyring = keyring
        self._lock = threading.Lock()
        self._version: int | None = None
        self._rows: dict[TemplateKey, int] = {}
        self._owners: list[str | None] = []
        self._matrix = np.zeros((0, 0), np.float32)

    def follow(self, session: Session) -> None:
        """Bring it up to what the session sees."""
        with self._lock:
            self._follow(session)

    def nearest(self, session: Session, embedding: Embedding, besides: str) -> tuple[str, float] | None:
        """The most alike of everybody but the resident `besides`, by id, and the cosine; None where nobody is there.

        It is what the session sees that is searched.

        Raises:
            ModelIncompatible: `gallery.other_model`, the embedding has another size than the templates.
            ValueError: the embedding is not of unit length.
        """
        if not is_unit(embedding):
            raise ValueError("an embedding to compare has unit length")
        with self._lock:
            self._follow(session)
            return self._nearest(embedding, besides)

    def _nearest(self, embedding: Embedding, besides: str) -> tuple[str, float] | None:
        others = [row for row, owner in enumerate(self._owners) if owner not in {None, besides}]
        if not others:
            return None
        size = self._matrix.shape[1]
        if embedding.shape != (size,):
            raise ModelIncompatible("gallery.other_model", model=self.model_id, size=embedding.size, needed=size)
        scores = (self._matrix[: len(self._owners)] @ embedding)[others]
        best = int(scores.argmax())
        return str(self._owners[others[best]]), min(1.0, max(-1.0, float(scores[best])))

    def _follow(self, session: Session) -> None:
        version = version_in(session)
        if version == self._version:
            return
        stored = select(TemplateRow.id, TemplateRow.resident_id).where(TemplateRow.model_id == self.model_id)
        keys: dict[TemplateKey, None] = {(row[0], row[1]): None for row in session.execute(stored)}
        for key in [key for key in self._rows if key not in keys]:
            row = self._rows.pop(key)
            self._owners[row], self._matrix[row] = None, 0
        unknown = [key for key in keys if key not in self._rows]
        size = self._matrix.shape[1] or None
        opened = open_templates(session, self._keyring, self.model_id, unknown, size)
        self._add(list(opened), list(opened.values()))
        self._version = version

    def _add(self, keys: Sequence[TemplateKey], embeddings: Sequence[Embedding]) -> None:
        if not keys:
            return
        first, needed = len(self._owners), len(self._owners) + len(keys)
        if needed > len(self._matrix):
            grown = np.zeros((2 * needed + ROOM, embeddings[0].size), np.float32)
            grown[:first] = self._matrix[:first] if first else 0
            self._matrix = grown
        self._matrix[first:needed] = np.stack(embeddings)
        for row, key in enumerate(keys, first):
            self._rows[key] = row
            self._owners.append(key[1])
