"""The decision by tables and by properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.candidate import Candidate, Subject, SubjectKind
from enrollment.gallery import Gallery
from enrollment.plate_match import Doubt
from gate.config import BarrierPart, CameraPart, Config, FaceLimits, Lane, PlateRules, WeekHours
from gate.decision.decide import decide as decide_at
from gate.decision.decision import Decision, FaceEvidence, Movement, PlateEvidence, Reason, Verdict
from gate.decision.liveness import Liveness
from gate.decision.moment import Moment
from gate.decision.rules import Rules
from gate.decision.week_plan import open_at
from gate.face_rules import MaskLimits
from models.sighting import Embedding, FaceFault, PlateColour, PlateKind

DAY = WeekHours(**{"from": time(6), "until": time(22)})
NIGHT = WeekHours(**{"from": time(22), "until": time(6)})
BEHIND_MASK = MaskLimits(accept=0.6, far_1e_4=0.5, per_decade=0.1)
RULES = Rules("north-in", (DAY,), FaceLimits(accept=0.45, masked=BEHIND_MASK), PlateRules(), "v1")
NOON = time(12)
RESIDENT = Subject("r1", SubjectKind.RESIDENT, "h1")
CAR = Subject("v1", SubjectKind.VEHICLE, "h1")
FACE = FaceEvidence(10, Candidate(RESIDENT, 0.7, 0.1, 4), 0.8, 120, 2.0)
UNCLEAR = FaceEvidence(0, None, 0.0, 0.0, 0.0, fault=FaceFault.TOO_DARK, unclear_s=4.0)
UNSURE, CLOSE = Candidate(RESIDENT, 0.55, 0.1, 4), Candidate(RESIDENT, 0.7, 0.65, 4)
LOW = Candidate(RESIDENT, 0.2, 0.1, 4)
PLATE = PlateEvidence(10, "辽A12345", (0.95,) * 7, PlateColour.BLUE, PlateKind.CAR, CAR, 2.0, 10)

DOUBTFUL = replace(
    PLATE, text="辽A12845", confidences=(0.97,) * 4 + (0.55,) + (0.97,) * 2, doubt=Doubt(5, "8", "B", "8", 0.55, 0.95)
)


def _at(clock: time) -> Moment:
    return Moment(datetime.combine(date(2026, 3, 4), clock, UTC))


def decide(evidence: FaceEvidence | PlateEvidence, rules: Rules, at: time, *, decided: bool = False) -> Decision:
    return decide_at(evidence, rules, _at(at), decided=decided)


@pytest.mark.parametrize(
    ("evidence", "at", "verdict", "reason"),
    [
        (FACE, NOON, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        (replace(FACE, frames=2), NOON, Verdict.IGNORE, Reason.NOT_ENOUGH_EVIDENCE),
        (replace(FACE, candidate=None), NOON, Verdict.REFUSE, Reason.STRANGER),
        (replace(FACE, candidate=Candidate(RESIDENT, 0.449, 0.1, 4)), NOON, Verdict.REFUSE, Reason.STRANGER),
        (
            replace(FACE, candidate=Candidate(RESIDENT, 0.2, 0.1, 4), frames=5),
            NOON,
            Verdict.IGNORE,
            Reason.NOT_ENOUGH_EVIDENCE,
        ),
        (
            replace(FACE, candidate=Candidate(RESIDENT, 0.2, 0.1, 4), lasting_s=1.0),
            NOON,
            Verdict.IGNORE,
            Reason.NOT_ENOUGH_EVIDENCE,
        ),
        (replace(FACE, candidate=Candidate(RESIDENT, 0.6, 0.55, 4)), NOON, Verdict.ASK, Reason.TOO_CLOSE_TO_CALL),
        (replace(UNCLEAR, unclear_s=3.9), NOON, Verdict.IGNORE, Reason.NOT_ENOUGH_EVIDENCE),
        (UNCLEAR, NOON, Verdict.ASK, Reason.FACE_UNCLEAR),
        (replace(UNCLEAR, frames=3, candidate=FACE.candidate), NOON, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        (replace(FACE, candidate=Candidate(RESIDENT, 0.5, 0.1, 10_000)), NOON, Verdict.REFUSE, Reason.STRANGER),
        (replace(FACE, candidate=LOW, covered=6), NOON, Verdict.ASK, Reason.FACE_COVERED),
        (replace(FACE, candidate=LOW, covered=5), NOON, Verdict.REFUSE, Reason.STRANGER),
        (replace(FACE, covered=10), NOON, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        (replace(FACE, covered=10, masked=True), NOON, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        (replace(FACE, candidate=UNSURE, covered=10, masked=True), NOON, Verdict.ASK, Reason.FACE_COVERED),
        (replace(FACE, candidate=UNSURE), NOON, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        (replace(FACE, candidate=CLOSE, masked=True), NOON, Verdict.ASK, Reason.TOO_CLOSE_TO_CALL),
        (replace(FACE, masked=True, liveness=Liveness(rim=True)), NOON, Verdict.ASK, Reason.LIVENESS_DOUBT),
        (FACE, time(5, 59), Verdict.ASK, Reason.OUTSIDE_HOURS),
        (FACE, time(22), Verdict.ASK, Reason.OUTSIDE_HOURS),
        (
            replace(FACE, candidate=Candidate(replace(RESIDENT, blocked=True), 0.7, 0.1, 4)),
            NOON,
            Verdict.REFUSE,
            Reason.BLOCKED,
        ),
        (
            replace(FACE, candidate=Candidate(replace(RESIDENT, lanes=frozenset({"south-in"})), 0.7, 0.1, 4)),
            NOON,
            Verdict.ASK,
            Reason.NO_RIGHT_HERE,
        ),
        (PLATE, NOON, Verdict.OPEN, Reason.KNOWN_VEHICLE),
        (replace(PLATE, subject=None), NOON, Verdict.ASK, Reason.UNKNOWN_VEHICLE),
        (replace(PLATE, subject=None, frames=4), NOON, Verdict.IGNORE, Reason.NOT_ENOUGH_EVIDENCE),
        (replace(PLATE, agreeing=2), NOON, Verdict.ASK, Reason.UNREADABLE_PLATE),
        (replace(PLATE, agreeing=2, frames=5), NOON, Verdict.IGNORE, Reason.NOT_ENOUGH_EVIDENCE),
        (replace(PLATE, kind=None), NOON, Verdict.ASK, Reason.UNREADABLE_PLATE),
        (replace(PLATE, confidences=(0.99,) * 6 + (0.5,)), NOON, Verdict.ASK, Reason.UNREADABLE_PLATE),
        (replace(PLATE, subject=replace(CAR, blocked=True)), NOON, Verdict.REFUSE, Reason.BLOCKED),
        (PLATE, time(23), Verdict.ASK, Reason.OUTSIDE_HOURS),
        (DOUBTFUL, NOON, Verdict.OPEN, Reason.LOOKALIKE_VEHICLE),
        (replace(DOUBTFUL, frames=5), NOON, Verdict.IGNORE, Reason.NOT_ENOUGH_EVIDENCE),
        (replace(DOUBTFUL, lasting_s=1.0), NOON, Verdict.IGNORE, Reason.NOT_ENOUGH_EVIDENCE),
        (replace(DOUBTFUL, subject=replace(CAR, blocked=True)), NOON, Verdict.REFUSE, Reason.BLOCKED),
        (replace(DOUBTFUL, subject=None), NOON, Verdict.ASK, Reason.UNKNOWN_VEHICLE),
        (
            replace(DOUBTFUL, doubt=Doubt(5, "8", "B", "8", 0.5, 0.79)),
            NOON,
            Verdict.ASK,
            Reason.UNREADABLE_PLATE,
        ),
        (
            replace(DOUBTFUL, confidences=(0.97, 0.7, 0.97, 0.97, 0.55, 0.97, 0.97)),
            NOON,
            Verdict.ASK,
            Reason.UNREADABLE_PLATE,
        ),
    ],
)
def test_table(evidence: FaceEvidence | PlateEvidence, at: time, verdict: Verdict, reason: Reason) -> None:
    decision = decide(evidence, RULES, at)
    assert (decision.verdict, decision.reason) == (verdict, reason)
    assert decision.rules_version == "v1"


def test_a_decided_track_is_left_alone() -> None:
    decision = decide(FACE, RULES, NOON, decided=True)
    assert (decision.verdict, decision.reason) == (Verdict.IGNORE, Reason.ALREADY_DECIDED)


@pytest.mark.parametrize("evidence", [FACE, PLATE], ids=["face", "plate"])
@pytest.mark.parametrize(
    ("movement", "lasting_s", "verdict", "reason"),
    [
        (Movement.TOWARDS, 0.2, Verdict.OPEN, None),
        (Movement.AWAY, 9.0, Verdict.IGNORE, Reason.OTHER_WAY),
        (Movement.UNSURE, 0.2, Verdict.IGNORE, Reason.NOT_ENOUGH_EVIDENCE),
        (Movement.UNSURE, 2.0, Verdict.ASK, Reason.DIRECTION_UNCLEAR),
    ],
)
def test_where_a_lane_has_a_heading_only_what_comes_that_way_opens_it(
    evidence: FaceEvidence | PlateEvidence,
    movement: Movement,
    lasting_s: float,
    verdict: Verdict,
    reason: Reason | None,
) -> None:
    rules = replace(RULES, heading=Movement.TOWARDS)
    decision = decide(replace(evidence, movement=movement, lasting_s=lasting_s), rules, NOON)
    assert decision.verdict is verdict
    assert reason is None or decision.reason is reason


def test_a_blocked_car_is_refused_wherever_it_is_heading() -> None:
    rules = replace(RULES, heading=Movement.TOWARDS)
    decision = decide(replace(PLATE, subject=replace(CAR, blocked=True)), rules, NOON)
    assert (decision.verdict, decision.settles) == (Verdict.REFUSE, True)


@pytest.mark.parametrize(
    ("kind", "given_", "expected"),
    [
        ("vehicle", None, Movement.TOWARDS),
        ("vehicle", "any", None),
        ("vehicle", "away", Movement.AWAY),
        ("pedestrian", None, None),
        ("pedestrian", "towards", Movement.TOWARDS),
    ],
)
def test_vehicles_must_come_nearer_unless_the_lane_says_otherwise(
    kind: str, given_: str | None, expected: Movement | None
) -> None:
    lane = Lane(id="a", name="a", kind=kind, camera="c", barrier="b", heading=given_)  # type: ignore[arg-type]
    assert Rules.of(Config(), lane, RULES.faces).heading is expected


def test_hours_may_run_past_midnight() -> None:
    night = replace(RULES, hours=(NIGHT,))
    assert [open_at(night.hours, _at(time(h))) for h in (21, 22, 23, 0, 5, 6)] == [False, True, True, True, True, False]


subjects = st.builds(
    Subject,
    id=st.just("s"),
    kind=st.sampled_from(SubjectKind),
    household=st.just("h"),
    blocked=st.booleans(),
    lanes=st.none() | st.frozensets(st.sampled_from(["north-in", "south-in"])),
)
scores = st.floats(-1, 1)
faces = st.builds(
    FaceEvidence,
    frames=st.integers(0, 40),
    candidate=st.none() | st.builds(Candidate, subjects, scores, scores, st.integers(0, 100_000)),
    quality=st.floats(0, 1),
    height_px=st.floats(0, 500),
    lasting_s=st.floats(0, 30),
    movement=st.sampled_from(Movement),
    fault=st.none() | st.sampled_from(FaceFault),
    unclear_s=st.floats(0, 30),
    covered=st.integers(0, 40),
    masked=st.booleans(),
)
plates = st.builds(
    PlateEvidence,
    frames=st.integers(0, 40),
    text=st.just("辽A12345"),
    confidences=st.lists(st.floats(0, 1), max_size=8).map(tuple),
    colour=st.sampled_from(PlateColour),
    kind=st.none() | st.sampled_from(PlateKind),
    subject=st.none() | subjects,
    lasting_s=st.floats(0, 30),
    agreeing=st.integers(0, 40),
    doubt=st.none()
    | st.builds(
        Doubt,
        position=st.integers(1, 9),
        read=st.just("8"),
        enrolled=st.just("B"),
        other=st.just("8"),
        share=st.floats(0, 1),
        together=st.floats(0, 1),
    ),
    movement=st.sampled_from(Movement),
)
headings = st.none() | st.sampled_from([Movement.TOWARDS, Movement.AWAY])


@given(faces | plates, headings, st.times(), st.booleans())
def test_total_deterministic_and_never_opens_for_the_blocked(
    evidence: FaceEvidence | PlateEvidence, heading: Movement | None, at: time, decided: bool
) -> None:
    rules = replace(RULES, heading=heading)
    decision = decide(evidence, rules, at, decided=decided)
    assert decision == decide(evidence, rules, at, decided=decided)
    if decision.verdict is Verdict.OPEN:
        assert not decided
        assert decision.subject is not None
        assert not decision.subject.blocked
        assert decision.subject.may_use("north-in")
        assert open_at(rules.hours, _at(at))
        assert heading in {None, evidence.movement}


@given(faces, st.times())
def test_opens_for_a_face_only_on_score_margin_and_frames(evidence: FaceEvidence, at: time) -> None:
    if decide(evidence, RULES, at).verdict is Verdict.OPEN:
        assert evidence.candidate is not None
        assert evidence.candidate.score >= RULES.faces.needed(evidence.candidate.searched)
        assert evidence.candidate.margin >= RULES.faces.margin
        assert evidence.frames >= RULES.faces.min_frames


@given(faces, st.integers(0, 100_000), st.times())
def test_never_opens_on_less_evidence_than_a_smaller_gallery_needed(
    evidence: FaceEvidence, more: int, at: time
) -> None:
    if evidence.candidate is None:
        return
    grown = replace(evidence.candidate, searched=evidence.candidate.searched + more)
    if decide(replace(evidence, candidate=grown), RULES, at).verdict is Verdict.OPEN:
        assert decide(evidence, RULES, at).verdict is Verdict.OPEN


@given(faces, st.integers(0, 9), st.floats(0, 0.3), st.floats(0, 0.3), st.times())
def test_better_evidence_never_shuts_what_was_open(
    evidence: FaceEvidence, frames: int, higher: float, lower: float, at: time
) -> None:
    if evidence.candidate is None or decide(evidence, RULES, at).verdict is not Verdict.OPEN:
        return
    surer = replace(
        evidence.candidate, score=evidence.candidate.score + higher, runner_up=evidence.candidate.runner_up - lower
    )
    assert (
        decide(replace(evidence, candidate=surer, frames=evidence.frames + frames), RULES, at).verdict is Verdict.OPEN
    )


units = (
    st.lists(st.integers(-3, 3), min_size=3, max_size=3)
    .filter(any)
    .map(lambda numbers: np.array(numbers, np.float32) / np.float32(np.linalg.norm(numbers)))
)
crowds = st.lists(st.tuples(units, st.booleans()), min_size=1, max_size=8)


@given(crowds, crowds, units, st.times())
def test_more_people_enrolled_never_open_for_somebody_whom_fewer_kept_out(
    few: list[tuple[Embedding, bool]], more: list[tuple[Embedding, bool]], looked: Embedding, at: time
) -> None:
    everybody = [
        (Subject(f"r{number}", SubjectKind.RESIDENT, "h", blocked), [face])
        for number, (face, blocked) in enumerate([*few, *more])
    ]
    small, large = Gallery.of("m", everybody[: len(few)]), Gallery.of("m", everybody)
    opened = decide(replace(FACE, candidate=large.search(looked, "north-in")), RULES, at)
    if opened.verdict is Verdict.OPEN and opened.subject in small.subjects:
        assert decide(replace(FACE, candidate=small.search(looked, "north-in")), RULES, at).verdict is Verdict.OPEN


@given(plates, st.times())
def test_opens_for_a_plate_only_when_every_character_is_sure(evidence: PlateEvidence, at: time) -> None:
    if decide(evidence, RULES, at).verdict is Verdict.OPEN:
        assert evidence.kind is not None
        assert evidence.agreeing >= RULES.plates.min_frames
        doubt = evidence.doubt
        for position, share in enumerate(evidence.confidences, 1):
            in_doubt = doubt is not None and doubt.position == position
            assert (doubt.together if doubt and in_doubt else share) >= RULES.plates.min_character
        assert evidence.confidences


def test_any_changed_rule_changes_the_version() -> None:
    lane = Lane(id="a", name="a", kind="vehicle", camera="c", barrier="b", hours=(DAY,))
    config = Config(camera=(CameraPart(id="c", url="usb:0"),), barrier=(BarrierPart(id="b"),), lane=(lane,))
    faces = FaceLimits(accept=0.45)
    versions = {
        Rules.of(config, lane, faces).version,
        Rules.of(config, lane.model_copy(update={"hours": (NIGHT,)}), faces).version,
        Rules.of(config, lane.model_copy(update={"heading": "away"}), faces).version,
        Rules.of(config, lane, FaceLimits(accept=0.5)).version,
        Rules.of(config.model_copy(update={"plates": PlateRules(min_frames=4)}), lane, faces).version,
    }
    assert len(versions) == 5
    assert Rules.of(config, lane, faces).version in versions
