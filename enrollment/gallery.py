"""Everybody who may be recognised, as immutable snapshots that many threads can search without a lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from enrollment.candidate import Candidate, Subject
from enrollment.database import reading
from enrollment.keyring import Keyring
from enrollment.shelf import Shelf
from enrollment.subjects import resident_subjects, vehicle_subjects
from enrollment.tables import RegisterVersionRow, TemplateRow, VehicleRow
from enrollment.template import BATCH, TemplateKey, is_unit, open_templates
from models.errors import ModelIncompatible
from models.plate.grammar import normalise
from models.sighting import Embedding, PlateColour

log = structlog.get_logger("enrollment")

Indices: TypeAlias = NDArray[np.intp]

MOSTLY = 0.75
"""Where less than this share of the rows is anybody's, the rest is cleared away."""

GONE = -1
"""The owner of a row whose template was taken away."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Who is searched on a lane: rows of the matrix, None for all, whose each is, and how many there are."""

    rows: Indices | None
    owners: Indices
    templates: int


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The faces of one model, searched exactly.

    `matrix` is n x d float32, a template of unit length a row; `owners` says whose each is, as an index into
    `subjects`, or `GONE`, and `ids` are the templates' own where they come from the register. The rows stand on a
    shelf that galleries which follow each other share: what changes from one to the next is added and wiped there.
    `unreadable` counts templates that did not open with the key, `other_models` those that another model made,
    `version` is the register's when this was loaded.
    """

    model_id: str
    shelf: Shelf
    matrix: NDArray[np.float32]
    owners: Indices
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
        shelf = Shelf.of([template for _, templates in kept for template in templates])
        owners = np.repeat(np.arange(len(kept)), np.array([len(templates) for _, templates in kept], np.intp))
        return cls._on(shelf, model_id, owners, subjects, tuple(ids), version, unreadable, other_models)

    @classmethod
    def _on(
        cls,
        shelf: Shelf,
        model_id: str,
        owners: Indices,
        subjects: tuple[Subject, ...],
        ids: tuple[str, ...],
        version: int,
        unreadable: int,
        other_models: int,
    ) -> Self:
        everywhere, by_lane = _reach(subjects, owners)
        matrix = shelf.read(len(owners))
        return cls(
            model_id, shelf, matrix, owners, subjects, everywhere, by_lane, version, unreadable, other_models, ids
        )

    def followed(
        self,
        people: Mapping[str, Subject],
        gone: Sequence[int],
        new: Sequence[tuple[str, str, Embedding]],
        version: int,
        unreadable: int,
        other_models: int,
    ) -> Self:
        """The gallery after a change: `people` by id as they are now, without the rows `gone`, and with what is `new`.

        That is template ids, resident ids and embeddings. This one goes on as it was, but for what is gone.
        """
        wiped = np.array(gone, np.intp)
        owners = self.owners.copy()
        owners[wiped] = GONE
        left = np.flatnonzero(owners != GONE)
        staying = np.unique(owners[left])
        order = dict.fromkeys([*(self.subjects[place].id for place in staying.tolist()), *(who for _, who, _ in new)])
        place_of = {who: place for place, who in enumerate(order)}
        places = np.full(len(self.subjects) + 1, GONE, np.intp)  # the last is for whose owner is `GONE`
        places[staying] = np.arange(len(staying))
        owners, ids = places[owners], self.ids
        templates, shelf = [embedding for _, _, embedding in new], self.shelf
        if len(left) < MOSTLY * len(owners) or not shelf.add(len(owners), templates):
            shelf = shelf.without_gaps(left, templates)
            owners, ids = owners[left], tuple(ids[row] for row in left.tolist())
        self.shelf.wipe(wiped)
        owners = np.concatenate([owners, np.array([place_of[who] for _, who, _ in new], np.intp)])
        subjects = tuple(people[who] for who in order)
        ids = (*ids, *(id_ for id_, _, _ in new))
        return self._on(shelf, self.model_id, owners, subjects, ids, version, unreadable, other_models)

    def by_person(self) -> tuple[NDArray[np.float32], Indices]:
        """The templates with those of one person together, in the order of `subjects`, and the first row of each."""
        order = np.argsort(self.owners, kind="stable")
        order = order[self.owners[order] != GONE]
        tidy = np.array_equal(order, np.arange(len(self.owners)))
        starts = np.searchsorted(self.owners[order], np.arange(len(self.subjects)))
        return self.matrix if tidy else self.matrix[order], starts

    def held(self) -> dict[TemplateKey, int]:
        """The row of each template that came from the register."""
        subjects = self.subjects
        return {
            (id_, subjects[owner].id): row
            for row, (id_, owner) in enumerate(zip(self.ids, self.owners.tolist(), strict=False))
            if owner != GONE
        }

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
        if reach.rows is not None:
            scores = scores[reach.rows]
        best = int(scores.argmax())
        owner, score = reach.owners[best], _cosine(scores[best])
        scores[reach.owners == owner] = -1.0
        return Candidate(self.subjects[owner], score, _cosine(scores.max()), reach.templates)

    def _scores(self, embedding: Embedding) -> NDArray[np.float32]:
        """The cosine of each row, in an array of its own.

        One pass over the matrix, which the memory's bandwidth bounds; what comes after it is kept to what is needed.
        """
        size = self.matrix.shape[1]
        if embedding.shape != (size,):
            raise ModelIncompatible("gallery.other_model", model=self.model_id, size=embedding.size, needed=size)
        if not is_unit(embedding):
            raise ValueError("an embedding to search for has unit length")
        scores: NDArray[np.float32] = self.matrix @ embedding
        return scores


def _cosine(score: np.float32) -> float:
    """Without what rounding adds to the product of two equal vectors."""
    return min(1.0, max(-1.0, float(score)))


def _reach(subjects: Sequence[Subject], owners: Indices) -> tuple[Reach, Mapping[str, Reach]]:
    """Who is searched on a lane that nobody's rights name, and who on each lane that they do name."""
    named = {lane for subject in subjects for lane in subject.lanes or ()}
    return _searched(subjects, owners, None), {lane: _searched(subjects, owners, lane) for lane in named}


