"""Cards, PINs and QR codes: issued, found again and taken back."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, CursorResult, or_, select, update
from sqlalchemy.orm import Session

from enrollment.card_number import CardNumber, EightDigits, meant_by, plain_number, spellings
from enrollment.change import Changes, needed_resident
from enrollment.credential import Credential, CredentialKind, Issued
from enrollment.database import purge, reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.household import HouseholdCode
from enrollment.tables import CredentialRow, HouseholdRow, ResidentRow

PIN_DIGITS = 6

_PIN = re.compile(rf"[0-9]{{{PIN_DIGITS}}}")
_RUNS = ("01234567890123456789", "98765432109876543210")


class Credentials:
    """Every resident may have several cards and QR codes and one PIN, which is typed after the household's code."""

    def __init__(self, changes: Changes, hasher: PasswordHasher | None = None) -> None:
        self._changes = changes
        self._hasher = hasher or PasswordHasher()

    def of(self, resident_id: str) -> tuple[Credential, ...]:
        """A resident's credentials, in the order in which they were issued."""
        with reading(self._changes.engine) as session:
            rows = session.scalars(
                select(CredentialRow)
                .where(CredentialRow.resident_id == resident_id)
                .order_by(CredentialRow.created_at, CredentialRow.id)
            )
            return tuple(_credential(row) for row in rows)

    def give(
        self,
        resident_id: str,
        kind: CredentialKind,
        actor: str,
        number: str | None = None,
        until: datetime | None = None,
    ) -> Issued:
        """Issue a credential. `number` is the card's, or the PIN that the resident chose; a PIN is drawn by default.

        Raises:
            NotEnrolled: `register.nobody`.
            EntryRefused: `credential.card_number`, `credential.card_taken`, `credential.pin_form`,
                `credential.pin_weak`, `credential.pin_taken`.
        """
        with self._changes.edit(resident_id, "credential_given", actor) as edit:
            resident = needed_resident(edit.session, resident_id)
            issued = self.issue(edit.session, resident, kind, number, until)
            edit.facts.update({"credential": issued.credential.id, "kind": str(kind)})
        return issued

    def issue(
        self,
        session: Session,
        resident: ResidentRow,
        kind: CredentialKind,
        number: str | None = None,
        until: datetime | None = None,
    ) -> Issued:
        """The same inside an open change."""
        row = CredentialRow(id=self._changes.make_id(), resident_id=resident.id, kind=kind, until=until)
        row.created_at, pin = self._changes.now(), None
        if kind is not CredentialKind.PIN:
            row.key_id = self._changes.keyring.id
        if kind is CredentialKind.CARD:
            self._number(session, row, number or "")
        elif kind is CredentialKind.PIN:
            pin = self._pin(session, row, resident, number)
        session.add(row)
        session.flush()
        return Issued(_credential(row), pin)

    def take_back(self, credential_id: str, actor: str) -> Credential:
        """Delete a credential: it opens nothing from now on. Raises `NotEnrolled` (`credential.none`)."""
        with reading(self._changes.engine) as session:
            known = session.get(CredentialRow, credential_id)
            owner = known.resident_id if known else None
        if owner is None:
            raise NotEnrolled("credential.none")
        with self._changes.edit(owner, "credential_taken", actor) as edit:
            row = edit.session.get(CredentialRow, credential_id)
            if row is None:
                raise NotEnrolled("credential.none")
            taken = _credential(row)
            edit.session.delete(row)
            edit.facts.update({"credential": row.id, "kind": row.kind})
        purge(self._changes.engine, ("credential",))
        return taken

    def find_card(self, number: str | CardNumber, eight: EightDigits | None = None) -> str | None:
        """The id of the resident whose card this is, as it was typed, or as a reader has read it.

        None for an unknown one, for one whose time is over, and where the cards of several residents fit what is known.
        `eight` says what eight digits mean in this register, as in `card_number.spellings`.
        """
        marks = self._marks(number, eight)
        with reading(self._changes.engine) as session:
            found = select(CredentialRow.resident_id).where(CredentialRow.mark.in_(marks), self._in_time()).distinct()
            owners = session.scalars(found.limit(2)).all()
        return owners[0] if len(owners) == 1 else None

    def find_pin(self, household: str, pin: str) -> str | None:
        """The id of the resident of that household whose PIN this is. Raises `EntryRefused` for a code that is none.

        One check costs what Argon2id costs, for each PIN of the household: whoever asks limits how often.
        """
        code = HouseholdCode.parse(household)
        with reading(self._changes.engine) as session:
            known = session.execute(
                select(CredentialRow.resident_id, CredentialRow.hash)
                .join(ResidentRow, ResidentRow.id == CredentialRow.resident_id)
                .join(HouseholdRow, HouseholdRow.id == ResidentRow.household_id)
                .where(CredentialRow.kind == CredentialKind.PIN, self._in_time())
                .where(HouseholdRow.building == code.building, HouseholdRow.unit == code.unit)
                .where(HouseholdRow.room == code.room)
            ).all()
        return next((row.resident_id for row in known if self._matches(row.hash, pin)), None)

    def take_code(self, credential_id: str, step: int) -> str | None:
        """The id of the resident whose QR code it is, and take the code of this half minute, once.

        None where it was shown before, or a later one was: also after a restart, and on a clock that was set back. Two
        lanes never take the same.

        Raises:
            NotEnrolled: `credential.none`, there is no such code any more.
        """
        with writing(self._changes.engine) as session:
            mine = (CredentialRow.id == credential_id, CredentialRow.kind == CredentialKind.QR, self._in_time())
            owner = session.scalar(select(CredentialRow.resident_id).where(*mine))
            if owner is None:
                raise NotEnrolled("credential.none")
            unused = or_(CredentialRow.step.is_(None), CredentialRow.step < step)
            taken = session.execute(update(CredentialRow).where(*mine, unused).values(step=step))
            return owner if isinstance(taken, CursorResult) and taken.rowcount == 1 else None

    def _in_time(self) -> ColumnElement[bool]:
        return or_(CredentialRow.until.is_(None), CredentialRow.until > self._changes.now())

    def _number(self, session: Session, row: CredentialRow, number: str) -> None:
        plain = plain_number(number)
        if plain is None:
            raise EntryRefused("credential.card_number")
        row.mark, row.ending = self._mark(plain), plain[-4:]
        if session.scalar(select(CredentialRow.id).where(CredentialRow.mark.in_(self._marks(plain, None))).limit(1)):
            raise EntryRefused("credential.card_taken", ending=row.ending)

    def _marks(self, number: str | CardNumber, eight: EightDigits | None) -> list[str]:
        """What the register may know a card by."""
        if isinstance(number, CardNumber):
            return [self._mark(text) for text in spellings(number, eight)]
        plain = plain_number(number)
        if plain is None:
            return []
        card = meant_by(plain)
        return [self._mark(text) for text in {plain, *(spellings(card) if card else ())}]

    def _mark(self, plain: str) -> str:
        return self._changes.keyring.mark(plain.encode(), b"card")

    def _pin(self, session: Session, row: CredentialRow, resident: ResidentRow, chosen: str | None) -> str:
        of_the_household = session.execute(
            select(CredentialRow.resident_id, CredentialRow.hash)
            .join(ResidentRow, ResidentRow.id == CredentialRow.resident_id)
            .where(ResidentRow.household_id == resident.household_id, CredentialRow.kind == CredentialKind.PIN)
        ).all()
        if any(owner == resident.id for owner, _ in of_the_household):
            raise EntryRefused("credential.pin_held")
        pin = _strong(chosen) if chosen is not None else _drawn()
        while any(self._matches(hashed, pin) for _, hashed in of_the_household):
            if chosen is not None:
                raise EntryRefused("credential.pin_taken")
            pin = _drawn()
        row.hash = self._hasher.hash(pin)
        return pin

    def _matches(self, hashed: str | None, pin: str) -> bool:
        try:
            return hashed is not None and self._hasher.verify(hashed, pin)
        except (VerificationError, InvalidHashError):
            return False


def _strong(pin: str) -> str:
    plain = unicodedata.normalize("NFKC", pin).strip()
    if not _PIN.fullmatch(plain):
        raise EntryRefused("credential.pin_form", digits=PIN_DIGITS)
    if _is_weak(plain):
        raise EntryRefused("credential.pin_weak")
    return plain


def _is_weak(pin: str) -> bool:
    half = len(pin) // 2
    return len(set(pin)) < 3 or any(pin in run for run in _RUNS) or pin[:half] == pin[half:]


def _drawn() -> str:
    while _is_weak(pin := f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"):
        continue
    return pin


def _credential(row: CredentialRow) -> Credential:
    return Credential(row.id, row.resident_id, CredentialKind(row.kind), row.ending, row.created_at, row.until)
