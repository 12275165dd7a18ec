"""Everybody who may be recognised, as immutable snapshots that many threads can search without a lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeAlias

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from enrollment.candidate import Candidate, Subject, SubjectKind
from enrollment.database import reading
from enrollment.keyring import Keyring
from enrollment.tables import RegisterVersionRow, ResidentRow, RightRow, TemplateRow, VehicleRow
from enrollment.template import is_unit, open_template
from models.errors import ModelIncompatible
from models.plate.grammar import normalise
from models.sighting import Embedding, PlateColour

log = structlog.get_logger("enrollment")

Indices: TypeAlias = NDArray[np.intp]

BATCH = 500
"""Templates that are fetched with one query, or copied at once; SQLite takes 999 values at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Who is searched on a lane: indices into the subjects, None for all of them, and how many templates they have."""

    subjects: Indices | None
    templates: int


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The faces of one model, searched exactly.

    `matrix` is n x d float32, a template of unit length a row, the rows of one person together; it lies column by
    column in memory, where it is searched in half the time (512 numbers, OpenBLAS). `starts` is the first
    row of each of `subjects`, `ids` are the templates' own where they come from the register. `unreadable` counts
    templates that did not open with the key, `other_models` those that another model made, `version` is the register's
    when this was loaded.
    """

    model_id: str
    matrix: NDArray[np.float32]
    starts: Indices
    subjects: tuple[Subject, ...]
    everywhere: Reach
    by_lane: Mapping[str, Reach]
    version: int = 0
    unreadable: int = 0
    other_models: int = 0
    ids: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        model_id: str,
        people: Iterable[tuple[Subject, Sequence[Embedding]]],
        version: int = 0,
        unreadable: int = 0,
        other_models: int = 0,
        ids: Sequence[str] = (),
    ) -> Self:
        """A gallery of people with their templates, one person once; people without a template are left out.

        `ids` are the templates' ids in the order of the people and their templates.
        """
        kept = [(subject, templates) for subject, templates in people if len(templates)]
        subjects = tuple(subject for subject, _ in kept)
        rows = [template for _, templates in kept for template in templates]
        columns = _columns(rows)
        counts = np.array([len(templates) for _, templates in kept], np.intp)
        everywhere, by_lane = _reach(subjects, counts)
        starts = np.cumsum(counts) - counts
        known = tuple(ids)
        return cls(model_id, columns.T, starts, subjects, everywhere, by_lane, version, unreadable, other_models, known)

    @property
    def owners(self) -> Indices:
        """Of each row, the index of the subject whose template it is."""
        counts = np.diff(np.append(self.starts, len(self.matrix)))
        return np.repeat(np.arange(len(self.subjects)), counts)

    def search(self, embedding: Embedding, lane: str) -> Candidate | None:
        """Who of the people with a right on `lane`, and of all the blocked, looks most like it; None for nobody.

        A person counts with the best of their templates; `runner_up` is the best of anybody else among the same people.

        Raises:
            ModelIncompatible: `gallery.other_model`, the embedding has another size than the templates.
            ValueError: the embedding is not of unit length.
        """
        reach = self.by_lane.get(lane, self.everywhere)
        if not reach.templates:
            return None
        scores = self._scores(embedding)
        if reach.subjects is not None:
            scores = scores[reach.subjects]
        best = int(scores.argmax())
        found = self.subjects[best if reach.subjects is None else reach.subjects[best]]
        score = _cosine(scores[best])
        scores[best] = -1.0
        return Candidate(found, score, _cosine(scores.max()), reach.templates)

    def nearest(self, embedding: Embedding, besides: str | None = None) -> tuple[Subject, float] | None:
        """The most alike of all people but the one with the id `besides`, and the cosine. Raises like `search`."""
        others = [index for index, subject in enumerate(self.subjects) if subject.id != besides]
        if not others:
            return None
        scores = self._scores(embedding)
        best = max(others, key=scores.__getitem__)
        return self.subjects[best], _cosine(scores[best])

    def _scores(self, embedding: Embedding) -> NDArray[np.float32]:
        """The best cosine of each subject, in an array of its own.

        One pass over the matrix, which the memory's bandwidth bounds; what comes after it is kept to what is needed.
        """
        size = self.matrix.shape[1]
        if embedding.shape != (size,):
            raise ModelIncompatible("gallery.other_model", model=self.model_id, size=embedding.size, needed=size)
        if not is_unit(embedding):
            raise ValueError("an embedding to search for has unit length")
        scores: NDArray[np.float32] = self.matrix @ embedding
        return scores if len(self.starts) == len(scores) else np.maximum.reduceat(scores, self.starts)


def _cosine(score: np.float32) -> float:
    """Without what rounding adds to the product of two equal vectors."""
    return min(1.0, max(-1.0, float(score)))


def _columns(rows: Sequence[Embedding]) -> NDArray[np.float32]:
    """The rows as columns, copied a few at a time: the copying holds up every other thread of the process."""
    columns = np.empty((rows[0].size if rows else 0, len(rows)), np.float32)
    for start in range(0, len(rows), BATCH):
        columns[:, start : start + BATCH] = np.stack(rows[start : start + BATCH], axis=1)
    columns.setflags(write=False)
    return columns


def _reach(subjects: Sequence[Subject], counts: Indices) -> tuple[Reach, Mapping[str, Reach]]:
    """Who is searched on a lane that nobody's rights name, and who on each lane that they do name."""
    named = {lane for subject in subjects for lane in subject.lanes or ()}
    return _searched(subjects, counts, None), {lane: _searched(subjects, counts, lane) for lane in named}


