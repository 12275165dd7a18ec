"""Faces of residents: a template under a living consent, and the picture of it where that is agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from enrollment.act import FactValue
from enrollment.change import Changes, needed_resident
from enrollment.consent import needs_face_consent
from enrollment.database import reading
from enrollment.errors import EntryRefused
from enrollment.likeness import Likenesses
from enrollment.tables import PhotoRow, ResidentRow, TemplateRow
from enrollment.template import is_unit, open_template, seal_template
from models.catalog import catalog
from models.sighting import Embedding, FaceSighting

SIMILAR = 0.55
"""Cosine from which a new face is taken for somebody enrolled already, for a model that the catalogue does not know."""


@dataclass(frozen=True, slots=True)
class FacePhoto:
    """A judged face with its embedding by `model_id`, and the cut-out picture of it as JPEG, for whoever may keep it.

    `allow_similar` says that a person has looked at both faces and decided that they are two people's (twins);
    `apart_from` holds the ids of those whom the face was told apart from, where it was looked at beside each of them.
    """

    face: FaceSighting
    model_id: str
    jpeg: bytes | None = None
    allow_similar: bool = False
    apart_from: frozenset[str] = frozenset()


class Decision(StrEnum):
    """What a person decided who saw two very similar faces side by side."""

    SAME = "same"
    DIFFERENT = "different"
    CANCELLED = "cancelled"


class Faces:
    """Adds templates, and knows all of them for telling whether a face is somebody's already."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._likenesses: Likenesses | None = None

    def warm(self, photo: FacePhoto) -> None:
        """Open all templates before the write lock is taken, so that it is held only briefly."""
        _embedding(photo.face)
        with reading(self._changes.engine) as session:
            self._likenesses_of(photo.model_id).follow(session)

    def forget(self) -> None:
        """Keep no erased face in memory."""
        self._likenesses = None

    def note_decision(self, resident_id: str, other_id: str, score: str, decision: Decision, actor: str) -> None:
        """Record what was decided about a face that was not kept. Raises `NotEnrolled`: either was erased meanwhile."""
        with self._changes.edit(resident_id, "likeness_decided", actor) as edit:
            needed_resident(edit.session, other_id)
            edit.facts.update({"decision": str(decision), "beside": other_id, "likeness": score})

    def add(self, session: Session, row: ResidentRow, photo: FacePhoto) -> dict[str, FactValue]:
        """A template of that face, and the photo where the consent allows keeping it; the facts for the record.

        Raises:
            EntryRefused: `consent.face_needed`, `register.face_already_enrolled`.
        """
        consent = needs_face_consent(session, row.id, self._changes.now())
        embedding, model_id, id_ = _embedding(photo.face), photo.model_id, self._changes.make_id()
        keyring = self._changes.keyring
        facts = self._likeness(session, embedding, photo, row.id)
        session.add(
            TemplateRow(
                id=id_,
                resident_id=row.id,
                model_id=model_id,
                key_id=keyring.id,
                sealed=seal_template(keyring, embedding, id_, row.id, model_id),
                quality=photo.face.quality.score,
                created_at=self._changes.now(),
            )
        )
        if photo.jpeg is not None and consent.keep_photo:
            sealed = self._changes.own_keyring(session, row).seal(photo.jpeg, f"photo:{id_}".encode())
            session.add(PhotoRow(id=id_, resident_id=row.id, sealed=sealed, created_at=self._changes.now()))
        session.flush()
        return {"model": model_id, "consent": consent.id, **facts}

    def likeness_to_own(self, session: Session, resident_id: str, photo: FacePhoto) -> list[float]:
        """The cosine of a face to each template of that model that the resident has."""
        rows = session.scalars(
            select(TemplateRow).where(TemplateRow.resident_id == resident_id, TemplateRow.model_id == photo.model_id)
        )
        keyring, embedding = self._changes.keyring, _embedding(photo.face)
        opened = (open_template(keyring, row.sealed, row.id, resident_id, photo.model_id) for row in rows)
        return [float(embedding @ template) for template in opened if template is not None]

    def _likenesses_of(self, model_id: str) -> Likenesses:
        known = self._likenesses
        if known is None or known.model_id != model_id:
            known = self._likenesses = Likenesses(self._changes.keyring, model_id)
        return known

    def _likeness(self, session: Session, embedding: Embedding, photo: FacePhoto, besides: str) -> dict[str, FactValue]:
        """Refuse a face like somebody else's; where a person has allowed it, the facts of that decision."""
        told_apart: dict[str, FactValue] = {"told_apart_from": sorted(photo.apart_from)} if photo.apart_from else {}
        nearest = self._likenesses_of(photo.model_id).nearest(session, embedding, {besides, *photo.apart_from})
        if nearest is None or nearest[1] < similar(photo.model_id):
            return told_apart
        who, score = nearest
        if not photo.allow_similar:
            raise EntryRefused("register.face_already_enrolled", person=who, score=f"{score:.2f}")
        return {"allowed_beside": who, "likeness": f"{score:.2f}", **told_apart}


def similar(model_id: str) -> float:
    """The cosine from which two faces of that model are taken for one person's.

    A false alarm costs the enroller one look, a miss lets one person be two: with `mobilefacenet` at 0.55 on 3,000
    people of LFW, 78 % of the second photos of a person reach it, and 11 of 4.5 million pairs of different people, 8 of
    which reach 0.65 too and look mislabelled. Strangers from one region score higher than these.
    """
    model = catalog().by_id(model_id)
    return model.thresholds.similar if model and model.thresholds else SIMILAR


def _embedding(face: FaceSighting) -> Embedding:
    if face.embedding is None or not is_unit(face.embedding):
        raise ValueError("a face is enrolled with its embedding, of unit length")
    return face.embedding
