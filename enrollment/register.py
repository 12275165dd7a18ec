"""Who lives here, which vehicles are theirs, and which lanes they may use: the one place that changes it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from enrollment import directory
from enrollment.act import Act, FactValue, Record
from enrollment.database import purge, reading, writing
from enrollment.entry import Entry, Erasure, Resident, Vehicle
from enrollment.errors import EnrollmentError, EntryRefused, NotEnrolled
from enrollment.gallery import Gallery, gallery_in, version_in
from enrollment.household import HouseholdCode
from enrollment.keyring import Keyring
from enrollment.name import clean_name
from enrollment.tables import HouseholdRow, RegisterVersionRow, ResidentRow, RightRow, TemplateRow, VehicleRow
from enrollment.template import is_unit, seal_template
from models.catalog import catalog
from models.plate.grammar import classify, normalise
from models.sighting import Embedding, FaceSighting, PlateColour

SIMILAR = 0.55
"""Cosine from which a new face is taken for somebody enrolled already, for a model that the catalogue does not know."""

LONGEST_REASON = 200
PERSONAL = ("face_template", "resident", "vehicle")
"""The tables that hold names, plates, faces and reasons."""


def utc_now() -> datetime:
    """The moment, for records."""
    return datetime.now(UTC)


def new_id() -> str:
    """An id that says nothing about whom it names: 32 hex digits, random."""
    return uuid.uuid4().hex


class Register:
    """Adds, finds, blocks and erases. Every change is one transaction with its record and a new register version.

    Each method that changes something raises `StoreBusy` when the database does not take it; nothing was written then.
    `record` is called inside the transaction. One register may serve several threads.
    """

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        record: Record,
        *,
        now: Callable[[], datetime] = utc_now,
        make_id: Callable[[], str] = new_id,
    ) -> None:
        self._engine = engine
        self._keyring = keyring
        self._record = record
        self._now = now
        self._make_id = make_id
        self._gallery: Gallery | None = None

    def add_resident(
        self,
        name: str,
        household: str,
        face: FaceSighting,
        model_id: str,
        actor: str,
        lanes: Iterable[str] | None = None,
        *,
        allow_similar: bool = False,
    ) -> Resident:
        """Enrol a person by an embedded face; `lanes` None is a right on every lane.

        Raises:
            EntryRefused: a name or household code that is none; `register.no_lanes`; `register.face_already_enrolled`
                when the face is very like another person's, unless `allow_similar` (twins).
        """
        kept, code, rights = clean_name(name), HouseholdCode.parse(household), _rights(lanes)
        embedding = _embedding(face)
        self._warm(model_id)
        with writing(self._engine) as session:
            if not allow_similar:
                self._refuse_similar(session, embedding, model_id, None)
            home = self._household(session, code)
            row = ResidentRow(id=self._make_id(), name=kept, household_id=home, created_at=self._now())
            session.add(row)
            session.flush()
            self._add_template(session, row.id, embedding, face.quality.score, model_id)
            self._grant(session, row.id, rights)
            facts: dict[str, FactValue] = {"household": home, "model": model_id, "lanes": rights}
            self._done(session, Act("resident.added", row.id, actor, facts))
            return directory.residents(session, ResidentRow.id == row.id)[0]

    def add_face(
        self, resident_id: str, face: FaceSighting, model_id: str, actor: str, *, allow_similar: bool = False
    ) -> Resident:
        """Give an enrolled person one more template. Raises `NotEnrolled`, and `EntryRefused` like `add_resident`."""
        embedding = _embedding(face)
        self._warm(model_id)
        with writing(self._engine) as session:
            row = _needed(session, resident_id)
            if not isinstance(row, ResidentRow):
                raise NotEnrolled("register.nobody", id=resident_id)
            if not allow_similar:
                self._refuse_similar(session, embedding, model_id, row.id)
            self._add_template(session, row.id, embedding, face.quality.score, model_id)
            self._done(session, Act("resident.face_added", row.id, actor, {"model": model_id}))
            return directory.residents(session, ResidentRow.id == row.id)[0]

    def add_vehicle(
        self,
        plate: str,
        household: str,
        actor: str,
        colour: PlateColour = PlateColour.UNKNOWN,
        lanes: Iterable[str] | None = None,
        blocked_reason: str | None = None,
    ) -> Vehicle:
        """Enrol a vehicle by its plate, blocked from the start with a `blocked_reason`.

        Raises:
            EntryRefused: `register.not_a_plate` where no rule of the grammar fits plate and colour;
                `register.plate_taken`; a household code that is none; `register.no_lanes`; a reason that is none.
        """
        text, code, rights = normalise(plate), HouseholdCode.parse(household), _rights(lanes)
        if classify(text, colour) is None:
            raise EntryRefused("register.not_a_plate", plate=text)
        reason = None if blocked_reason is None else _reason(blocked_reason)
        with writing(self._engine) as session:
            if session.scalars(select(VehicleRow.id).where(VehicleRow.plate == text)).first():
                raise EntryRefused("register.plate_taken", plate=text)
            home = self._household(session, code)
            row = VehicleRow(id=self._make_id(), plate=text, colour=colour, household_id=home, created_at=self._now())
            row.blocked, row.blocked_reason = reason is not None, reason
            session.add(row)
            session.flush()
            self._grant(session, row.id, rights)
            facts: dict[str, FactValue] = {"household": home, "blocked": row.blocked, "lanes": rights}
            self._done(session, Act("vehicle.added", row.id, actor, facts))
            return directory.vehicles(session, VehicleRow.id == row.id)[0]

    def residents(self) -> tuple[Resident, ...]:
        """All living residents, by household and name."""
        with reading(self._engine) as session:
            return directory.residents(session)

    def vehicles(self) -> tuple[Vehicle, ...]:
        """All living vehicles, by household and plate."""
        with reading(self._engine) as session:
            return directory.vehicles(session)

    def find(self, subject_id: str) -> Entry | None:
        """The living entry with this id; None where nobody has it or its subject was erased."""
        with reading(self._engine) as session:
            row = directory.living(session, subject_id)
            return directory.entry(session, row) if row else None

    def find_plate(self, plate: str) -> Vehicle | None:
        """The living vehicle with exactly this plate."""
        with reading(self._engine) as session:
            return next(iter(directory.vehicles(session, VehicleRow.plate == normalise(plate))), None)

    def block(self, subject_id: str, reason: str, actor: str) -> Entry:
        """Let a person or vehicle through no lane any more; the `reason` is for staff and stays out of the record.

        Raises:
            NotEnrolled: nobody has that id.
            EntryRefused: `register.reason_needed`, `register.reason_long`.
        """
        kept = _reason(reason)
        return self._set_blocked(subject_id, kept, "blocked", actor)

    def unblock(self, subject_id: str, actor: str) -> Entry:
        """Take the block away. Raises `NotEnrolled`."""
        return self._set_blocked(subject_id, None, "unblocked", actor)

    def remove(self, subject_id: str, actor: str) -> Erasure:
        """Erase a person or vehicle: name or plate, faces, rights, household and block go, the opaque id stays.

        The bytes go from the file and its log too (`database.purge`).

        Raises:
            NotEnrolled: nobody has that id.
            EnrollmentError: `register.not_erased`, something of the subject is still stored.
        """
        with writing(self._engine) as session:
            row = _needed(session, subject_id)
            faces = session.scalars(select(TemplateRow.id).where(TemplateRow.resident_id == row.id)).all()
            session.execute(delete(TemplateRow).where(TemplateRow.resident_id == row.id))
            session.execute(delete(RightRow).where(RightRow.subject_id == row.id))
            _clear(row)
            row.ended_at = self._now()
            self._done(session, Act(f"{directory.kind(row)}.removed", row.id, actor, {"templates": len(faces)}))
        self._gallery = None
        purged = purge(self._engine, PERSONAL)
        self._prove_erased(subject_id)
        return Erasure(subject_id, len(faces), purged)

    def _prove_erased(self, subject_id: str) -> None:
        with reading(self._engine) as session:
            left = sum(
                session.scalar(select(func.count()).select_from(table).where(owner == subject_id)) or 0
                for table, owner in ((TemplateRow, TemplateRow.resident_id), (RightRow, RightRow.subject_id))
            )
            if left or directory.living(session, subject_id):
                raise EnrollmentError("register.not_erased", id=subject_id, left=left)

    def _set_blocked(self, subject_id: str, reason: str | None, verb: str, actor: str) -> Entry:
        with writing(self._engine) as session:
            row = _needed(session, subject_id)
            row.blocked, row.blocked_reason = reason is not None, reason
            self._done(session, Act(f"{directory.kind(row)}.{verb}", row.id, actor))
            return directory.entry(session, row)

    def _done(self, session: Session, act: Act) -> None:
        session.flush()
        session.execute(update(RegisterVersionRow).values(version=RegisterVersionRow.version + 1))
        self._record(session, act)

    def _household(self, session: Session, code: HouseholdCode) -> str:
        known = session.scalars(
            select(HouseholdRow.id).filter_by(building=code.building, unit=code.unit, room=code.room)
        ).first()
        if known:
            return known
        row = HouseholdRow(id=self._make_id(), building=code.building, unit=code.unit, room=code.room)
        session.add(row)
        session.flush()
        return row.id

    def _grant(self, session: Session, subject_id: str, lanes: list[str] | None) -> None:
        session.add_all(RightRow(subject_id=subject_id, lane=lane) for lane in lanes or ())

    def _add_template(
        self, session: Session, resident_id: str, embedding: Embedding, quality: float, model_id: str
    ) -> None:
        id_ = self._make_id()
        session.add(
            TemplateRow(
                id=id_,
                resident_id=resident_id,
                model_id=model_id,
                key_id=self._keyring.id,
                sealed=seal_template(self._keyring, embedding, id_, resident_id, model_id),
                quality=quality,
                created_at=self._now(),
            )
        )

    def _warm(self, model_id: str) -> None:
        """Open all templates before the write lock is taken, so that it is held only briefly."""
        with reading(self._engine) as session:
            self._gallery_in(session, model_id)

    def _gallery_in(self, session: Session, model_id: str) -> Gallery:
        gallery = self._gallery
        if gallery is None or gallery.model_id != model_id or gallery.version != version_in(session):
            gallery = self._gallery = gallery_in(session, self._keyring, model_id, gallery)
        return gallery

    def _refuse_similar(self, session: Session, embedding: Embedding, model_id: str, besides: str | None) -> None:
        nearest = self._gallery_in(session, model_id).nearest(embedding, besides)
        if nearest and nearest[1] >= similar(model_id):
            subject, score = nearest
            raise EntryRefused("register.face_already_enrolled", person=subject.id, score=f"{score:.2f}")


def similar(model_id: str) -> float:
    """The cosine from which two faces of that model are taken for one person's.

    A false alarm costs the enroller one look, a miss lets one person be two: with `mobilefacenet` at 0.55 on 3,000
    people of LFW, 78 % of the second photos of a person reach it, and 11 of 4.5 million pairs of different people, 8 of
    which reach 0.65 too and look mislabelled. Strangers from one region score higher than these.
    """
    model = catalog().by_id(model_id)
    return model.thresholds.similar if model and model.thresholds else SIMILAR


def _rights(lanes: Iterable[str] | None) -> list[str] | None:
    if lanes is None:
        return None
    named = sorted(set(lanes))
    if not named:
        # Stored, no lane at all would read as every lane.
        raise EntryRefused("register.no_lanes")
    return named


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise EntryRefused("register.reason_needed")
    if len(reason) > LONGEST_REASON:
        raise EntryRefused("register.reason_long", length=len(reason), longest=LONGEST_REASON)
    return reason


def _embedding(face: FaceSighting) -> Embedding:
    if face.embedding is None or not is_unit(face.embedding):
        raise ValueError("a face is enrolled with its embedding, of unit length")
    return face.embedding


def _needed(session: Session, subject_id: str) -> directory.Row:
    row = directory.living(session, subject_id)
    if row is None:
        raise NotEnrolled("register.nobody", id=subject_id)
    return row


def _clear(row: directory.Row) -> None:
    if isinstance(row, ResidentRow):
        row.name = None
    else:
        row.plate = row.colour = None
    row.household_id = row.blocked_reason = None
    row.blocked = False
