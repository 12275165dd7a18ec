"""Everybody who may be recognised, as immutable snapshots that many threads can search without a lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from models.sighting import Embedding

log = structlog.get_logger("enrollment")

Indices: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Who is searched on a lane, as indices into the subjects, and how many templates they have."""

    subjects: Indices
    templates: int


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The faces of one model, searched exactly.

    `matrix` is n x d float32, a template of unit length a row, the rows of one person together; `starts` is the first
    row of each of `subjects`. `unreadable` counts templates that did not open with the key, `other_models` those that
    another model made, `version` is the register's when this was loaded.
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

    @classmethod
    def of(
        cls,
        model_id: str,
        people: Iterable[tuple[Subject, Sequence[Embedding]]],
        version: int = 0,
        unreadable: int = 0,
        other_models: int = 0,
    ) -> Self:
        """A gallery of people with their templates, one person once; people without a template are left out."""
        kept = [(subject, templates) for subject, templates in people if len(templates)]
        subjects = tuple(subject for subject, _ in kept)
        rows = [template for _, templates in kept for template in templates]
        matrix = np.stack(rows).astype(np.float32, copy=False) if rows else np.empty((0, 0), np.float32)
        matrix.setflags(write=False)
        counts = np.array([len(templates) for _, templates in kept], np.intp)
        everywhere, by_lane = _reach(subjects, counts)
        starts = np.cumsum(counts) - counts
        return cls(model_id, matrix, starts, subjects, everywhere, by_lane, version, unreadable, other_models)

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
        scores = self._scores(embedding)[reach.subjects]
        best = int(scores.argmax())
        score = float(scores[best])
        scores[best] = -1.0
        return Candidate(self.subjects[reach.subjects[best]], score, float(scores.max()), reach.templates)

    def nearest(self, embedding: Embedding, besides: str | None = None) -> tuple[Subject, float] | None:
        """The most alike of all people but the one with the id `besides`, and the cosine. Raises like `search`."""
        others = [index for index, subject in enumerate(self.subjects) if subject.id != besides]
        if not others:
            return None
        scores = self._scores(embedding)
        best = max(others, key=scores.__getitem__)
        return self.subjects[best], float(scores[best])

    def _scores(self, embedding: Embedding) -> NDArray[np.float32]:
        """The best cosine of each subject."""
        size = self.matrix.shape[1]
        if embedding.shape != (size,):
            raise ModelIncompatible("gallery.other_model", model=self.model_id, size=embedding.size, needed=size)
        if not is_unit(embedding):
            raise ValueError("an embedding to search for has unit length")
        scores: NDArray[np.float32] = np.maximum.reduceat(self.matrix @ embedding, self.starts)
        return scores.clip(-1.0, 1.0)


def _reach(subjects: Sequence[Subject], counts: Indices) -> tuple[Reach, Mapping[str, Reach]]:
    """Who is searched on a lane that nobody's rights name, and who on each lane that they do name."""
    named = {lane for subject in subjects for lane in subject.lanes or ()}
    return _searched(subjects, counts, None), {lane: _searched(subjects, counts, lane) for lane in named}


def _searched(subjects: Sequence[Subject], counts: Indices, lane: str | None) -> Reach:
    found = [i for i, who in enumerate(subjects) if who.blocked or who.lanes is None or lane in who.lanes]
    indices = np.array(found, np.intp)
    return Reach(indices, int(counts[indices].sum()))


@dataclass(frozen=True, slots=True)
class PlateBook:
    """Every enrolled vehicle by its plate. `version` is the register's when this was loaded."""

    vehicles: Mapping[str, Subject]
    version: int = 0

    def find(self, plate: str) -> Subject | None:
        """The vehicle with exactly this plate, however it is spaced and cased."""
        return self.vehicles.get(normalise(plate))


def load_gallery(engine: Engine, keyring: Keyring, model_id: str) -> Gallery:
    """The faces of all living residents that `model_id` made. A template that does not open is counted and left out."""
    with reading(engine) as session:
        return gallery_in(session, keyring, model_id)


def gallery_in(session: Session, keyring: Keyring, model_id: str) -> Gallery:
    """The same, as one session sees the register."""
    residents = session.execute(
        select(ResidentRow.id, ResidentRow.household_id, ResidentRow.blocked).where(ResidentRow.ended_at.is_(None))
    )
    subjects = _subjects(session, SubjectKind.RESIDENT, [(row.id, row.household_id, row.blocked) for row in residents])
    templates: dict[str, list[Embedding]] = defaultdict(list)
    spoilt = []
    size = None
    for row in session.execute(
        select(TemplateRow.id, TemplateRow.resident_id, TemplateRow.sealed)
        .where(TemplateRow.model_id == model_id)
        .order_by(TemplateRow.resident_id, TemplateRow.id)
    ):
        embedding = open_template(keyring, row.sealed, row.id, row.resident_id, model_id)
        if embedding is None or (size is not None and embedding.size != size):
            spoilt.append(row.id)
            continue
        size = embedding.size
        templates[row.resident_id].append(embedding)
    others = session.scalar(select(func.count()).select_from(TemplateRow).where(TemplateRow.model_id != model_id)) or 0
    if spoilt:
        log.error("gallery.templates_unreadable", count=len(spoilt), templates=spoilt[:20])
    people = [(subject, templates[id_]) for id_, subject in subjects.items()]
    return Gallery.of(model_id, people, version_in(session), len(spoilt), others)


def load_plate_book(engine: Engine) -> PlateBook:
    """The plates of all living vehicles."""
    with reading(engine) as session:
        vehicles = session.execute(
            select(VehicleRow.id, VehicleRow.household_id, VehicleRow.blocked, VehicleRow.plate).where(
                VehicleRow.ended_at.is_(None)
            )
        ).all()
        subjects = _subjects(
            session, SubjectKind.VEHICLE, [(row.id, row.household_id, row.blocked) for row in vehicles]
        )
        return PlateBook({str(row.plate): subjects[row.id] for row in vehicles}, version_in(session))


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
