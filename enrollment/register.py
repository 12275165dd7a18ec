"""Who lives here, which vehicles are theirs, and which lanes they may use: the one place that changes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from argon2 import PasswordHasher
from sqlalchemy import ColumnElement, Engine, select, update
from sqlalchemy.orm import Session

from enrollment import directory, households
from enrollment.act import FactValue, Record
from enrollment.change import Changes, Edit, needed, needed_resident, new_id, utc_now
from enrollment.consent import ConsentForm
from enrollment.consents import Consents
from enrollment.credentials import Credentials
from enrollment.database import purge, reading, writing
from enrollment.entry import Entry, Erasure, Resident, Vehicle
from enrollment.erasure import PERSONAL, clear, prove_erased
from enrollment.errors import EntryRefused
from enrollment.faces import FacePhoto, Faces, similar
from enrollment.form import PersonForm, VehicleForm, clean_reason
from enrollment.hours import written
from enrollment.household_note import forget_notes
from enrollment.households import Households
from enrollment.keyring import Keyring
from enrollment.reembedding import Reembedding
from enrollment.rights import Right, Rights, grant
from enrollment.tables import ResidentRow, TenancyRow, VehicleRow
from enrollment.tenancies import Tenancies
from enrollment.vehicle_photos import VehiclePhotos
from models.plate.grammar import normalise
from models.sighting import FaceSighting, PlateColour

MOST_OWN_FACES = 4
"""With so many faces a resident brings no more: each is searched at every lane."""


class Register:
    """Adds, finds, edits, blocks and erases. Every change is one transaction with its record and a new version.

    Each method that changes something raises `StoreBusy` when the database does not take it; nothing was written then.
    `record` is called inside the transaction. One register may serve several threads. Where a method takes `expected`,
    it is the version of the entry that the editor saw: `EntryRefused` (`register.changed_meanwhile`) when it is over.
    """

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        record: Record,
        *,
        now: Callable[[], datetime] = utc_now,
        make_id: Callable[[], str] = new_id,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._changes = Changes(engine, keyring, record, now, make_id)
        self._engine = engine
        self.faces = Faces(self._changes)
        self.households = Households(self._changes)
        self.reembedding = Reembedding(self._changes, self.faces)
        self.tenancies = Tenancies(self._changes)
        self.rights = Rights(self._changes)
        self.vehicle_photos = VehiclePhotos(self._changes)
        self.credentials = Credentials(self._changes, hasher)
        self.consents = Consents(self._changes, self.credentials)

    def add_resident(
        self,
        name: str,
        household: str,
        face: FaceSighting,
        model_id: str,
        actor: str,
        lanes: Iterable[str] | None = None,
        *,
        consent: ConsentForm | None = None,
        allow_similar: bool = False,
    ) -> Resident:
        """Enrol a person by an embedded face; `lanes` None is a right on every lane. Raises like `enrol`."""
        form = PersonForm.of(name, household, lanes)
        photo = FacePhoto(face, model_id, allow_similar=allow_similar)
        return self.enrol(form, actor, [consent] if consent else [], photo)

    def enrol(
        self,
        form: PersonForm,
        actor: str,
        consents: Sequence[ConsentForm] = (),
        photo: FacePhoto | None = None,
    ) -> Resident:
        """Enter a person with what was agreed to, and a face where there is one.

        Raises:
            EntryRefused: `register.face_already_enrolled` when the face is very like another person's, unless that is
                allowed; `consent.face_needed` for a face without a living consent to it; as `Consents.give`.
        """
        if photo:
            self.faces.warm(photo)
        with writing(self._engine) as session:
            home = households.at(session, form.household, self._changes.make_id)
            row = ResidentRow(id=self._changes.make_id(), household_id=home, created_at=self._changes.now())
            row.version, row.blocked = 1, False
            _fill_person(row, form)
            session.add(row)
            session.flush()
            self._move_in(session, row, form)
            right = Right(form.lanes, form.hours)
            grant(session, row.id, right)
            facts = {"household": home, **right.facts}
            if consents:
                facts |= self.consents.note(session, row, consents, actor)
            if photo:
                facts |= self.faces.add(session, row, photo)
            self._changes.settle(session, row, "added", actor, facts)
            return directory.residents(session, ResidentRow.id == row.id)[0]

    def add_face(
        self, resident_id: str, face: FaceSighting, model_id: str, actor: str, *, allow_similar: bool = False
    ) -> Resident:
        """Give an enrolled person one more template. Raises `NotEnrolled`, and `EntryRefused` like `enrol`."""
        return self.add_photo(resident_id, FacePhoto(face, model_id, allow_similar=allow_similar), actor)

    def add_photo(self, resident_id: str, photo: FacePhoto, actor: str) -> Resident:
        """The same, with the picture of it where the consent allows keeping that."""
        self.faces.warm(photo)
        with self._changes.edit(resident_id, "face_added", actor) as edit:
            row = needed_resident(edit.session, resident_id)
            edit.facts.update(self.faces.add(edit.session, row, photo))
        with reading(self._engine) as session:
            return directory.residents(session, ResidentRow.id == resident_id)[0]

    def add_own_photo(self, resident_id: str, photo: FacePhoto) -> None:
        """A photo that the resident brought, taken where it is like each of the resident's faces as one person's are.

        Like all of them and not just one: however many follow each other, none is far from those that staff took, and
        whoever holds somebody's phone cannot bring in another face.

        Raises:
            NotEnrolled: `register.nobody`.
            EntryRefused: `register.no_face_yet`, `register.faces_enough`, `register.face_not_alike`, and like `enrol`.
        """
        self.faces.warm(photo)
        with self._changes.edit(resident_id, "face_added", resident_id) as edit:
            row = needed_resident(edit.session, resident_id)
            alike = self.faces.likeness_to_own(edit.session, resident_id, photo)
            if not alike:
                raise EntryRefused("register.no_face_yet")
            if len(alike) >= MOST_OWN_FACES:
                raise EntryRefused("register.faces_enough", most=MOST_OWN_FACES)
            if min(alike) < similar(photo.model_id):
                raise EntryRefused("register.face_not_alike")
            edit.facts.update(self.faces.add(edit.session, row, photo))

    def edit_person(self, resident_id: str, form: PersonForm, actor: str, expected: int) -> Resident:
        """Replace what is entered about a resident; stays elsewhere are kept. Raises `NotEnrolled`, `EntryRefused`."""
        with self._changes.edit(resident_id, "edited", actor, expected) as edit:
            row = needed_resident(edit.session, resident_id)
            old, home = row.household_id, households.at(edit.session, form.household, self._changes.make_id)
            row.household_id = home
            moved = (TenancyRow.resident_id == row.id, TenancyRow.household_id == old)
            values = {"household_id": home, "standing": form.standing}
            edit.session.execute(update(TenancyRow).where(*moved).values(**values))
            _fill_person(row, form)
            right = Right(form.lanes, form.hours)
            grant(edit.session, row.id, right)
            edit.facts.update({"household": home, **right.facts, **_moved_from(edit, old)})
        with reading(self._engine) as session:
            return directory.residents(session, ResidentRow.id == resident_id)[0]

    def add_vehicle(
        self,
        plate: str,
        household: str,
        actor: str,
        colour: PlateColour = PlateColour.UNKNOWN,
        lanes: Iterable[str] | None = None,
        blocked_reason: str | None = None,
    ) -> Vehicle:
        """Enrol a vehicle by its plate, blocked from the start with a `blocked_reason`. Raises like `enter_vehicle`."""
        return self.enter_vehicle(VehicleForm.of(plate, household, colour, lanes), actor, blocked_reason)

    def enter_vehicle(self, form: VehicleForm, actor: str, blocked_reason: str | None = None) -> Vehicle:
        """Enter a vehicle.

        Raises:
            NotEnrolled: `register.nobody`, the owner.
            EntryRefused: `register.plate_taken`; a reason that is none.
        """
        reason = None if blocked_reason is None else clean_reason(blocked_reason)
        with writing(self._engine) as session:
            row = VehicleRow(id=self._changes.make_id(), created_at=self._changes.now())
            row.version = 1
            _block(row, reason, actor, self._changes.now())
            home = self._fill_vehicle(session, row, form)
            session.add(row)
            session.flush()
            right = Right(form.lanes, form.hours)
            grant(session, row.id, right)
            facts: dict[str, FactValue] = {"household": home, **right.facts, "blocked": row.blocked}
            self._changes.settle(session, row, "added", actor, facts)
            return directory.vehicles(session, VehicleRow.id == row.id)[0]

    def edit_vehicle(self, vehicle_id: str, form: VehicleForm, actor: str, expected: int) -> Vehicle:
        """Replace what is entered about a vehicle. Raises like `enter_vehicle`."""
        with self._changes.edit(vehicle_id, "edited", actor, expected) as edit:
            if not isinstance(edit.row, VehicleRow):
                raise EntryRefused("register.no_vehicle")
            old, home = edit.row.household_id, self._fill_vehicle(edit.session, edit.row, form)
            right = Right(form.lanes, form.hours)
            grant(edit.session, vehicle_id, right)
            edit.facts.update({"household": home, **right.facts, **_moved_from(edit, old)})
        with reading(self._engine) as session:
            return directory.vehicles(session, VehicleRow.id == vehicle_id)[0]

    def residents(self, household_id: str | None = None) -> tuple[Resident, ...]:
        """All living residents, or those of a household, by household and name."""
        with reading(self._engine) as session:
            return directory.residents(session, *_at(ResidentRow, household_id))

    def vehicles(self, household_id: str | None = None) -> tuple[Vehicle, ...]:
        """All living vehicles, or those of a household, by household and plate."""
        with reading(self._engine) as session:
            return directory.vehicles(session, *_at(VehicleRow, household_id))

    def vehicles_of(self, resident_id: str) -> tuple[Vehicle, ...]:
        """The living vehicles that are entered as a resident's, wherever they stand."""
        with reading(self._engine) as session:
            return directory.vehicles(session, VehicleRow.resident_id == resident_id)

    def count(self) -> directory.Count:
        """How many there are."""
        with reading(self._engine) as session:
            return directory.count(session, self._changes.now().date())

    def labels(self, subject_ids: Collection[str]) -> dict[str, str]:
        """The name or the plate of each living one of some hundred ids; whoever was erased is left out."""
        with reading(self._engine) as session:
            return directory.labels(session, subject_ids)

    def find(self, subject_id: str) -> Entry | None:
        """The living entry with this id; None where nobody has it or its subject was erased."""
        with reading(self._engine) as session:
            row = directory.living(session, subject_id)
            return directory.entry(session, row) if row else None

    def find_plate(self, plate: str) -> Vehicle | None:
        """The living vehicle with exactly this plate."""
        with reading(self._engine) as session:
            return next(iter(directory.vehicles(session, VehicleRow.plate == normalise(plate))), None)

    def block(
        self, subject_id: str, reason: str, actor: str, until: datetime | None = None, expected: int | None = None
    ) -> Entry:
        """Let a person or vehicle through no lane any more, or not before `until`.

        The `reason` is for staff and stays out of the record.

        Raises:
            NotEnrolled: nobody has that id.
            EntryRefused: `register.reason_needed`, `register.reason_long`, `register.block_is_over`.
        """
        kept = clean_reason(reason)
        if until is not None and until <= self._changes.now():
            raise EntryRefused("register.block_is_over")
        return self._set_blocked(subject_id, kept, "blocked", actor, until, expected)

    def unblock(self, subject_id: str, actor: str, expected: int | None = None) -> Entry:
        """Take the block away. Raises `NotEnrolled`."""
        return self._set_blocked(subject_id, None, "unblocked", actor, None, expected)

    def remove(self, subject_id: str, actor: str, expected: int | None = None) -> Erasure:
        """Erase a person or vehicle: everything that is known goes, the opaque id and what was agreed to when stay.

        The bytes go from the file and its log too (`database.purge`).

        Raises:
            NotEnrolled: nobody has that id.
            EnrollmentError: `register.not_erased`, something of the subject is still stored.
        """
        with self._changes.edit(subject_id, "removed", actor, expected) as edit:
            kind, at = directory.kind(edit.row), self._changes.now()
            gone = clear(edit.session, edit.row, at)
            edit.facts.update(gone)
        self.faces.forget()
        purged = purge(self._engine, PERSONAL)
        with reading(self._engine) as session:
            prove_erased(session, subject_id)
        return Erasure(subject_id, kind, at, actor, gone, purged)

    def _set_blocked(
        self, subject_id: str, reason: str | None, verb: str, actor: str, until: datetime | None, expected: int | None
    ) -> Entry:
        with self._changes.edit(subject_id, verb, actor, expected) as edit:
            _block(edit.row, reason, actor, self._changes.now(), until)
        with reading(self._engine) as session:
            return directory.entry(session, needed(session, subject_id))

    def _move_in(self, session: Session, row: ResidentRow, form: PersonForm) -> None:
        stay = TenancyRow(id=self._changes.make_id(), resident_id=row.id, household_id=row.household_id)
        stay.standing, stay.starts_at = form.standing, form.term.since or row.created_at
        session.add(stay)

    def _fill_vehicle(self, session: Session, row: VehicleRow, form: VehicleForm) -> str:
        taken = session.scalars(select(VehicleRow.id).where(VehicleRow.plate == form.plate)).first()
        if taken not in {None, row.id}:
            raise EntryRefused("register.plate_taken", plate=form.plate)
        if form.owner is not None:
            needed_resident(session, form.owner)
        row.household_id = households.at(session, form.household, self._changes.make_id)
        row.plate, row.colour, row.type, row.resident_id = form.plate, form.colour, form.type, form.owner
        row.notes, row.since, row.until = form.notes, form.term.since, form.term.until
        row.hours = written(form.hours)
        return row.household_id


def _moved_from(edit: Edit, old: str | None) -> dict[str, int]:
    """For the record, where a household's note went because the last to stand there has moved."""
    left = [] if old is None or old == edit.row.household_id else [old]
    gone = forget_notes(edit.session, left, type(edit.row))
    return {"household_notes": gone} if gone else {}


def _at(table: type[ResidentRow | VehicleRow], household_id: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if household_id is None else (table.household_id == household_id,)


def _fill_person(row: ResidentRow, form: PersonForm) -> None:
    row.name, row.phone, row.minor_until, row.notes = form.name, form.phone, form.minor_until, form.notes
    row.since, row.until, row.hours = form.term.since, form.term.until, written(form.hours)


def _block(row: directory.Row, reason: str | None, actor: str, at: datetime, until: datetime | None = None) -> None:
    """Block a row or, without a reason, take its block away."""
    row.blocked, row.blocked_reason, row.blocked_until = reason is not None, reason, until
    row.blocked_by, row.blocked_at = (None, None) if reason is None else (actor, at)
