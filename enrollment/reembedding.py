"""Another embedding model: new templates from the photos that may be kept, and who has to come for a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session

from enrollment import directory
from enrollment.change import Changes, needed_resident
from enrollment.database import purge, reading
from enrollment.entry import Resident
from enrollment.erasure import PERSONAL
from enrollment.errors import EntryRefused, KeyUnusable, PhotoRefused
from enrollment.faces import FacePhoto, Faces
from enrollment.tables import PhotoRow, ResidentRow, TemplateRow
from models.sighting import FaceSighting

Embed: TypeAlias = Callable[[bytes], FaceSighting]
"""The embedded face of a JPEG. Raises `PhotoRefused` for a photo that the new model cannot go by."""


@dataclass(frozen=True, slots=True)
class Reembedded:
    """How many residents the new model knows now, and who has to come for a new photo."""

    residents: int
    must_come: tuple[Resident, ...]


class Reembedding:
    """Carries residents over to another model, one transaction each: cut off, it goes on where it stopped."""

    def __init__(self, changes: Changes, faces: Faces) -> None:
        self._changes = changes
        self._faces = faces

    def run(self, model_id: str, embed: Embed, actor: str) -> Reembedded:
        """Embed the kept photos of everybody whom the model does not know, and delete the templates of other models."""
        done = 0
        for resident_id in self._unknown_to(model_id):
            faces = [face for jpeg in self.photos(resident_id) if (face := _embedded(embed, jpeg)) is not None]
            done += bool(faces) and self._carry_over(resident_id, model_id, faces, actor)
        if done:
            purge(self._changes.engine, PERSONAL)
        with reading(self._changes.engine) as session:
            left = directory.residents(session, _without(model_id))
        return Reembedded(done, left)

    def has_photo(self, resident_id: str) -> bool:
        """Whether a resident's photo is kept."""
        with reading(self._changes.engine) as session:
            kept = select(PhotoRow.id).where(PhotoRow.resident_id == resident_id).limit(1)
            return session.scalar(kept) is not None

    def photos(self, resident_id: str) -> tuple[bytes, ...]:
        """A resident's kept photos as JPEG; one that does not open is left out."""
        with reading(self._changes.engine) as session:
            resident = session.get(ResidentRow, resident_id)
            if resident is None or resident.own_key is None:
                return ()
            key = self._changes.opened(resident)
            rows = session.scalars(select(PhotoRow).where(PhotoRow.resident_id == resident_id).order_by(PhotoRow.id))
            opened = []
            for row in rows:
                try:
                    opened.append(key.open_sealed(row.sealed, f"photo:{row.id}".encode()))
                except KeyUnusable:
                    continue
            return tuple(opened)

    def _unknown_to(self, model_id: str) -> tuple[str, ...]:
        with reading(self._changes.engine) as session:
            rows = session.scalars(select(ResidentRow.id).where(ResidentRow.ended_at.is_(None), _without(model_id)))
            return tuple(rows)

    def _carry_over(self, resident_id: str, model_id: str, faces: list[FaceSighting], actor: str) -> bool:
        """Whether the consent still holds, and the resident is known to the model now."""
        try:
            with self._changes.edit(resident_id, "face_reembedded", actor) as edit:
                session, row = edit.session, needed_resident(edit.session, resident_id)
                for face in faces:
                    # Whoever looks like somebody was decided about when they were enrolled.
                    self._faces.add(session, row, FacePhoto(face, model_id, allow_similar=True))
                _drop_others(session, resident_id, model_id)
                edit.facts.update({"model": model_id, "templates": len(faces)})
        except EntryRefused:
            return False
        return True


def _without(model_id: str) -> ColumnElement[bool]:
    """The residents with a template or a photo, and no template of the model."""
    own = exists().where(TemplateRow.resident_id == ResidentRow.id)
    photo = exists().where(PhotoRow.resident_id == ResidentRow.id)
    known = exists().where(TemplateRow.resident_id == ResidentRow.id, TemplateRow.model_id == model_id)
    return (own | photo) & ~known


def _drop_others(session: Session, resident_id: str, model_id: str) -> None:
    session.execute(delete(TemplateRow).where(TemplateRow.resident_id == resident_id, TemplateRow.model_id != model_id))


def _embedded(embed: Embed, jpeg: bytes) -> FaceSighting | None:
    try:
        return embed(jpeg)
    except PhotoRefused:
        return None