def _searched(subjects: Sequence[Subject], counts: Indices, lane: str | None) -> Reach:
    found = [i for i, who in enumerate(subjects) if who.blocked or who.lanes is None or lane in who.lanes]
    indices = np.array(found, np.intp)
    return Reach(None if len(found) == len(subjects) else indices, int(counts[indices].sum()))


@dataclass(frozen=True, slots=True)
class PlateBook:
    """Every enrolled vehicle by its plate, and the colour of the plate where the register has one.

    `version` is the register's when this was loaded.
    """

    vehicles: Mapping[str, Subject]
    version: int = 0
    colours: Mapping[str, PlateColour] = field(default_factory=dict)

    def find(self, plate: str) -> Subject | None:
        """The vehicle with exactly this plate, however it is spaced and cased."""
        return self.vehicles.get(normalise(plate))


def load_gallery(engine: Engine, keyring: Keyring, model_id: str, before: Gallery | None = None) -> Gallery:
    """The faces of all living residents that `model_id` made. A template that does not open is counted and left out.

    Templates that `before` holds already are copied from there instead of opened again: after one person was added or
    removed among 10,000, that is the difference between a few hundredths of a second and most of one. `before` itself
    stays as it is, and whoever searches it is not disturbed.
    """
    with reading(engine) as session:
        return gallery_in(session, keyring, model_id, before)


def gallery_in(session: Session, keyring: Keyring, model_id: str, before: Gallery | None = None) -> Gallery:
    """The same, as one session sees the register."""
    residents = session.execute(
        select(ResidentRow.id, ResidentRow.household_id, ResidentRow.blocked).where(ResidentRow.ended_at.is_(None))
    )
    subjects = _subjects(session, SubjectKind.RESIDENT, [(row.id, row.household_id, row.blocked) for row in residents])
    opened, spoilt = _open_all(session, keyring, model_id, before)
    others = session.scalar(select(func.count()).select_from(TemplateRow).where(TemplateRow.model_id != model_id)) or 0
    if spoilt:
        log.error("gallery.templates_unreadable", count=len(spoilt), templates=spoilt[:20])
    templates: dict[str, list[tuple[str, Embedding]]] = defaultdict(list)
    for (id_, resident_id), embedding in opened.items():
        templates[resident_id].append((id_, embedding))
    people = [(subject, [face for _, face in templates[id_]]) for id_, subject in subjects.items()]
    ids = [template for id_ in subjects for template, _ in templates[id_]]
    return Gallery.of(model_id, people, version_in(session), len(spoilt), others, ids)


TemplateKey: TypeAlias = tuple[str, str]
"""A template's id and its resident's: a row that was moved to somebody else is another one, and does not open."""


def _open_all(
    session: Session, keyring: Keyring, model_id: str, before: Gallery | None
) -> tuple[dict[TemplateKey, Embedding], list[str]]:
    """Every template of the model that opens, by resident and id, and the ids of those that do not."""
    known = _held(before) if before is not None and before.model_id == model_id else {}
    stored = select(TemplateRow.id, TemplateRow.resident_id).where(TemplateRow.model_id == model_id)
    keys = [
        (row.id, row.resident_id) for row in session.execute(stored.order_by(TemplateRow.resident_id, TemplateRow.id))
    ]
    sealed: dict[str, bytes] = {}
    unknown = [id_ for id_, resident_id in keys if (id_, resident_id) not in known]
    for batch in (unknown[start : start + BATCH] for start in range(0, len(unknown), BATCH)):
        found = session.execute(select(TemplateRow.id, TemplateRow.sealed).where(TemplateRow.id.in_(batch)))
        sealed |= {row.id: row.sealed for row in found}
    opened: dict[TemplateKey, Embedding] = {}
    size = next((face.size for face in known.values()), None)
    for key in keys:
        embedding = known.get(key)
        if embedding is None:
            embedding = open_template(keyring, sealed.get(key[0], b""), *key, model_id)
        if embedding is not None and size in {None, embedding.size}:
            opened[key], size = embedding, embedding.size
    return opened, [id_ for id_, resident_id in keys if (id_, resident_id) not in opened]


def _held(gallery: Gallery) -> dict[TemplateKey, Embedding]:
    owners = (gallery.subjects[index].id for index in gallery.owners.tolist())
    return dict(zip(zip(gallery.ids, owners, strict=False), gallery.matrix, strict=False))


def load_plate_book(engine: Engine) -> PlateBook:
    """The plates of all living vehicles."""
    with reading(engine) as session:
        columns = (VehicleRow.id, VehicleRow.household_id, VehicleRow.blocked, VehicleRow.plate, VehicleRow.colour)
        vehicles = session.execute(select(*columns).where(VehicleRow.ended_at.is_(None))).all()
        subjects = _subjects(
            session, SubjectKind.VEHICLE, [(row.id, row.household_id, row.blocked) for row in vehicles]
        )
        colours = {str(row.plate): PlateColour(row.colour) for row in vehicles if row.colour}
        return PlateBook({str(row.plate): subjects[row.id] for row in vehicles}, version_in(session), colours)


def register_version(engine: Engine) -> int:
    """Grows with every change of the register, in whichever process; one row by its key."""
    with reading(engine) as session:
        return version_in(session)


def version_in(session: Session) -> int:
    """The register's version as one session sees it."""
    return session.scalars(select(RegisterVersionRow.version)).one()


def _subjects(session: Session, kind: SubjectKind, rows: Iterable[tuple[str, str, bool]]) -> dict[str, Subject]:
    rights: dict[str, set[str]] = defaultdict(set)
    for right in session.execute(select(RightRow.subject_id, RightRow.lane)):
        rights[right.subject_id].add(right.lane)
    return {
        id_: Subject(id_, kind, household, blocked, frozenset(rights[id_]) if id_ in rights else None)
        for id_, household, blocked in rows
    }
