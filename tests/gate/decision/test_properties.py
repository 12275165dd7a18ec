"""What holds of the decision whatever the evidence, the rules and the hour."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from hypothesis import assume, given
from hypothesis import strategies as st

from enrollment.candidate import Candidate, Subject, SubjectKind
from enrollment.plate_match import Doubt
from gate.access_rules import AccessRules
from gate.config import FaceLimits, PlateRules, WeekHours
from gate.decision.decide import decide as decide_at
from gate.decision.decision import Decision, Evidence, FaceEvidence, Movement, PlateEvidence, Reason, Verdict
from gate.decision.moment import Moment
from gate.decision.rules import Rules
from gate.decision.week_plan import open_at
from models.sighting import FaceFault, PlateColour, PlateKind

LANE = "north-in"

seconds = st.floats(0, 30)
shares = st.floats(0, 1)
counts = st.integers(0, 20)
templates = st.integers(0, 200_000)


def _at(clock: time) -> Moment:
    return Moment(datetime.combine(date(2026, 3, 4), clock, UTC))


def decide(evidence: Evidence, rules: Rules, at: time, *, decided: bool = False) -> Decision:
    return decide_at(evidence, rules, _at(at), decided=decided)


def _hours(start: time, end: time) -> WeekHours:
    return WeekHours(**{"from": start, "until": end})


spans = st.tuples(st.times(), st.times()).filter(lambda two: two[0] != two[1]).map(lambda two: _hours(*two))
face_limits = st.builds(
    FaceLimits,
    accept=st.floats(-1, 1),
    far_1e_4=st.floats(-1, 1),
    per_decade=st.floats(0.001, 1),
    false_positives=st.floats(1e-6, 1),
    margin=st.floats(0, 0.5),
    min_frames=st.integers(1, 8),
    stranger_frames=st.integers(1, 20),
    stranger_after_s=st.floats(0, 5),
    unclear_after_s=st.floats(0, 5),
)
plate_rules = st.builds(
    PlateRules,
    min_frames=st.integers(1, 8),
    min_character=shares,
    unknown_frames=st.integers(1, 20),
    unknown_after_s=st.floats(0, 5),
)
rules_ = st.builds(
    Rules,
    lane=st.just(LANE),
    hours=st.just(()) | st.lists(spans, max_size=2).map(tuple),
    faces=face_limits,
    plates=plate_rules,
    version=st.sampled_from(["v1", "v2"]),
    heading=st.none() | st.sampled_from([Movement.TOWARDS, Movement.AWAY]),
    access=st.just(AccessRules(emergency_kinds=())),
)
"""Emergency vehicles pass whatever else holds; `test_precedence` has them."""
subjects = st.builds(
    Subject,
    id=st.sampled_from(["s1", "s2"]),
    kind=st.sampled_from(SubjectKind),
    household=st.just("h"),
    blocked=st.sampled_from([False, False, True]),
    lanes=st.none() | st.frozensets(st.sampled_from([LANE, "south-in"])),
)
candidates = st.builds(Candidate, subjects, st.floats(-1, 1), st.floats(-1, 1), templates)
face_evidence = st.builds(
    FaceEvidence,
    frames=counts,
    candidate=st.none() | candidates,
    quality=shares,
    height_px=st.floats(0, 500),
    lasting_s=seconds,
    movement=st.sampled_from(Movement),
    fault=st.none() | st.sampled_from(FaceFault),
    unclear_s=seconds,
    covered=counts,
)
doubts = st.builds(
    Doubt,
    position=st.integers(1, 9),
    read=st.just("8"),
    enrolled=st.just("B"),
    other=st.just("8"),
    share=shares,
    together=shares,
)
plate_evidence = st.builds(
    PlateEvidence,
    frames=counts,
    text=st.just("辽A12845"),
    confidences=st.lists(st.floats(0.5, 1), max_size=8).map(tuple) | st.lists(shares, max_size=8).map(tuple),
    colour=st.sampled_from(PlateColour),
    kind=st.none() | st.sampled_from(PlateKind),
    subject=st.none() | subjects,
    lasting_s=seconds,
    agreeing=counts,
    movement=st.sampled_from(Movement),
    doubt=st.none() | doubts,
)


@dataclass(frozen=True)
class Case:
    """Everything that a decision is made of."""

    evidence: Evidence
    rules: Rules
    at: time

    def decided(self) -> Decision:
        return decide(self.evidence, self.rules, self.at)

    @property
    def opens(self) -> bool:
        return self.decided().verdict is Verdict.OPEN


cases = st.builds(Case, face_evidence | plate_evidence, rules_, st.times())


@st.composite
def opening(draw: st.DrawFn, kinds: tuple[type, ...] = (FaceEvidence, PlateEvidence)) -> Case:
    """Cases that open, drawn by putting right what stands in the way, so that no limit is always far from its edge."""
    case = draw(cases.filter(lambda case: isinstance(case.evidence, kinds)))
    rules, evidence = case.rules, case.evidence
    subject = Subject("s1", draw(st.sampled_from(SubjectKind)), "h", lanes=draw(st.none() | st.just(frozenset({LANE}))))
    movement = rules.heading or evidence.movement
    if isinstance(evidence, FaceEvidence):
        needed = rules.faces.needed(searched := draw(templates))
        score = draw(st.floats(needed, 1) | st.just(needed))
        ahead = draw(st.just(rules.faces.margin) | st.floats(rules.faces.margin, 1.5))
        best = Candidate(subject, score, score - ahead, searched)
        frames = draw(st.integers(rules.faces.min_frames, 40))
        evidence = replace(evidence, candidate=best, frames=frames, movement=movement)
    else:
        limits = rules.plates
        frames, agreeing = draw(st.integers(limits.unknown_frames, 40)), draw(st.integers(limits.min_frames, 40))
        sure = tuple(draw(st.lists(st.floats(limits.min_character, 1), min_size=7, max_size=8)))
        doubt = evidence.doubt and replace(evidence.doubt, together=draw(st.floats(limits.min_character, 1)))
        evidence = replace(
            evidence,
            frames=max(frames, limits.min_frames),
            agreeing=agreeing,
            confidences=sure,
            kind=draw(st.sampled_from(PlateKind)),
            subject=subject,
            lasting_s=draw(st.floats(limits.unknown_after_s, 30)),
            movement=movement,
            doubt=doubt,
        )
    fitting = Case(evidence, replace(rules, hours=()) if not open_at(rules.hours, _at(case.at)) else rules, case.at)
    # The margin is a difference of two floats, which rounding may take below what it was made of.
    assume(fitting.opens)
    return fitting


def _with_subject(evidence: Evidence, subject: Subject) -> Evidence:
    if isinstance(evidence, PlateEvidence):
        return replace(evidence, subject=subject)
    candidate = evidence.candidate or Candidate(subject, 1.0, -1.0, 1)
    return replace(evidence, candidate=replace(candidate, subject=subject))


@given(cases, st.booleans())
def test_every_evidence_has_one_decision_and_the_same_again(case: Case, decided: bool) -> None:
    decision = decide(case.evidence, case.rules, case.at, decided=decided)
    assert decision.verdict in Verdict
    assert decision.reason in Reason
    assert (decision.evidence, decision.rules_version) == (case.evidence, case.rules.version)
    assert decide(deepcopy(case.evidence), deepcopy(case.rules), case.at, decided=decided) == decision


@given(cases)
def test_each_reason_has_its_verdict_and_names_somebody_where_it_is_about_somebody(case: Case) -> None:
    decision = case.decided()
    assert decision.verdict is {
        Reason.KNOWN_RESIDENT: Verdict.OPEN,
        Reason.KNOWN_VEHICLE: Verdict.OPEN,
        Reason.LOOKALIKE_VEHICLE: Verdict.OPEN,
        Reason.STRANGER: Verdict.REFUSE,
        Reason.BLOCKED: Verdict.REFUSE,
        Reason.OTHER_WAY: Verdict.IGNORE,
        Reason.NOT_ENOUGH_EVIDENCE: Verdict.IGNORE,
    }.get(decision.reason, Verdict.ASK)
    if decision.verdict is Verdict.OPEN or decision.reason is Reason.BLOCKED:
        assert decision.subject == _subject(case.evidence)


@given(cases | opening())
def test_what_is_decided_opens_nothing_again(case: Case) -> None:
    assert decide(case.evidence, case.rules, case.at, decided=True).verdict is Verdict.IGNORE


@given(cases | opening(), subjects)
def test_nothing_opens_for_the_blocked(case: Case, subject: Subject) -> None:
    blocked = replace(subject, blocked=True)
    assert not replace(case, evidence=_with_subject(case.evidence, blocked)).opens


@given(opening())
def test_of_what_opened_blocking_alone_makes_a_refusal(case: Case) -> None:
    subject = _subject(case.evidence)
    assert subject is not None
    decision = replace(case, evidence=_with_subject(case.evidence, replace(subject, blocked=True))).decided()
    assert (decision.verdict, decision.reason) == (Verdict.REFUSE, Reason.BLOCKED)


@given(opening(), st.sampled_from(Movement))
def test_nothing_opens_that_moves_any_other_way_than_the_lane(case: Case, movement: Movement) -> None:
    other = replace(case, evidence=replace(case.evidence, movement=movement))
    assert other.opens == (case.rules.heading in {None, movement})
    if movement is not Movement.UNSURE and not other.opens:
        assert other.decided().reason is Reason.OTHER_WAY


@given(opening())
def test_nothing_opens_on_another_lane_than_those_one_may_use(case: Case) -> None:
    subject = _subject(case.evidence)
    assert subject is not None
    elsewhere = replace(subject, lanes=frozenset({"south-in"}))
    decision = replace(case, evidence=_with_subject(case.evidence, elsewhere)).decided()
    assert (decision.verdict, decision.reason) == (Verdict.ASK, Reason.NO_RIGHT_HERE)


@given(opening(), st.lists(spans, min_size=1, max_size=3))
def test_nothing_opens_out_of_hours(case: Case, hours: list[WeekHours]) -> None:
    timed = replace(case, rules=replace(case.rules, hours=tuple(hours)))
    assert timed.opens == any(_within(span, case.at) for span in hours)


@given(cases | opening((FaceEvidence,)))
def test_what_opens_for_a_face_is_over_every_limit(case: Case) -> None:
    evidence, limits = case.evidence, case.rules.faces
    if not isinstance(evidence, FaceEvidence) or not case.opens:
        return
    assert evidence.candidate is not None
    assert evidence.frames >= limits.min_frames
    assert evidence.candidate.score >= limits.accept
    assert evidence.candidate.score >= limits.needed(evidence.candidate.searched)
    assert evidence.candidate.score - evidence.candidate.runner_up >= limits.margin
    assert not evidence.candidate.subject.blocked
    assert evidence.candidate.subject.may_use(LANE)


@given(cases | opening((PlateEvidence,)))
def test_what_opens_for_a_plate_is_over_every_limit(case: Case) -> None:
    evidence, limits = case.evidence, case.rules.plates
    if not isinstance(evidence, PlateEvidence) or not case.opens:
        return
    assert evidence.kind is not None
    assert evidence.subject is not None
    assert min(evidence.frames, evidence.agreeing) >= limits.min_frames
    assert evidence.confidences
    doubtful = evidence.doubt.position if evidence.doubt else 0
    sure = [share for at, share in enumerate(evidence.confidences, 1) if at != doubtful]
    assert all(share >= limits.min_character for share in sure)
    if evidence.doubt is not None:
        assert evidence.frames >= limits.unknown_frames
        assert evidence.lasting_s >= limits.unknown_after_s
        if doubtful <= len(evidence.confidences):
            assert evidence.doubt.together >= limits.min_character


@given(opening((FaceEvidence,)), st.data())
def test_a_face_that_falls_short_of_one_limit_alone_opens_nothing(case: Case, data: st.DataObject) -> None:
    evidence, limits = case.evidence, case.rules.faces
    assert isinstance(evidence, FaceEvidence)
    assert evidence.candidate is not None
    best = evidence.candidate
    assume(limits.needed(best.searched) > -1)
    low = data.draw(st.floats(-1, limits.needed(best.searched), exclude_max=True) | st.just(limits.accept))
    lower = replace(best, score=low, runner_up=low - best.margin - 1e-6)
    nearer = replace(best, runner_up=best.score - limits.margin * data.draw(st.floats(0, 1, exclude_max=True)))
    for short in (
        replace(evidence, frames=data.draw(st.integers(0, limits.min_frames - 1))),
        replace(evidence, candidate=None),
        replace(evidence, candidate=lower if low < limits.needed(best.searched) else None),
        replace(evidence, candidate=nearer if nearer.margin < limits.margin else None),
    ):
        assert not replace(case, evidence=short).opens


@given(opening((PlateEvidence,)), st.data())
def test_a_plate_that_falls_short_of_one_limit_alone_opens_nothing(case: Case, data: st.DataObject) -> None:
    evidence, limits = case.evidence, case.rules.plates
    assert isinstance(evidence, PlateEvidence)
    sure = replace(evidence, doubt=None, confidences=(1.0,) * 7)
    assume(limits.min_character > 0)
    place, low = data.draw(st.integers(0, 6)), data.draw(st.floats(0, limits.min_character, exclude_max=True))
    weak = tuple(low if at == place else 1.0 for at in range(7))
    doubt = Doubt(place + 1, "8", "B", "8", low, 1.0)
    waited = replace(sure, confidences=weak, doubt=doubt)
    assert replace(case, evidence=waited).opens
    for short in (
        replace(sure, frames=data.draw(st.integers(0, limits.min_frames - 1))),
        replace(sure, agreeing=data.draw(st.integers(0, limits.min_frames - 1))),
        replace(sure, kind=None),
        replace(sure, subject=None),
        replace(sure, confidences=()),
        replace(sure, confidences=weak),
        replace(waited, doubt=replace(doubt, together=low)),
        replace(waited, frames=data.draw(st.integers(0, limits.unknown_frames - 1))),
        replace(waited, lasting_s=-1.0),
    ):
        assert not replace(case, evidence=short).opens


@given(face_limits, templates, templates)
def test_a_larger_gallery_never_needs_less_of_a_face(limits: FaceLimits, searched: int, more: int) -> None:
    assert limits.accept <= limits.needed(searched) <= limits.needed(searched + more)


@given(opening((FaceEvidence,)), templates, templates)
def test_whoever_gets_in_among_many_would_get_in_among_fewer(case: Case, one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    if _searched(case, more).opens:
        assert _searched(case, fewer).opens


@given(opening((FaceEvidence,)), templates, st.floats(0, 0.5), st.floats(0, 0.5), counts)
def test_nobody_gets_in_among_more_people_on_less(
    case: Case, more: int, lower: float, nearer: float, fewer: int
) -> None:
    """What opens among more people, with a lower score, a nearer runner-up and fewer frames, opens among fewer too."""
    evidence = case.evidence
    assert isinstance(evidence, FaceEvidence)
    assert evidence.candidate is not None
    best = evidence.candidate
    poorer = replace(best, score=best.score - lower, runner_up=best.runner_up + nearer, searched=best.searched + more)
    shown = replace(evidence, candidate=poorer, frames=max(0, evidence.frames - fewer))
    if replace(case, evidence=shown).opens:
        assert case.opens


@given(opening((FaceEvidence,)), counts, seconds, st.floats(0, 1), st.floats(0, 1), shares)
def test_more_of_a_face_never_shuts_what_opened(
    case: Case, frames: int, longer_s: float, higher: float, lower: float, quality: float
) -> None:
    evidence = case.evidence
    assert isinstance(evidence, FaceEvidence)
    assert evidence.candidate is not None
    best = evidence.candidate
    surer = replace(best, score=best.score + higher, runner_up=best.runner_up - lower)
    more = replace(
        evidence,
        candidate=surer,
        frames=evidence.frames + frames,
        lasting_s=evidence.lasting_s + longer_s,
        quality=max(quality, evidence.quality),
    )
    # What a lead is made of may be larger by less than a float can tell.
    assume(surer.margin >= best.margin)
    assert replace(case, evidence=more).opens


@given(opening((PlateEvidence,)), counts, counts, seconds, st.lists(shares, min_size=8, max_size=8))
def test_more_of_a_plate_never_shuts_what_opened(
    case: Case, frames: int, agreeing: int, longer_s: float, clearer: list[float]
) -> None:
    evidence = case.evidence
    assert isinstance(evidence, PlateEvidence)
    doubt = evidence.doubt
    more = replace(
        evidence,
        frames=evidence.frames + frames,
        agreeing=evidence.agreeing + agreeing,
        lasting_s=evidence.lasting_s + longer_s,
        confidences=tuple(map(max, evidence.confidences, clearer)),
        doubt=doubt and replace(doubt, together=max(doubt.together, clearer[-1])),
    )
    assert replace(case, evidence=more).opens


def _subject(evidence: Evidence) -> Subject | None:
    if isinstance(evidence, PlateEvidence):
        return evidence.subject
    return evidence.candidate and evidence.candidate.subject


def _searched(case: Case, templates: int) -> Case:
    assert isinstance(case.evidence, FaceEvidence)
    assert case.evidence.candidate is not None
    best = replace(case.evidence.candidate, searched=templates)
    return replace(case, evidence=replace(case.evidence, candidate=best))


def _within(span: WeekHours, at: time) -> bool:
    """Counted in another way than the rules do: hours that run past midnight are two spans."""
    night = span.end < span.start
    return (span.start <= at or at < span.end) if night else (span.start <= at and at < span.end)


NOT_A_NUMBER = float("nan")


@given(opening((FaceEvidence,)), st.sampled_from(["score", "runner_up"]))
def test_a_score_that_is_no_number_opens_nothing(case: Case, spoilt: str) -> None:
    evidence = case.evidence
    assert isinstance(evidence, FaceEvidence)
    assert evidence.candidate is not None
    best = replace(evidence.candidate, **{spoilt: NOT_A_NUMBER})  # type: ignore[arg-type]
    assert not replace(case, evidence=replace(evidence, candidate=best)).opens


@given(opening((PlateEvidence,)), st.integers(0, 6))
def test_a_confidence_that_is_no_number_opens_nothing(case: Case, place: int) -> None:
    evidence = case.evidence
    assert isinstance(evidence, PlateEvidence)
    spoilt = (*evidence.confidences[:place], NOT_A_NUMBER, *evidence.confidences[place + 1 :])
    doubt = evidence.doubt and replace(evidence.doubt, position=9)
    assume(case.rules.plates.min_character > 0)
    assert not replace(case, evidence=replace(evidence, confidences=spoilt, doubt=doubt)).opens
