"""A card, a PIN or a QR code that was shown: the same rights as by the face, and a fault opens nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.candidate import Candidate, Subject, SubjectKind
from enrollment.credential import CredentialKind
from gate.access_rules import AccessRules
from gate.config import FaceLimits, PlateRules
from gate.decision.decide import decide
from gate.decision.decision import CredentialEvidence, CredentialFault, FaceEvidence, Reason, Verdict
from gate.decision.moment import History, Moment, Visit
from gate.decision.rules import Rules
from gate.rulebook.recorded import Recorded, read, written
from gate.week import WeekHours

LANE = "north-in"
NOON = Moment(datetime(2026, 3, 4, 12, tzinfo=UTC))
RULES = Rules(LANE, (), FaceLimits(accept=0.45), PlateRules(), "v1")
RESIDENT = Subject("r1", SubjectKind.RESIDENT, "h1")
SHOWN = CredentialEvidence(CredentialKind.QR, RESIDENT, None)
VISITOR = CredentialEvidence(CredentialKind.QR, None, None)

subjects = st.builds(
    Subject,
    id=st.just("r1"),
    kind=st.just(SubjectKind.RESIDENT),
    household=st.just("h1"),
    blocked=st.booleans(),
    lanes=st.none() | st.frozensets(st.sampled_from([LANE, "south-in"])),
    building=st.none() | st.just("3"),
    until=st.none() | st.datetimes(timezones=st.just(UTC)),
)
histories = st.builds(
    History, last=st.none() | st.sampled_from(["in", "out"]), at=st.just(NOON.at), known=st.booleans()
)
rules_ = st.builds(
    Rules,
    lane=st.just(LANE),
    hours=st.sampled_from([(), (WeekHours(**{"from": time(1), "until": time(2)}),)]),
    faces=st.just(RULES.faces),
    plates=st.just(RULES.plates),
    version=st.just("v1"),
    access=st.builds(AccessRules, passback=st.sampled_from(["off", "soft", "hard"])),
    credentials=st.just(frozenset()),
)
faults = st.none() | st.sampled_from(CredentialFault)
evidence_ = st.builds(CredentialEvidence, st.sampled_from(CredentialKind), st.none() | subjects, faults)
visits = st.none() | st.builds(Visit, st.just("p1"), st.none() | st.frozensets(st.sampled_from([LANE, "south-in"])))


@given(subjects, st.sampled_from(CredentialKind), rules_, histories)
def test_a_residents_credential_has_the_rights_of_the_face(
    subject: Subject, kind: CredentialKind, rules: Rules, history: History
) -> None:
    face = FaceEvidence(20, Candidate(subject, 1.0, -1.0, 1), 0.9, 200, 5.0)
    by_face = decide(face, rules, NOON, history=history)
    shown = decide(CredentialEvidence(kind, subject, None), rules, NOON, history=history)
    assert (shown.verdict, shown.reason, shown.subject) == (by_face.verdict, by_face.reason, by_face.subject)


@given(evidence_, rules_, histories, visits)
def test_only_a_living_credential_opens(
    evidence: CredentialEvidence, rules: Rules, history: History, visit: Visit | None
) -> None:
    decision = decide(evidence, rules, NOON, history=history, visit=visit)
    assert decision.final
    if decision.verdict is Verdict.OPEN:
        assert evidence.fault is None
        assert evidence.subject is not None or visit is not None
    blocked = evidence.subject is not None and evidence.subject.blocked
    assert not (blocked and decision.verdict is Verdict.OPEN)


@pytest.mark.parametrize(
    ("fault", "verdict", "reason"),
    [
        (CredentialFault.UNKNOWN, Verdict.REFUSE, Reason.CREDENTIAL_UNKNOWN),
        (CredentialFault.OVER, Verdict.ASK, Reason.CODE_OVER),
        (CredentialFault.SHOWN_BEFORE, Verdict.REFUSE, Reason.CODE_SHOWN_BEFORE),
        (CredentialFault.PASS_OVER, Verdict.ASK, Reason.PASS_OVER),
        (CredentialFault.UNCHECKED, Verdict.ASK, Reason.FACTS_MISSING),
    ],
)
def test_a_fault_says_what_it_is(fault: CredentialFault, verdict: Verdict, reason: Reason) -> None:
    decision = decide(CredentialEvidence(CredentialKind.QR, None, fault), RULES, NOON)
    assert (decision.verdict, decision.reason, decision.subject) == (verdict, reason, None)


def test_a_visitors_code_opens_where_its_pass_reaches() -> None:
    assert decide(VISITOR, RULES, NOON, visit=Visit("p1")).reason is Reason.VISITOR_PASS
    elsewhere = decide(VISITOR, RULES, NOON, visit=Visit("p1", frozenset({"south-in"})))
    assert (elsewhere.verdict, elsewhere.reason) == (Verdict.ASK, Reason.NO_RIGHT_HERE)
    used_up = decide(VISITOR, RULES, NOON)
    assert (used_up.verdict, used_up.reason) == (Verdict.ASK, Reason.PASS_OVER)


def test_a_lane_that_does_not_take_codes_asks() -> None:
    rules = replace(RULES, credentials=frozenset({"face", "card"}))
    assert decide(SHOWN, rules, NOON).reason is Reason.CREDENTIAL_NOT_HERE
    card = replace(SHOWN, shown=CredentialKind.CARD)
    assert decide(card, rules, NOON).verdict is Verdict.OPEN


@given(evidence_, rules_, histories, visits)
def test_the_record_makes_the_same_decision_again(
    evidence: CredentialEvidence, rules: Rules, history: History, visit: Visit | None
) -> None:
    decision = decide(evidence, rules, NOON, history=history, visit=visit)
    again = read(written(Recorded.of(evidence, rules, NOON, history, visit))).decide(rules, NOON, None)
    assert (again.verdict, again.reason, again.subject) == (decision.verdict, decision.reason, decision.subject)
