"""The consent ledger: who agreed to what, when and how; and what goes when a consent ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from enrollment.act import Act, FactValue
from enrollment.change import Changes, needed_resident
from enrollment.consent import Consent, ConsentForm, Guardian, Means, Purpose, alive
from enrollment.credential import CredentialKind
from enrollment.credentials import Credentials
from enrollment.database import purge, reading
from enrollment.entry import Withdrawal
from enrollment.erasure import PERSONAL, clear, drop_face
from enrollment.errors import EntryRefused
from enrollment.keyring import Keyring
from enrollment.tables import ConsentRow, PhotoRow, ResidentRow, TemplateRow, VehicleRow


@dataclass(frozen=True, slots=True)
class _Kept:
    """The context in which the parts of one consent are sealed."""

    id: str

    @property
    def guardian(self) -> bytes:
        return f"guardian:{self.id}".encode()

    @property
    def signature(self) -> bytes:
        return f"signature:{self.id}".encode()


class Consents:
    """Records, lists and withdraws consents, and ends what rested on those that are over."""

    def __init__(self, changes: Changes, credentials: Credentials) -> None:
        self._changes = changes
        self._credentials = credentials

    def of(self, resident_id: str) -> tuple[Consent, ...]:
        """Every consent a resident gave or declined, the newest first; an erased one's too, without who signed."""
        with reading(self._changes.engine) as session:
            resident = session.get(ResidentRow, resident_id)
            rows = session.scalars(
                select(ConsentRow)
                .where(ConsentRow.resident_id == resident_id)
                .order_by(ConsentRow.signed_at.desc(), ConsentRow.id)
            ).all()
            key = self._own_key(resident)
            return tuple(_consent(row, key) for row in rows)

    def signature(self, consent_id: str) -> tuple[str, bytes] | None:
        """Media type and bytes of what was signed; None where there is none. Raises `KeyUnusable`."""
        with reading(self._changes.engine) as session:
            row = session.get(ConsentRow, consent_id)
            key = self._own_key(session.get(ResidentRow, row.resident_id)) if row else None
            if row is None or key is None or row.signature is None:
                return None
            return str(row.media_type), key.open_sealed(row.signature, _Kept(row.id).signature)

    def give(
        self, resident_id: str, forms: Sequence[ConsentForm], actor: str, expected: int | None = None
    ) -> tuple[Consent, ...]:
        """Record consents, each to one purpose, and what was declined; all of the resident's.

        With what is declined goes what would rest on a consent to it, as with a withdrawal.

        Raises:
            NotEnrolled: `register.nobody`.
            EntryRefused: as `ConsentForm.checked`; `consent.guardian_needed`; `consent.withdraw_instead` where one that
                lives is declined; `register.changed_meanwhile`.
        """
        agreed, declined = [one for one in forms if not one.declined], [one for one in forms if one.declined]
        verb = "consented" if agreed else "consent_declined"
        gone: dict[str, int] = {}
        with self._changes.edit(resident_id, verb, actor, expected) as edit:
            resident = needed_resident(edit.session, resident_id)
            if agreed:
                edit.facts.update(self.note(edit.session, resident, agreed, actor))
            if declined:
                edit.facts.update(self._note_declined(edit.session, resident, declined, actor))
                for form in declined:
                    gone |= self._end(edit.session, resident, form.purpose, actor)
                edit.facts.update(gone)
        if any(gone.values()):
            purge(self._changes.engine, PERSONAL)
        return self.of(resident_id)

    def _note_declined(
        self, session: Session, resident: ResidentRow, forms: Sequence[ConsentForm], actor: str
    ) -> dict[str, FactValue]:
        now = self._changes.now()
        for form in forms:
            living = select(ConsentRow.id).where(ConsentRow.resident_id == resident.id, alive(form.purpose, now))
            if session.scalar(living.limit(1)):
                raise EntryRefused("consent.withdraw_instead")
        rows = [self._row(session, resident, form.checked(now), actor, now) for form in forms]
        session.add_all(rows)
        session.flush()
        return {"declined": [row.id for row in rows], "declined_texts": [row.text for row in rows]}

    def note(
        self, session: Session, resident: ResidentRow, forms: Sequence[ConsentForm], actor: str
    ) -> dict[str, FactValue]:
        """The same inside an open change; the facts for its record."""
        now = self._changes.now()
        rows = [self._row(session, resident, form.checked(now), actor, now) for form in forms]
        session.add_all(rows)
        if any(form.purpose is Purpose.FACE_ENTRY and not form.keep_photo for form in forms):
            session.execute(delete(PhotoRow).where(PhotoRow.resident_id == resident.id))
        session.flush()
        return {
            "consents": [row.id for row in rows],
            "texts": [row.text for row in rows],
            "means": [row.means for row in rows],
            "signed_for": any(row.by_guardian for row in rows),
        }

    def withdraw(
        self,
        resident_id: str,
        purpose: Purpose,
        actor: str,
        instead: CredentialKind | None = None,
        number: str | None = None,
    ) -> Withdrawal:
        """End a consent, and with it what rests on it: faces and photos, or the resident's vehicles.

        `instead` is issued in the same change, with the `number` of a card: nobody is left outside for it.

        Raises:
            NotEnrolled: `register.nobody`.
            EntryRefused: `consent.none_to_withdraw`, or what `Credentials.give` says of `instead`.
        """
        now = self._changes.now()
        with self._changes.edit(resident_id, "consent_withdrawn", actor) as edit:
            session, resident = edit.session, needed_resident(edit.session, resident_id)
            living = (ConsentRow.resident_id == resident_id, alive(purpose, now))
            ended = session.scalars(select(ConsentRow.id).where(*living)).all()
            if not ended:
                raise EntryRefused("consent.none_to_withdraw")
            session.execute(update(ConsentRow).where(ConsentRow.id.in_(ended)).values(withdrawn_at=now))
            gone = self._end(session, resident, purpose, actor)
            issued = self._credentials.issue(session, resident, instead, number) if instead else None
            edit.facts.update({"purpose": str(purpose), "consents": list(ended), **gone})
            if issued:
                edit.facts.update({"credential": issued.credential.id, "kind": str(issued.credential.kind)})
        purged = purge(self._changes.engine, PERSONAL)
        return Withdrawal(resident_id, str(purpose), gone, purged, issued)

    def end_expired(self, actor: str) -> int:
        """Delete the faces and vehicles whose last consent has ended by its date; how many residents it touched."""
        ended = [
            (owner, purpose) for purpose in (Purpose.FACE_ENTRY, Purpose.PLATE_ENTRY) for owner in self._due(purpose)
        ]
        for owner, purpose in ended:
            with self._changes.edit(owner, "consent_expired", actor) as edit:
                gone = self._end(edit.session, needed_resident(edit.session, owner), purpose, actor)
                edit.facts.update({"purpose": str(purpose), **gone})
        if ended:
            purge(self._changes.engine, PERSONAL)
        return len({owner for owner, _ in ended})

    def lapsed(self) -> int:
        """How many residents have a face, once consented to it and do not any more: the next sweep takes it."""
        return len(self._due(Purpose.FACE_ENTRY))

    def agreed(self, subject_id: str, purpose: Purpose) -> bool:
        """Whether a consent to the purpose lives: of the resident, or of the resident whom the vehicle belongs to."""
        with reading(self._changes.engine) as session:
            owner = session.scalar(select(VehicleRow.resident_id).where(VehicleRow.id == subject_id)) or subject_id
            living = select(ConsentRow.id).where(ConsentRow.resident_id == owner, alive(purpose, self._changes.now()))
            return session.scalar(living.limit(1)) is not None

    def agreeing(self, purpose: Purpose) -> int:
        """How many residents agree to the purpose now."""
        with reading(self._changes.engine) as session:
            living = select(func.count(ConsentRow.resident_id.distinct())).where(alive(purpose, self._changes.now()))
            return session.scalar(living) or 0

    def declining(self, purpose: Purpose) -> int:
        """How many residents have declined the purpose and do not agree to it now."""
        asked = (ConsentRow.purpose == purpose, ConsentRow.declined.is_(True), ResidentRow.ended_at.is_(None))
        with reading(self._changes.engine) as session:
            living = select(ConsentRow.resident_id).where(alive(purpose, self._changes.now()))
            said_no = select(func.count(ConsentRow.resident_id.distinct())).join(ResidentRow).where(*asked)
            return session.scalar(said_no.where(ConsentRow.resident_id.not_in(living))) or 0

    def unconsented(self) -> tuple[str, ...]:
        """The ids of residents with a face and no record of a consent at all: enrolled before there was a ledger."""
        with reading(self._changes.engine) as session:
            asked = exists().where(
                ConsentRow.resident_id == TemplateRow.resident_id,
                ConsentRow.purpose == Purpose.FACE_ENTRY,
                ConsentRow.declined.is_(False),
            )
            return tuple(session.scalars(select(TemplateRow.resident_id).where(~asked).distinct()))

    def _due(self, purpose: Purpose) -> Sequence[str]:
        """Who has something that rests on a consent to the purpose, once had one, and has none alive."""
        rests = TemplateRow if purpose is Purpose.FACE_ENTRY else VehicleRow
        to_it = (ConsentRow.resident_id == rests.resident_id, ConsentRow.purpose == purpose)
        given = exists().where(*to_it, ConsentRow.declined.is_(False))
        still = exists().where(ConsentRow.resident_id == rests.resident_id, alive(purpose, self._changes.now()))
        with reading(self._changes.engine) as session:
            owners = session.scalars(select(rests.resident_id).where(given, ~still).distinct())
            return [owner for owner in owners if owner is not None]

    def _end(self, session: Session, resident: ResidentRow, purpose: Purpose, actor: str) -> dict[str, int]:
        if purpose is Purpose.FACE_ENTRY:
            return drop_face(session, resident.id)
        if purpose is not Purpose.PLATE_ENTRY:
            return {}
        cars = session.scalars(select(VehicleRow).where(VehicleRow.resident_id == resident.id)).all()
        for car in cars:
            clear(session, car, self._changes.now())
            car.version += 1
            self._changes.done(session, Act("vehicle.removed", car.id, actor, {"version": car.version}))
        return {"vehicles": len(cars)}

    def _row(self, session: Session, resident: ResidentRow, form: ConsentForm, actor: str, now: datetime) -> ConsentRow:
        expires_at = form.expires_at
        if resident.minor_until is not None and now.date() < resident.minor_until:
            if form.guardian is None and not form.declined:
                raise EntryRefused("consent.guardian_needed", until=resident.minor_until)
            # From the fourteenth birthday on the person decides, and is asked.
            grown = datetime.combine(resident.minor_until, time(), UTC)
            expires_at = min(grown, expires_at or grown)
        text = form.text
        row = ConsentRow(
            id=self._changes.make_id(),
            resident_id=resident.id,
            purpose=form.purpose,
            text=text.id,
            text_hash=text.hash,
            language=form.language,
            means=form.means,
            signed_at=form.signed_at,
            recorded_at=now,
            recorded_by=actor,
            by_guardian=form.guardian is not None,
            keep_photo=form.keep_photo and form.purpose is Purpose.FACE_ENTRY and not form.declined,
            declined=form.declined,
            expires_at=None if form.declined else expires_at,
        )
        kept, key = _Kept(row.id), self._changes.own_keyring(session, resident)
        if form.guardian is not None:
            named = json.dumps([form.guardian.name, form.guardian.relation], ensure_ascii=False)
            row.guardian = key.seal(named.encode("utf-8", "surrogatepass"), kept.guardian)
        if form.signature is not None:
            row.signature = key.seal(form.signature.data, kept.signature)
            row.media_type = form.signature.media_type
        return row

    def _own_key(self, resident: ResidentRow | None) -> Keyring | None:
        if resident is None or resident.own_key is None:
            return None
        return self._changes.opened(resident)


def _consent(row: ConsentRow, key: Keyring | None) -> Consent:
    guardian = None
    if key is not None and row.guardian is not None:
        guardian = Guardian(*json.loads(key.open_sealed(row.guardian, _Kept(row.id).guardian)))
    return Consent(
        id=row.id,
        resident_id=row.resident_id,
        purpose=Purpose(row.purpose),
        text=row.text,
        text_hash=row.text_hash,
        language=row.language,
        means=Means(row.means),
        signed_at=row.signed_at,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        by_guardian=row.by_guardian,
        guardian=guardian,
        signed=row.signature is not None,
        keep_photo=row.keep_photo,
        expires_at=row.expires_at,
        withdrawn_at=row.withdrawn_at,
        declined=row.declined,
    )
