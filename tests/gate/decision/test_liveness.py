"""What is a doubt about a living face, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.candidate import Candidate, Subject, SubjectKind
from gate.config import FaceLimits, PlateRules
from gate.decision.decide import decide
from gate.decision.decision import FaceEvidence, Reason, Verdict
from gate.decision.liveness import LifeDoubt, Liveness
from gate.decision.moment import Moment
from gate.decision.rules import Rules
from gate.face_rules import LivenessRules

STRICT = LivenessRules(live_from=0.4)
RULES = Rules("in", (), FaceLimits(accept=0.45, liveness=STRICT), PlateRules(), "v1")
NOON = Moment(datetime(2026, 3, 4, 12, tzinfo=UTC))
RESIDENT = Subject("r1", SubjectKind.RESIDENT, "h1")
KNOWN = Candidate(RESIDENT, 0.8, 0.1, 4)
LIVING = Liveness(10, 0.9, 1.0)
FACE = FaceEvidence(10, KNOWN, 0.8, 120, 2.0, liveness=LIVING)


@pytest.mark.parametrize(
    ("seen", "rules", "doubts"),
    [
        (Liveness(), STRICT, ()),
        (LIVING, STRICT, ()),
        (replace(LIVING, live=0.39), STRICT, (LifeDoubt.LOOKS,)),
        (replace(LIVING, live=0.4), STRICT, ()),
        (replace(LIVING, live=0.01), LivenessRules(), ()),
        (replace(LIVING, rim=True), STRICT, (LifeDoubt.RIM,)),
        (replace(LIVING, rim=True, flat=False), STRICT, (LifeDoubt.RIM,)),
        (replace(LIVING, flat=True), STRICT, (LifeDoubt.FLAT,)),
        (replace(LIVING, live=0.1, rim=True, flat=True), STRICT, tuple(LifeDoubt)),
        (replace(LIVING, live=0.1, rim=True, flat=True), LivenessRules(on=False, live_from=0.4), ()),
    ],
)
def test_each_layer_doubts_by_itself_and_none_clears_another(
    seen: Liveness, rules: LivenessRules, doubts: tuple[LifeDoubt, ...]
) -> None:
    assert seen.doubts(rules) == doubts


@pytest.mark.parametrize("doubt", [{"live": 0.1}, {"rim": True}, {"flat": True}], ids=["looks", "rim", "flat"])
def test_a_resident_in_doubt_is_waited_for_and_then_asked_about(doubt: dict[str, object]) -> None:
    doubtful = replace(FACE, liveness=replace(LIVING, **doubt))
    early = decide(replace(doubtful, frames=4, lasting_s=0.4), RULES, NOON)
    assert (early.verdict, early.reason) == (Verdict.IGNORE, Reason.NOT_ENOUGH_EVIDENCE)
    late = decide(doubtful, RULES, NOON)
    assert (late.verdict, late.reason, late.subject) == (Verdict.ASK, Reason.LIVENESS_DOUBT, RESIDENT)
    assert late.settles


def test_more_frames_that_clear_the_doubt_open() -> None:
    doubtful = replace(FACE, frames=4, lasting_s=0.4, liveness=replace(LIVING, rim=True))
    assert decide(doubtful, RULES, NOON).verdict is Verdict.IGNORE
    assert decide(replace(doubtful, frames=6, liveness=LIVING), RULES, NOON).verdict is Verdict.OPEN


@pytest.mark.parametrize(
    ("candidate", "verdict", "reason"),
    [
        (replace(KNOWN, subject=replace(RESIDENT, blocked=True)), Verdict.REFUSE, Reason.BLOCKED),
        (replace(KNOWN, score=0.2), Verdict.REFUSE, Reason.STRANGER),
        (None, Verdict.REFUSE, Reason.STRANGER),
        (replace(KNOWN, subject=replace(RESIDENT, lanes=frozenset({"out"}))), Verdict.ASK, Reason.NO_RIGHT_HERE),
        (replace(KNOWN, runner_up=0.79), Verdict.ASK, Reason.TOO_CLOSE_TO_CALL),
    ],
)
def test_what_would_not_open_anyway_is_told_as_before(
    candidate: Candidate | None, verdict: Verdict, reason: Reason
) -> None:
    decision = decide(replace(FACE, candidate=candidate, liveness=replace(LIVING, rim=True)), RULES, NOON)
    assert (decision.verdict, decision.reason) == (verdict, reason)


@given(
    frames=st.integers(0, 40),
    lasting_s=st.floats(0, 10),
    live=st.none() | st.floats(0, 1),
    rim=st.booleans(),
    flat=st.sampled_from([None, True, False]),
    score=st.floats(-1, 1),
    blocked=st.booleans(),
)
def test_no_doubtful_face_ever_opens_and_doubt_refuses_nobody(
    frames: int, lasting_s: float, live: float | None, rim: bool, flat: bool | None, score: float, blocked: bool
) -> None:
    candidate = Candidate(replace(RESIDENT, blocked=blocked), score, -1.0, 4)
    doubted = FaceEvidence(frames, candidate, 0.8, 120, lasting_s, liveness=Liveness(frames, live, 1.0, rim, flat))
    decision, without = decide(doubted, RULES, NOON), decide(replace(doubted, liveness=Liveness()), RULES, NOON)
    if doubted.liveness.doubts(STRICT):
        assert decision.verdict is not Verdict.OPEN
    else:
        assert decision.verdict is without.verdict
    assert (decision.verdict is Verdict.REFUSE) == (without.verdict is Verdict.REFUSE)


@pytest.mark.parametrize("wrong", [{"live": 1.2}, {"frames": -1}, {"agreeing": 2.0}])
def test_evidence_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no evidence"):
        replace(LIVING, **wrong)
