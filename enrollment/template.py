"""A face as it is stored: an embedding sealed for one row, one person and one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enrollment.errors import KeyUnusable
from enrollment.keyring import Keyring
from enrollment.tables import CredentialRow, TemplateRow
from models.sighting import Embedding

TemplateKey: TypeAlias = tuple[str, str]
"""A template's id and its resident's: a row that was moved to somebody else is another one, and does not open."""

BATCH = 500
"""Rows that are fetched at once; SQLite takes 999 values at least."""

UNIT_TOLERANCE = 1e-2
"""How far from 1 the length of an embedding may be; beyond it a dot product is no cosine."""


def is_unit(embedding: Embedding) -> bool:
    """Whether it is one-dimensional, finite and of unit length."""
    return embedding.ndim == 1 and abs(float(np.linalg.norm(embedding)) - 1) <= UNIT_TOLERANCE


def seal_template(keyring: Keyring, embedding: Embedding, id_: str, resident_id: str, model_id: str) -> bytes:
    """The embedding as little-endian float32, sealed so that in another row, person or model it does not open."""
    return keyring.seal(embedding.astype("<f4").tobytes(), _context(id_, resident_id, model_id))


def open_template(keyring: Keyring, sealed: bytes, id_: str, resident_id: str, model_id: str) -> Embedding | None:
    """The embedding (float32, unit length), None where the bytes do not open or are no embedding."""
    try:
        plain = keyring.open_sealed(sealed, _context(id_, resident_id, model_id))
    except KeyUnusable:
        return None
    if len(plain) % 4:
        return None
    embedding = np.frombuffer(plain, "<f4").astype(np.float32, copy=False)
    return embedding if is_unit(embedding) else None


def open_templates(
    session: Session, keyring: Keyring, model_id: str, keys: Sequence[TemplateKey], size: int | None
) -> dict[TemplateKey, Embedding]:
    """Those of the stored templates that open, all of one size."""
    opened: dict[TemplateKey, Embedding] = {}
    for batch in (keys[start : start + BATCH] for start in range(0, len(keys), BATCH)):
        ids = [id_ for id_, _ in batch]
        found = session.execute(select(TemplateRow.id, TemplateRow.sealed).where(TemplateRow.id.in_(ids)))
        sealed = {row.id: row.sealed for row in found}
        for key in batch:
            embedding = open_template(keyring, sealed.get(key[0], b""), *key, model_id)
            if embedding is not None and size in {None, embedding.size}:
                opened[key], size = embedding, embedding.size
    return opened


def keys_in_use(session: Session) -> frozenset[str]:
    """The ids of the keys that templates and credentials are made with: one, unless a key was swapped by hand."""
    found = (session.scalars(select(table.key_id).distinct()) for table in (TemplateRow, CredentialRow))
    return frozenset(key for keys in found for key in keys if key is not None)


def models_in_use(session: Session) -> Mapping[str, int]:
    """How many stored templates each model made, by its id: the one with the most first, then the one used last."""
    count = func.count()
    made = select(TemplateRow.model_id, count).group_by(TemplateRow.model_id)
    return {
        row[0]: row[1] for row in session.execute(made.order_by(count.desc(), func.max(TemplateRow.created_at).desc()))
    }


def people_in_use(session: Session) -> int:
    """How many residents have stored templates, whichever model made them."""
    return session.scalar(select(func.count(TemplateRow.resident_id.distinct()))) or 0


def unknown_to(session: Session, model_id: str) -> int:
    """How many residents have stored templates and none that this model made: it cannot recognise them."""
    known = select(TemplateRow.resident_id).where(TemplateRow.model_id == model_id)
    others = select(func.count(TemplateRow.resident_id.distinct())).where(TemplateRow.resident_id.not_in(known))
    return session.scalar(others) or 0


def _context(id_: str, resident_id: str, model_id: str) -> bytes:
    return f"template:{id_}:{resident_id}:{model_id}".encode()