def _searched(subjects: Sequence[Subject], owners: Indices, lane: str | None) -> Reach:
    found = [who.blocked or who.lanes is None or lane in who.lanes for who in subjects]
    rows = np.flatnonzero(np.array([*found, False], bool)[owners])  # the last is whose owner is `GONE`
    return Reach(None if len(rows) == len(owners) else rows, owners[rows], len(rows))


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

    Templates that `before` holds already stay where they are instead of being opened again: after one person was added
    or removed among 10,000 nothing is copied, and whoever searches `before` is not disturbed.
    """
    with reading(engine) as session:
        return gallery_in(session, keyring, model_id, before)


def gallery_in(session: Session, keyring: Keyring, model_id: str, before: Gallery | None = None) -> Gallery:
    """The same, as one session sees the register."""
    subjects = resident_subjects(session)
    known = before.held() if before is not None and before.model_id == model_id else {}
    stored = select(TemplateRow.id, TemplateRow.resident_id).where(TemplateRow.model_id == model_id)
    if not known:
        stored = stored.order_by(TemplateRow.resident_id, TemplateRow.id)
    keys = dict.fromkeys((id_, resident_id) for id_, resident_id in _rows(session, stored))
    unknown = [key for key in keys if key not in known]
    size = before.matrix.shape[1] if before is not None and known else None
    opened = open_templates(session, keyring, model_id, unknown, size)
    others = session.scalar(select(func.count()).select_from(TemplateRow).where(TemplateRow.model_id != model_id)) or 0
    spoilt = [id_ for id_, resident_id in unknown if (id_, resident_id) not in opened]
    if spoilt:
        log.error("gallery.templates_unreadable", count=len(spoilt), templates=spoilt[:20])
    version = version_in(session)
    if before is not None and known:
        gone = [row for key, row in known.items() if key not in keys or key[1] not in subjects]
        new = [(id_, owner, face) for (id_, owner), face in opened.items() if owner in subjects]
        return before.followed(subjects, gone, new, version, len(spoilt), others)
    templates: dict[str, list[tuple[str, Embedding]]] = defaultdict(list)
    for (id_, resident_id), embedding in opened.items():
        templates[resident_id].append((id_, embedding))
    people = [(subject, [face for _, face in templates[id_]]) for id_, subject in subjects.items()]
    ids = [template for id_ in subjects for template, _ in templates[id_]]
    return Gallery.of(model_id, people, version, len(spoilt), others, ids)


def _rows(session: Session, statement: Select[Any, Any] | Select[Any, Any, Any]) -> Iterator[Any]:
    """The rows of a statement, fetched a few at a time: fetching holds up every other thread of the process."""
    return iter(session.execute(statement, execution_options={"yield_per": BATCH}))


def load_plate_book(engine: Engine) -> PlateBook:
    """The plates of all living vehicles."""
    with reading(engine) as session:
        subjects = vehicle_subjects(session)
        columns = (VehicleRow.id, VehicleRow.plate, VehicleRow.colour)
        rows = session.execute(select(*columns).where(VehicleRow.ended_at.is_(None)))
        vehicles = [row for row in rows if row.id in subjects]
        colours = {str(row.plate): PlateColour(row.colour) for row in vehicles if row.colour}
        return PlateBook({str(row.plate): subjects[row.id] for row in vehicles}, version_in(session), colours)


def register_version(engine: Engine) -> int:
    """Grows with every change of the register, in whichever process; one row by its key."""
    with reading(engine) as session:
        return version_in(session)


def version_in(session: Session) -> int:
    """The register's version as one session sees it."""
    return session.scalars(select(RegisterVersionRow.version)).one()
