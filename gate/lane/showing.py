"""Cards, PINs and QR codes that are shown to a lane: checked, and made evidence of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from enrollment.candidate import Subject
from enrollment.card_number import CardNumber, EightDigits
from enrollment.credential import CredentialKind
from enrollment.credentials import Credentials
from enrollment.errors import EntryRefused, NotEnrolled, StoreBusy
from enrollment.gate_code import CodeFault, GateCode, GateCodes, Holder
from enrollment.passes import Pass, Passes
from gate.decision.decision import CredentialEvidence, CredentialFault
from gate.decision.moment import Direction, Visit

log = structlog.get_logger("showing")

FAULTS: Mapping[CodeFault, CredentialFault] = {
    CodeFault.FORGED: CredentialFault.UNKNOWN,
    CodeFault.OVER: CredentialFault.OVER,
    CodeFault.NOT_YET: CredentialFault.OVER,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown, as evidence, and the living pass that it is for."""

    evidence: CredentialEvidence
    visit: Visit | None = None


class Showing:
    """Checks what is shown, from any thread. `people` gives the living residents by id as they are now.

    A register that does not answer makes evidence too: unchecked, which the guard is asked about.
    """

    def __init__(
        self,
        codes: GateCodes,
        credentials: Credentials,
        passes: Passes,
        people: Callable[[], Mapping[str, Subject]],
    ) -> None:
        self._codes = codes
        self._credentials = credentials
        self._passes = passes
        self._people = people

    def qr(self, text: str, at: datetime, direction: Direction) -> Shown | None:
        """A QR code; None for one that is not meant for a gate. A resident's is thereby used up."""
        code = self._codes.read(text, at)
        if code is None:
            return None
        if isinstance(code, CodeFault):
            return _faulty(CredentialKind.QR, FAULTS[code])
        return self._checked(CredentialKind.QR, lambda: self._genuine(code, at, direction))

    def card(self, number: str | CardNumber, eight: EightDigits | None = None) -> Shown:
        """A card, as it was typed or as a reader has read it; `eight` as in `Credentials.find_card`."""
        return self._checked(
            CredentialKind.CARD, lambda: self._owned(CredentialKind.CARD, self._credentials.find_card(number, eight))
        )

    def resident_pin(self, household: str, pin: str) -> Shown:
        """A resident's PIN, after the household's code."""
        return self._checked(
            CredentialKind.PIN, lambda: self._owned(CredentialKind.PIN, self._credentials.find_pin(household, pin))
        )

    def visitor_pin(self, pin: str, at: datetime, direction: Direction) -> Shown:
        """A visitor's PIN."""
        return self._checked(
            CredentialKind.PIN, lambda: _visiting(CredentialKind.PIN, self._passes.by_pin(pin), at, direction)
        )

    def _genuine(self, code: GateCode, at: datetime, direction: Direction) -> Shown:
        if code.holder is Holder.VISITOR:
            found = self._passes.find(code.id)
            coded = found if found is not None and found.has_code else None
            return _visiting(CredentialKind.QR, coded, at, direction)
        owner = self._credentials.take_code(code.id, code.step)
        if owner is None:
            return _faulty(CredentialKind.QR, CredentialFault.SHOWN_BEFORE)
        return self._owned(CredentialKind.QR, owner)

    def _owned(self, shown: CredentialKind, owner: str | None) -> Shown:
        subject = self._people().get(owner or "")
        if subject is None:
            return _faulty(shown, CredentialFault.UNKNOWN)
        return Shown(CredentialEvidence(shown, subject, None))

    def _checked(self, shown: CredentialKind, check: Callable[[], Shown]) -> Shown:
        try:
            return check()
        except (NotEnrolled, EntryRefused):
            return _faulty(shown, CredentialFault.UNKNOWN)
        except (StoreBusy, SQLAlchemyError) as failed:
            log.warning("showing.unchecked", shown=shown.value, why=type(failed).__name__)
            return _faulty(shown, CredentialFault.UNCHECKED)


def _visiting(shown: CredentialKind, found: Pass | None, at: datetime, direction: Direction) -> Shown:
    if found is None:
        return _faulty(shown, CredentialFault.UNKNOWN)
    if direction == "out" and found.lets_out(at):
        return Shown(CredentialEvidence(shown, None, None), Visit(found.id))
    if direction == "in" and found.lets_in(at):
        return Shown(CredentialEvidence(shown, None, None), Visit(found.id, found.lanes))
    return _faulty(shown, CredentialFault.PASS_OVER)


def _faulty(shown: CredentialKind, fault: CredentialFault) -> Shown:
    return Shown(CredentialEvidence(shown, None, fault))
