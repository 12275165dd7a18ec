"""What parking has to say in a decision: the table, and what holds however full it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enrollment.candidate import Subject, SubjectKind
from enrollment.credential import CredentialKind
from gate.access_rules import AccessRules
from gate.config import Config, FaceLimits, Lane, PlateRules
from gate.decision.decide import decide
from gate.decision.decision import CredentialEvidence, Decision, FaceEvidence, PlateEvidence, Reason, Verdict
from gate.decision.moment import History, Visit
from gate.decision.parked import NOBODY_KNOWS, Parked
from gate.decision.precedence import OF_PARKING, Arrival, Rule, path
from gate.decision.rules import Rules
from gate.parking.settings import Parking
from gate.rulebook.recorded import Recorded, read, written
from tests.gate.decision.test_precedence import (
    CAR,
    DOUBTFUL,
    FACE,
    INSIDE,
    NOON,
    PASS,
    PLATE,
    POLICE,
    STRANGE,
    accesses,
    faces,
    histories,
    instants,
    plates,
    visits,
)

YARD = {"id": "yard", "name": "地面", "spaces": 10, "enter": ["north-in"], "leave": ["north-out"]}
OWN = {**YARD, "id": "own", "spaces": 5, "takes": "residents"}
FULL, FREE = Parked((("yard", 10), ("own", 0)), 0), Parked((("yard", 9), ("own", 5)), 0)
SIBLING = replace(FREE, siblings=1)
RESIDENT_CODE = CredentialEvidence(CredentialKind.QR, Subject("r1", SubjectKind.RESIDENT, "h1"), None)
GUEST_CODE = CredentialEvidence(CredentialKind.QR, None, None)
WINDOW = {"window": [{"id": "w", "plates": ["辽*"], "hours": [{"from": "00:00", "until": "23:59"}]}]}


def _parking(*zones: dict[str, Any], **more: Any) -> Parking:
    return Parking.model_validate({"zone": zones or (YARD,), **more})


def _rules(parking: Parking, **access: Any) -> Rules:
    rules = AccessRules.model_validate(access)
    hours = rules.lane_hours.get("north-in", ())
    households = {"3-2-501": "h1"}
    faces = FaceLimits(accept=0.45)
    return Rules("north-in", hours, faces, PlateRules(), "v1", access=rules, households=households, parking=parking)


TELLS = _parking(extra_car="open")
SETS_NOBODY_DOWN = _parking(window_car="ask")
OTHER_WINDOW = {"window": [{"id": "w", "plates": ["京*"], "hours": [{"from": "00:00", "until": "23:59"}]}]}
ELSEWHERE = _parking({**YARD, "enter": ["x"]})
UNCOUNTED = {"visit": PASS, "parked": Parked((("own", 1),), 0)}
ALLOWED = {"allowed_plate": [{"plate": "辽A12345"}]}
BACK = {"parked": SIBLING, "history": INSIDE}
BLOCKED = replace(PLATE, subject=replace(CAR, blocked=True))


@pytest.mark.parametrize(
    ("parking", "access", "evidence", "facts", "verdict", "reason"),
    [
        (_parking(), {}, STRANGE, {"parked": FULL}, Verdict.ASK, Reason.PARKING_FULL),
        (_parking(), {}, STRANGE, {"parked": FULL, "visit": PASS}, Verdict.ASK, Reason.PARKING_FULL),
        (_parking(), {}, GUEST_CODE, {"parked": FULL, "visit": PASS}, Verdict.ASK, Reason.PARKING_FULL),
        (_parking(), WINDOW, STRANGE, {"parked": FULL}, Verdict.OPEN, Reason.SERVICE_WINDOW),
        (_parking(), WINDOW, STRANGE, {}, Verdict.OPEN, Reason.SERVICE_WINDOW),
        (_parking(), WINDOW, STRANGE, {"parked": FULL, "visit": PASS}, Verdict.OPEN, Reason.SERVICE_WINDOW),
        (_parking(), WINDOW, STRANGE, {"parked": FREE, "visit": PASS}, Verdict.OPEN, Reason.VISITOR_PASS),
        (_parking(), WINDOW, GUEST_CODE, {"parked": FULL, "visit": PASS}, Verdict.ASK, Reason.PARKING_FULL),
        (_parking(), OTHER_WINDOW, STRANGE, {"parked": FULL}, Verdict.ASK, Reason.PARKING_FULL),
        (_parking(OWN), WINDOW, STRANGE, {"parked": FREE}, Verdict.OPEN, Reason.SERVICE_WINDOW),
        (SETS_NOBODY_DOWN, WINDOW, STRANGE, {"parked": FULL}, Verdict.ASK, Reason.PARKING_FULL),
        (SETS_NOBODY_DOWN, WINDOW, STRANGE, {}, Verdict.ASK, Reason.FACTS_MISSING),
        (_parking(), WINDOW, PLATE, {"parked": SIBLING}, Verdict.ASK, Reason.PLACES_TAKEN),
        (_parking(), {}, STRANGE, {"parked": FREE, "visit": PASS}, Verdict.OPEN, Reason.VISITOR_PASS),
        (_parking(), WINDOW, STRANGE, {"parked": FREE}, Verdict.OPEN, Reason.SERVICE_WINDOW),
        (_parking(), {}, STRANGE, {"parked": FREE}, Verdict.ASK, Reason.UNKNOWN_VEHICLE),
        (_parking(), {}, STRANGE, {"visit": PASS}, Verdict.ASK, Reason.FACTS_MISSING),
        (_parking(), {}, STRANGE, UNCOUNTED, Verdict.ASK, Reason.FACTS_MISSING),
        (_parking(OWN), {}, STRANGE, {"visit": PASS, "parked": FREE}, Verdict.ASK, Reason.PARKING_FULL),
        (_parking(OWN, YARD), {}, STRANGE, {"visit": PASS, "parked": FREE}, Verdict.OPEN, Reason.VISITOR_PASS),
        (ELSEWHERE, {}, STRANGE, {"visit": PASS}, Verdict.OPEN, Reason.VISITOR_PASS),
        (_parking(), ALLOWED, STRANGE, {"parked": FULL}, Verdict.OPEN, Reason.ALLOWED_PLATE),
        (_parking(), {}, POLICE, {"parked": FULL}, Verdict.OPEN, Reason.EMERGENCY_VEHICLE),
        (_parking(), {}, POLICE, {}, Verdict.OPEN, Reason.EMERGENCY_VEHICLE),
        (_parking(), {}, PLATE, {"parked": FULL}, Verdict.OPEN, Reason.KNOWN_VEHICLE),
        (_parking(), {}, PLATE, {"parked": SIBLING}, Verdict.ASK, Reason.PLACES_TAKEN),
        (_parking(), {}, PLATE, {}, Verdict.ASK, Reason.FACTS_MISSING),
        (_parking(), {}, PLATE, {"parked": replace(SIBLING, places=2)}, Verdict.OPEN, Reason.KNOWN_VEHICLE),
        (_parking(), {}, PLATE, {"parked": replace(FREE, places=0)}, Verdict.ASK, Reason.PLACES_TAKEN),
        (_parking(places=2), {}, PLATE, {"parked": SIBLING}, Verdict.OPEN, Reason.KNOWN_VEHICLE),
        (TELLS, {}, PLATE, {"parked": SIBLING}, Verdict.OPEN, Reason.EXTRA_CAR),
        (TELLS, {}, PLATE, {}, Verdict.OPEN, Reason.KNOWN_VEHICLE),
        (TELLS, {}, DOUBTFUL, {"parked": SIBLING}, Verdict.OPEN, Reason.LOOKALIKE_VEHICLE),
        (TELLS, {"passback": "soft"}, PLATE, BACK, Verdict.OPEN, Reason.PASSBACK_WARNED),
        (_parking(), {"passback": "hard"}, PLATE, BACK, Verdict.ASK, Reason.PASSED_ALREADY),
        (_parking(), {}, FACE, {}, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        (_parking(), {}, RESIDENT_CODE, {"parked": FULL}, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        (_parking(), {}, BLOCKED, {"parked": FREE}, Verdict.REFUSE, Reason.BLOCKED),
    ],
)  # fmt: skip
def test_table(
    parking: Parking,
    access: dict[str, Any],
    evidence: FaceEvidence | PlateEvidence | CredentialEvidence,
    facts: dict[str, Any],
    verdict: Verdict,
    reason: Reason,
) -> None:
    decision = decide(evidence, _rules(parking, **access), NOON, **facts)
    assert (decision.verdict, decision.reason) == (verdict, reason)


def test_a_plate_that_is_on_no_list_is_read_again_before_the_guard_hears_that_it_is_full() -> None:
    early = replace(STRANGE, frames=4)
    for parked in (FULL, NOBODY_KNOWS):
        assert decide(early, _rules(_parking()), NOON, visit=PASS, parked=parked).verdict is Verdict.IGNORE
    assert decide(replace(PLATE, frames=4), _rules(_parking()), NOON, parked=SIBLING).reason is Reason.PLACES_TAKEN


def test_without_a_zone_the_rules_and_their_version_are_those_of_before() -> None:
    lane = Lane(id="north-in", name="北门", kind="vehicle", heading="any", camera="c", barrier="a")
    plain = Rules.of(Config(), lane, FaceLimits(accept=0.45))
    assert "parking" not in plain.text
    arrival = Arrival(CAR, PLATE, NOON, History(), None)
    assert not OF_PARKING & {rule for rule, _ in path(arrival, plain)}
    assert decide(PLATE, plain, NOON).reason is Reason.KNOWN_VEHICLE


def test_every_change_of_parking_is_another_version_and_the_text_makes_the_same_rules_again() -> None:
    lane = Lane(id="north-in", name="北门", kind="vehicle", heading="any", camera="c", barrier="a")
    made = [
        Rules.of(Config(), lane, FaceLimits(accept=0.45), parking=parking)
        for parking in (
            _parking(),
            _parking(places=2),
            _parking(extra_car="open"),
            _parking(window_car="ask"),
            _parking({**YARD, "spaces": 11}),
        )
    ]
    assert len({rules.version for rules in made}) == len(made)
    assert all(Rules.read(rules.text) == rules for rules in made)
    assert [rule for rule, _ in path(Arrival(CAR, PLATE, NOON, History(), None, FREE), made[0])][-2] is Rule.PLACES


def _recorded(evidence: PlateEvidence, parked: Parked | None, visit: Visit | None = None) -> Recorded:
    return read(written(Recorded.of(evidence, _rules(_parking()), NOON, History(), visit, parked)))


def test_a_decision_is_made_again_with_the_spaces_that_were_taken_then() -> None:
    recorded = _recorded(STRANGE, FREE, PASS)
    assert recorded.parked == FREE
    assert recorded.decide(_rules(_parking()), NOON, None).reason is Reason.VISITOR_PASS
    fewer = _rules(_parking({**YARD, "spaces": 9}))
    assert recorded.decide(fewer, NOON, None).reason is Reason.PARKING_FULL
    assert _recorded(PLATE, SIBLING).decide(_rules(TELLS), NOON, "辽A12345").reason is Reason.EXTRA_CAR
    assert _recorded(STRANGE, NOBODY_KNOWS, PASS).decide(fewer, NOON, None).reason is Reason.FACTS_MISSING


@pytest.mark.parametrize("parked", [None, Parked((("garage", 3),), 0)], ids=["nothing", "another zone"])
def test_what_was_not_counted_then_is_not_made_up(parked: Parked | None) -> None:
    recorded = _recorded(STRANGE, parked, PASS)
    with pytest.raises(LookupError):
        recorded.decide(_rules(_parking()), NOON, None)
    without = Rules("north-in", (), FaceLimits(accept=0.45), PlateRules(), "v1")
    assert recorded.decide(without, NOON, None).reason is Reason.VISITOR_PASS


def test_rules_of_before_a_window_was_asked_about_make_the_decisions_that_they_made_then() -> None:
    lane = Lane(id="north-in", name="北门", kind="vehicle", heading="any", camera="c", barrier="a")
    access = AccessRules.model_validate(WINDOW)
    made = Rules.of(Config(), lane, FaceLimits(accept=0.45), access, parking=_parking())
    old = json.loads(made.text)
    del old["parking"]["window_car"]
    then = Rules.read(json.dumps(old, ensure_ascii=False, sort_keys=True))
    assert decide(STRANGE, then, NOON, parked=FULL).reason is Reason.PARKING_FULL
    assert decide(STRANGE, made, NOON, parked=FULL).reason is Reason.SERVICE_WINDOW


parkings = st.builds(
    lambda zones, places, extra, window: Parking.model_validate(
        {"zone": zones, "places": places, "extra_car": extra, "window_car": window}
    ),
    st.sampled_from([[YARD], [OWN], [YARD, OWN], [{**YARD, "enter": ["south-in"]}]]),
    st.integers(0, 2),
    st.sampled_from(["open", "ask"]),
    st.sampled_from(["open", "ask"]),
)
cars = st.integers(0, 20)
occupied = st.none() | st.builds(lambda yard, own: (("yard", yard), ("own", own)), cars, cars) | st.just(())
parked_ = st.builds(Parked, occupied, st.none() | st.integers(0, 3), st.none() | st.integers(0, 3))
evidences = faces | plates | st.sampled_from([RESIDENT_CODE, GUEST_CODE])


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    return {"moment": draw(instants), "history": draw(histories), "visit": draw(visits)}


def _decide(evidence: Any, parking: Parking, access: dict[str, Any], facts: dict[str, Any], parked: Parked) -> Decision:
    return decide(evidence, _rules(parking, **access), parked=parked, **facts)


def _subject(evidence: Any) -> Subject | None:
    if isinstance(evidence, FaceEvidence):
        return evidence.candidate.subject if evidence.candidate else None
    subject: Subject | None = evidence.subject
    return subject


@given(evidences, parkings, accesses, situations(), parked_)
def test_total_deterministic_and_never_opens_for_the_blocked(
    evidence: Any, parking: Parking, access: dict[str, Any], facts: dict[str, Any], parked: Parked
) -> None:
    decision = _decide(evidence, parking, access, facts, parked)
    assert decision == _decide(evidence, parking, access, facts, replace(parked))
    subject = _subject(evidence)
    if decision.verdict is Verdict.OPEN:
        assert subject is None or not subject.blocked_at(facts["moment"].at)
    if decision.verdict is Verdict.REFUSE:
        assert decision.reason in {Reason.BLOCKED, Reason.BLOCKED_PLATE}


@given(evidences, parkings, accesses, situations(), parked_, occupied)
def test_for_whoever_is_enrolled_nothing_hangs_on_how_full_it_is(
    evidence: Any, parking: Parking, access: dict[str, Any], facts: dict[str, Any], parked: Parked, other: Any
) -> None:
    assume(_subject(evidence) is not None)
    fuller = replace(parked, occupied=other)
    one, two = (_decide(evidence, parking, access, facts, stands) for stands in (parked, fuller))
    assert (one.verdict, one.reason) == (two.verdict, two.reason)


@given(parkings, situations(), parked_)
def test_emergency_vehicles_open_however_full_it_is(parking: Parking, facts: dict[str, Any], parked: Parked) -> None:
    assert _decide(POLICE, parking, {}, facts, parked).verdict is Verdict.OPEN


@given(evidences, parkings, accesses, situations(), parked_)
def test_what_nobody_counted_opens_nothing_that_stays_shut_once_it_is_counted(
    evidence: Any, parking: Parking, access: dict[str, Any], facts: dict[str, Any], parked: Parked
) -> None:
    if _decide(evidence, parking, access, facts, NOBODY_KNOWS).verdict is Verdict.OPEN:
        assert _decide(evidence, parking, access, facts, parked).verdict is Verdict.OPEN


@given(st.just(STRANGE) | st.just(GUEST_CODE), parkings, situations(), parked_)
def test_a_visitor_gets_in_by_a_pass_only_where_a_space_is_known_to_be_free(
    evidence: Any, parking: Parking, facts: dict[str, Any], parked: Parked
) -> None:
    rules = _rules(parking)
    if not rules.zones or _decide(evidence, parking, {}, facts, parked).verdict is not Verdict.OPEN:
        return
    open_to_them = [zone for zone in rules.zones if zone.is_for(visitor=True)]
    taken = [parked.in_zone(zone.id) for zone in open_to_them]
    assert None not in taken
    assert sum(zone.spaces for zone in open_to_them) > 0
    assert any(zone.spaces > (cars or 0) for zone, cars in zip(open_to_them, taken, strict=True))


@given(parkings, accesses, situations(), parked_)
def test_a_window_lets_in_when_it_is_full_exactly_whom_it_lets_in_when_it_is_not_unless_that_is_asked_about(
    parking: Parking, access: dict[str, Any], facts: dict[str, Any], parked: Parked
) -> None:
    facts = {**facts, "visit": None}
    elsewhere = _decide(STRANGE, Parking(), access, facts, parked)
    here = _decide(STRANGE, parking, access, facts, parked)
    if elsewhere.reason is Reason.SERVICE_WINDOW and parking.window_car == "open":
        assert here.reason is Reason.SERVICE_WINDOW
    if here.reason is Reason.SERVICE_WINDOW:
        assert elsewhere.reason is Reason.SERVICE_WINDOW
