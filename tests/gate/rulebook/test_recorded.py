"""What is kept of a face behind a mask, and what was kept before masks were told apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from enrollment.candidate import Candidate, Subject, SubjectKind
from gate.config import FaceLimits, PlateRules
from gate.decision.decision import FaceEvidence, Verdict
from gate.decision.moment import NEVER_SEEN, Moment
from gate.decision.rules import Rules
from gate.face_rules import MaskLimits
from gate.rulebook.recorded import NOBODY, Recorded, read, written

ANNA = Subject("r1", SubjectKind.RESIDENT, "h1")
FACE = FaceEvidence(10, Candidate(ANNA, 0.55, 0.1, 4), 0.8, 120, 2.0, covered=10, masked=True)
NOON = Moment(datetime(2026, 3, 4, 12, tzinfo=UTC))
LIMITS = FaceLimits(accept=0.45, masked=MaskLimits(accept=0.6, far_1e_4=0.5, per_decade=0.1))


def _rules(limits: FaceLimits) -> Rules:
    return Rules("in", (), limits, PlateRules(), "v1")


@pytest.mark.parametrize(("masked", "kept"), [(True, NOBODY), (False, ANNA)], ids=["behind a mask", "bare"])
def test_whom_a_face_is_only_somewhat_like_is_kept_where_that_is_enough(masked: bool, kept: Subject) -> None:
    evidence = Recorded.of(replace(FACE, masked=masked), _rules(LIMITS), NOON, NEVER_SEEN, None).evidence
    assert isinstance(evidence, FaceEvidence)
    assert evidence.candidate is not None
    assert evidence.candidate.subject == kept


def test_a_row_from_before_masks_were_told_apart_is_decided_as_it_was() -> None:
    row = written(Recorded.of(replace(FACE, masked=False), _rules(LIMITS), NOON, NEVER_SEEN, None))
    del row["evidence"]["masked"]
    assert read(row).decide(_rules(LIMITS), NOON, None).verdict is Verdict.OPEN


def test_rules_from_before_masks_were_told_apart_know_nobody_behind_one() -> None:
    sure = replace(FACE, candidate=replace(FACE.candidate, score=0.9))
    again = read(written(Recorded.of(sure, _rules(LIMITS), NOON, NEVER_SEEN, None)))
    assert again.decide(_rules(LIMITS), NOON, None).verdict is Verdict.OPEN
    assert again.decide(_rules(FaceLimits(accept=0.45)), NOON, None).verdict is Verdict.ASK
