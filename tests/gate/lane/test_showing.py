"""What is shown to a lane, checked against a real register; and carried out by the lane like any other decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrollment.candidate import Subject
from enrollment.credential import CredentialKind
from enrollment.database import open_database, reading, upgrade
from enrollment.form import PersonForm
from enrollment.gate_code import GateCodes, step_of
from enrollment.keyring import Keyring
from enrollment.passes import Passes
from enrollment.register import Register
from enrollment.subjects import resident_subjects
from gate.config import FaceLimits, PlateRules
from gate.decision.decide import decide
from gate.decision.decision import CredentialEvidence, CredentialFault, Decision, Reason, Verdict
from gate.decision.moment import Moment
from gate.decision.rules import Rules
from gate.lane.showing import Showing, Shown
from gate.rulebook.pass_book import PassBook

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
RULES = Rules("in", (), FaceLimits(accept=0.45), PlateRules(), "v1")
KEYRING = Keyring(bytes(range(32)))


@dataclass
class World:
    register: Register
    passes: Passes
    showing: Showing
    codes: GateCodes = field(default_factory=lambda: GateCodes(KEYRING))

    def resident(self) -> str:
        return self.register.enrol(PersonForm.of("张三", "3-2-501"), "staff").id

    def give(self, kind: CredentialKind, resident: str, number: str | None = None) -> str:
        return self.register.credentials.give(resident, kind, "staff", number).credential.id

    def qr(self, text: str, at: datetime = NOW) -> Decision:
        shown = self.showing.qr(text, at, "in")
        assert shown is not None
        return self.decided(shown, at)

    def decided(self, shown: Shown, at: datetime = NOW) -> Decision:
        """As a lane does it: the use is taken with the decision."""
        decision = decide(shown.evidence, RULES, Moment(at), visit=shown.visit)
        if decision.reason is Reason.VISITOR_PASS and shown.visit:
            assert PassBook(self.passes).use(shown.visit, at, "in", "p")
        return decision


@pytest.fixture
def world(tmp_path: Path) -> World:
    engine = open_database(tmp_path / "menwei.db")
    upgrade(engine)
    register = Register(engine, KEYRING, lambda *_: None, now=lambda: NOW)
    passes = Passes(engine, KEYRING, lambda *_: None, now=lambda: NOW)

    def people() -> Mapping[str, Subject]:
        with reading(engine) as session:
            return resident_subjects(session, NOW)

    return World(register, passes, Showing(GateCodes(KEYRING), register.credentials, passes, people))


def test_a_residents_code_opens_once_and_its_photograph_is_refused(world: World) -> None:
    resident = world.resident()
    code = world.codes.changing(world.give(CredentialKind.QR, resident), step_of(NOW))
    opened, copied = world.qr(code), world.qr(code)
    assert (opened.verdict, opened.reason) == (Verdict.OPEN, Reason.KNOWN_RESIDENT)
    assert opened.subject is not None
    assert opened.subject.id == resident
    assert (copied.verdict, copied.reason) == (Verdict.REFUSE, Reason.CODE_SHOWN_BEFORE)


def test_a_clock_that_is_set_back_brings_no_code_back(world: World) -> None:
    id_ = world.give(CredentialKind.QR, world.resident())
    earlier, now = (world.codes.changing(id_, step_of(NOW) + by) for by in (-2, 0))
    assert world.qr(now).verdict is Verdict.OPEN
    assert world.qr(earlier, NOW - timedelta(minutes=1)).reason is Reason.CODE_SHOWN_BEFORE
    assert world.qr(now, NOW).reason is Reason.CODE_SHOWN_BEFORE


def test_a_code_that_was_taken_back_or_of_somebody_erased_opens_nothing(world: World) -> None:
    resident = world.resident()
    id_ = world.give(CredentialKind.QR, resident)
    world.register.credentials.take_back(id_, "staff")
    assert world.qr(world.codes.changing(id_, step_of(NOW))).reason is Reason.CREDENTIAL_UNKNOWN
    id_ = world.give(CredentialKind.QR, resident)
    world.register.remove(resident, "staff")
    assert world.qr(world.codes.changing(id_, step_of(NOW))).reason is Reason.CREDENTIAL_UNKNOWN


def test_a_visitors_picture_works_twice_and_not_a_third_time(world: World) -> None:
    made = world.passes.add("staff", NOW, NOW + timedelta(hours=2), 2, code=True).made
    text = world.codes.lasting(made.id)
    assert [world.qr(text).verdict for _ in range(3)] == [Verdict.OPEN, Verdict.OPEN, Verdict.ASK]
    assert world.qr(text).reason is Reason.PASS_OVER
    leaving = world.showing.qr(text, NOW, "out")
    assert leaving is not None
    assert leaving.visit is not None


def test_the_picture_of_a_pass_without_a_code_opens_nothing(world: World) -> None:
    made = world.passes.add("staff", NOW, NOW + timedelta(hours=2), pin=True).made
    assert world.qr(world.codes.lasting(made.id)).reason is Reason.CREDENTIAL_UNKNOWN


def test_cards_and_pins_are_their_residents(world: World) -> None:
    resident = world.resident()
    world.give(CredentialKind.CARD, resident, "04A1B2C3")
    pin = world.register.credentials.give(resident, CredentialKind.PIN, "staff").pin
    assert pin is not None
    assert world.decided(world.showing.card("04:a1:b2:c3")).verdict is Verdict.OPEN
    assert world.decided(world.showing.resident_pin("3-2-501", pin)).verdict is Verdict.OPEN
    for shown in (
        world.showing.card("FFFF0000"),
        world.showing.card("' OR 1=1"),
        world.showing.resident_pin("3-2-501", "000000"),
        world.showing.resident_pin("3-2-502", pin),
        world.showing.resident_pin("nonsense", pin),
        world.showing.visitor_pin("00000000", NOW, "in"),
    ):
        assert world.decided(shown).reason is Reason.CREDENTIAL_UNKNOWN


def test_a_visitors_pin_counts_its_uses(world: World) -> None:
    made = world.passes.add("staff", NOW, NOW + timedelta(hours=2), pin=True)
    assert made.pin is not None
    shown = [world.decided(world.showing.visitor_pin(made.pin, NOW, "in")).verdict for _ in range(2)]
    assert shown == [Verdict.OPEN, Verdict.ASK]


def test_a_register_that_does_not_answer_lets_nobody_in_and_turns_nobody_away(tmp_path: Path) -> None:
    empty = open_database(tmp_path / "empty.db")
    register, passes = Register(empty, KEYRING, lambda *_: None), Passes(empty, KEYRING, lambda *_: None)
    shown = Showing(GateCodes(KEYRING), register.credentials, passes, dict).card("04A1B2C3")
    assert shown.evidence == CredentialEvidence(CredentialKind.CARD, None, CredentialFault.UNCHECKED)
    assert decide(shown.evidence, RULES, Moment(NOW)).verdict is Verdict.ASK
