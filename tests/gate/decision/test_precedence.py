"""Who passes once it is known who it is: the table, its order, its edges, and what holds whatever the facts are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.candidate import Candidate, Subject, SubjectKind
from enrollment.hours import parse_hours
from enrollment.plate_match import Doubt
from gate.access_rules import AccessRules
from gate.config import FaceLimits, PlateRules
from gate.decision.decide import decide
from gate.decision.decision import FaceEvidence, Movement, PlateEvidence, Reason, Verdict
from gate.decision.moment import DayKind, History, Moment, Visit
from gate.decision.precedence import OF_PARKING, TABLE, Arrival, Rule, path, settle
from gate.decision.rules import Rules
from models.sighting import PlateColour, PlateKind

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 4, 12, tzinfo=SHANGHAI)
NOON = Moment(NOW)
RESIDENT = Subject("r1", SubjectKind.RESIDENT, "h1", building="3")
CAR = Subject("v1", SubjectKind.VEHICLE, "h1", building="3")
FACE = FaceEvidence(10, Candidate(RESIDENT, 0.7, 0.1, 4), 0.8, 120, 2.0)
PLATE = PlateEvidence(10, "辽A12345", (0.95,) * 7, PlateColour.BLUE, PlateKind.CAR, CAR, 2.0, 10)
STRANGE = replace(PLATE, subject=None)
POLICE = replace(STRANGE, text="辽A1234警", kind=PlateKind.POLICE, colour=PlateColour.WHITE)
DOUBTFUL = replace(PLATE, text="辽A12845", doubt=Doubt(5, "8", "B", "8", 0.55, 0.95))
HOUR = timedelta(hours=1)
MORNING = {"from": "06:00", "until": "09:00"}


def _rules(**written: Any) -> Rules:
    access = AccessRules.model_validate(written)
    return Rules(
        "north-in",
        access.lane_hours.get("north-in", ()),
        FaceLimits(accept=0.45),
        PlateRules(),
        "v1",
        access=access,
        households={"3-2-501": "h1"},
    )


def _who(evidence: FaceEvidence | PlateEvidence, **changed: Any) -> FaceEvidence | PlateEvidence:
    if isinstance(evidence, FaceEvidence):
        assert evidence.candidate
        who = replace(evidence.candidate.subject, **changed)
        return replace(evidence, candidate=replace(evidence.candidate, subject=who))
    assert evidence.subject
    return replace(evidence, subject=replace(evidence.subject, **changed))


def _block(plate: str, **more: Any) -> dict[str, Any]:
    return {"blocked_plate": [{"plate": plate, "reason": "撞坏栏杆后逃走", **more}]}


def _allow(plate: str, **more: Any) -> dict[str, Any]:
    return {"allowed_plate": [{"plate": plate, **more}]}


def _window(**more: Any) -> dict[str, Any]:
    return {"window": [{"id": "w", "hours": [{"from": "11:00", "until": "13:00"}], **more}]}


MORNINGS, NOONS = parse_hours("06:00-09:00"), parse_hours("11:00-13:00")


def _group(**more: Any) -> dict[str, Any]:
    return {"id": "g", **more}


OUT_OF_HOURS = (Verdict.ASK, Reason.OUTSIDE_HOURS)
NO_RIGHT_HERE = (Verdict.ASK, Reason.NO_RIGHT_HERE)
IN_HOURS = (Verdict.OPEN, Reason.KNOWN_RESIDENT)


@pytest.mark.parametrize(
    ("written", "right", "found"),
    [
        ({"lane_hours": {"north-in": [MORNING]}}, {}, OUT_OF_HOURS),
        ({"lane_hours": {"north-in": [MORNING]}}, {"hours": NOONS}, IN_HOURS),
        ({"lane_hours": {"north-in": [MORNING]}}, {"home_hours": NOONS}, IN_HOURS),
        ({}, {"hours": MORNINGS}, OUT_OF_HOURS),
        ({}, {"home_hours": MORNINGS}, OUT_OF_HOURS),
        ({}, {"hours": NOONS, "home_hours": MORNINGS}, IN_HOURS),
        ({"group": [_group(subjects=["r1"], hours=[MORNING])]}, {"hours": NOONS}, IN_HOURS),
        ({"group": [_group(subjects=["r1"], hours=[MORNING])]}, {"home_hours": NOONS}, OUT_OF_HOURS),
        ({"group": [_group(subjects=["r1"])]}, {"home_hours": MORNINGS}, OUT_OF_HOURS),
        ({"group": [_group(subjects=["r1"], lanes=["x"], hours=[MORNING])]}, {"hours": NOONS}, NO_RIGHT_HERE),
        ({"group": [_group(households=["3-2-501"], hours=[MORNING])]}, {"home_hours": NOONS}, IN_HOURS),
        ({"group": [_group(buildings=["3"], hours=[MORNING])]}, {"home_hours": NOONS}, IN_HOURS),
        ({"group": [_group(hours=[MORNING])]}, {}, OUT_OF_HOURS),
        ({}, {"hours": NOONS, "blocked": True}, (Verdict.REFUSE, Reason.BLOCKED)),
        ({}, {"hours": NOONS, "until": NOW - 99 * HOUR}, (Verdict.ASK, Reason.RIGHT_ENDED)),
        ({}, {"hours": NOONS, "lanes": frozenset({"x"})}, NO_RIGHT_HERE),
    ],
)
def test_the_hours_of_the_closest_that_says_any_hold(
    written: dict[str, Any], right: dict[str, Any], found: tuple[Verdict, Reason]
) -> None:
    made = decide(_who(FACE, **right), _rules(**written), NOON)
    assert (made.verdict, made.reason) == found


INSIDE = History("in", NOW - HOUR)
PASS = Visit("p1")
ELSEWHERE = Visit("p1", frozenset({"x"}))


@pytest.mark.parametrize(
    ("written", "evidence", "facts", "verdict", "reason"),
    [
        ({}, _who(FACE, blocked=True, blocked_until=NOW + HOUR), {}, Verdict.REFUSE, Reason.BLOCKED),
        ({}, _who(FACE, blocked=True, blocked_until=NOW), {}, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        ({}, _who(FACE, blocked_until=NOW + HOUR), {}, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        (_block("辽A12345"), STRANGE, {"visit": PASS}, Verdict.REFUSE, Reason.BLOCKED_PLATE),
        (_block("辽A12345"), PLATE, {}, Verdict.REFUSE, Reason.BLOCKED_PLATE),
        (_block("辽A12B45"), DOUBTFUL, {}, Verdict.REFUSE, Reason.BLOCKED_PLATE),
        (_block("辽A1234警"), POLICE, {}, Verdict.REFUSE, Reason.BLOCKED_PLATE),
        (_block("辽A12345", until=NOW), PLATE, {}, Verdict.OPEN, Reason.KNOWN_VEHICLE),
        (_block("辽A12345", since=NOW + HOUR), PLATE, {}, Verdict.OPEN, Reason.KNOWN_VEHICLE),
        (_allow("辽A12345"), STRANGE, {}, Verdict.OPEN, Reason.ALLOWED_PLATE),
        (_allow("辽A12345"), _who(PLATE, until=NOW - 99 * HOUR), {}, Verdict.OPEN, Reason.ALLOWED_PLATE),
        (_allow("辽A12345"), _who(PLATE, blocked=True), {}, Verdict.REFUSE, Reason.BLOCKED),
        (_allow("辽A12345") | _block("辽A12345"), STRANGE, {}, Verdict.REFUSE, Reason.BLOCKED_PLATE),
        (_allow("辽A12845"), DOUBTFUL, {}, Verdict.OPEN, Reason.LOOKALIKE_VEHICLE),
        (_allow("辽A12345", since=NOW + HOUR), STRANGE, {}, Verdict.ASK, Reason.UNKNOWN_VEHICLE),
        (_allow("辽A12345", until=NOW), STRANGE, {}, Verdict.ASK, Reason.UNKNOWN_VEHICLE),
        ({}, POLICE, {}, Verdict.OPEN, Reason.EMERGENCY_VEHICLE),
        ({"emergency_kinds": []}, POLICE, {}, Verdict.ASK, Reason.UNKNOWN_VEHICLE),
        ({"emergency_plates": ["辽A123??"]}, STRANGE, {}, Verdict.OPEN, Reason.EMERGENCY_VEHICLE),
        ({"emergency_plates": ["辽A123?"]}, STRANGE, {}, Verdict.ASK, Reason.UNKNOWN_VEHICLE),
        ({"emergency_plates": ["辽A12345"]}, _who(PLATE, blocked=True), {}, Verdict.REFUSE, Reason.BLOCKED),
        ({"emergency_plates": ["辽A12845"]}, DOUBTFUL, {}, Verdict.OPEN, Reason.LOOKALIKE_VEHICLE),
        ({}, STRANGE, {"visit": PASS}, Verdict.OPEN, Reason.VISITOR_PASS),
        ({}, STRANGE, {"visit": ELSEWHERE}, Verdict.ASK, Reason.NO_RIGHT_HERE),
        ({}, _who(PLATE, lanes=frozenset({"x"})), {"visit": PASS}, Verdict.ASK, Reason.NO_RIGHT_HERE),
        (_window(plates=["辽a1*"]), STRANGE, {}, Verdict.OPEN, Reason.SERVICE_WINDOW),
        (_window(plates=["辽AT*"]), STRANGE, {}, Verdict.ASK, Reason.UNKNOWN_VEHICLE),
        (_window(colours=["blue"]), STRANGE, {}, Verdict.OPEN, Reason.SERVICE_WINDOW),
        (
            _window(colours=["blue"]),
            replace(STRANGE, colour=PlateColour.UNKNOWN),
            {},
            Verdict.ASK,
            Reason.UNKNOWN_VEHICLE,
        ),
        (_window(plates=["辽a1*"]), STRANGE, {"visit": ELSEWHERE}, Verdict.OPEN, Reason.SERVICE_WINDOW),
        (_window(plates=["辽a1*"], lanes=["x"]), STRANGE, {}, Verdict.ASK, Reason.UNKNOWN_VEHICLE),
        (_window(plates=["辽a1*"], hours=[MORNING]), STRANGE, {}, Verdict.ASK, Reason.UNKNOWN_VEHICLE),
        ({}, _who(PLATE, until=NOW + HOUR), {}, Verdict.OPEN, Reason.KNOWN_VEHICLE),
        ({}, _who(PLATE, until=NOW), {}, Verdict.OPEN, Reason.IN_GRACE),
        ({}, _who(PLATE, until=NOW - 23 * HOUR), {}, Verdict.OPEN, Reason.IN_GRACE),
        ({}, _who(PLATE, until=NOW - 24 * HOUR), {}, Verdict.ASK, Reason.RIGHT_ENDED),
        ({"grace_days": 0}, _who(FACE, until=NOW), {}, Verdict.ASK, Reason.RIGHT_ENDED),
        ({"passback": "soft"}, FACE, {"history": INSIDE}, Verdict.OPEN, Reason.PASSBACK_WARNED),
        ({"passback": "hard"}, FACE, {"history": INSIDE}, Verdict.ASK, Reason.PASSED_ALREADY),
        ({"passback": "off"}, FACE, {"history": INSIDE}, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        ({"passback": "hard"}, FACE, {}, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        ({"passback": "hard"}, FACE, {"history": History("out", NOW - HOUR)}, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        ({"passback": "hard"}, FACE, {"history": History(known=False)}, Verdict.ASK, Reason.FACTS_MISSING),
        ({"passback": "soft"}, FACE, {"history": History(known=False)}, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        (
            {"passback": "hard"},
            FACE,
            {"history": History("in", NOW - timedelta(seconds=120))},
            Verdict.OPEN,
            Reason.KNOWN_RESIDENT,
        ),
        (
            {"passback": "hard"},
            FACE,
            {"history": History("in", NOW - timedelta(hours=24))},
            Verdict.OPEN,
            Reason.KNOWN_RESIDENT,
        ),
        ({"passback": "hard"}, FACE, {"history": History("in", NOW + HOUR)}, Verdict.OPEN, Reason.KNOWN_RESIDENT),
        ({"passback": "soft"}, DOUBTFUL, {"history": INSIDE}, Verdict.ASK, Reason.PASSED_ALREADY),
        ({"lane_hours": {"north-in": [MORNING]}}, FACE, {}, Verdict.ASK, Reason.OUTSIDE_HOURS),
    ],
)
def test_table(
    written: dict[str, Any],
    evidence: FaceEvidence | PlateEvidence,
    facts: dict[str, Any],
    verdict: Verdict,
    reason: Reason,
) -> None:
    decision = decide(evidence, _rules(**written), NOON, **facts)
    assert (decision.verdict, decision.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("groups", "changed", "reason"),
    [
        ([{"buildings": ["03"], "lanes": ["south-in"]}], {}, Reason.NO_RIGHT_HERE),
        ([{"buildings": ["03"], "lanes": ["north-in"]}], {}, Reason.KNOWN_RESIDENT),
        ([{"buildings": ["3"], "hours": [MORNING]}], {}, Reason.OUTSIDE_HOURS),
        ([{"buildings": ["3"], "hours": [MORNING]}], {"building": "5"}, Reason.KNOWN_RESIDENT),
        ([{"buildings": ["3"], "hours": [MORNING]}], {"building": None}, Reason.FACTS_MISSING),
        ([{"buildings": ["3"]}, {"subjects": ["r1"]}], {"building": None}, Reason.KNOWN_RESIDENT),
        ([{"lanes": ["south-in"]}], {}, Reason.NO_RIGHT_HERE),
        ([{"lanes": ["south-in"]}, {"buildings": ["3"]}], {}, Reason.KNOWN_RESIDENT),
        ([{"buildings": ["3"]}, {"households": ["3-2-501"], "hours": [MORNING]}], {}, Reason.OUTSIDE_HOURS),
        ([{"households": ["3-2-501"], "lanes": ["south-in"]}, {"subjects": ["r1"]}], {}, Reason.KNOWN_RESIDENT),
        ([{"households": ["9-9-999"], "lanes": ["south-in"]}], {}, Reason.KNOWN_RESIDENT),
        ([{"buildings": ["3"], "hours": [MORNING]}, {"buildings": ["3"]}], {}, Reason.KNOWN_RESIDENT),
        ([{"subjects": ["r1"]}], {"lanes": frozenset({"south-in"})}, Reason.NO_RIGHT_HERE),
    ],
)
def test_the_groups_that_name_somebody_most_closely_hold(
    groups: list[dict[str, Any]], changed: dict[str, Any], reason: Reason
) -> None:
    rules = _rules(group=[{"id": f"g{number}", **group} for number, group in enumerate(groups)])
    assert decide(_who(FACE, **changed), rules, NOON).reason is reason


def test_a_group_may_have_longer_hours_than_its_lane() -> None:
    night = {"from": "22:00", "until": "06:00"}
    rules = _rules(lane_hours={"north-in": [MORNING]}, group=[{"id": "night", "subjects": ["r1"], "hours": [night]}])
    assert decide(FACE, rules, Moment(NOW.replace(hour=23))).verdict is Verdict.OPEN
    assert decide(_who(FACE, id="r2"), rules, Moment(NOW.replace(hour=23))).reason is Reason.OUTSIDE_HOURS


def test_an_emergency_vehicle_is_not_held_up_until_it_is_clear_where_it_goes() -> None:
    rules = replace(_rules(), heading=Movement.TOWARDS)
    assert decide(POLICE, rules, NOON).verdict is Verdict.OPEN
    assert decide(replace(POLICE, movement=Movement.AWAY), rules, NOON).reason is Reason.OTHER_WAY


def test_an_emergency_plate_that_is_not_read_clearly_opens_nothing() -> None:
    assert decide(replace(POLICE, agreeing=1), _rules(), NOON).reason is Reason.UNREADABLE_PLATE
    assert decide(replace(POLICE, frames=5), _rules(), NOON).verdict is Verdict.IGNORE
    assert decide(replace(POLICE, lasting_s=1.4), _rules(), NOON).verdict is Verdict.IGNORE


@pytest.mark.parametrize("evidence", [POLICE, STRANGE, replace(STRANGE, text="辽A00000")])
def test_who_opens_without_being_enrolled_is_decided_once(evidence: PlateEvidence) -> None:
    rules = _rules(**_window(plates=["辽A12345"]), **_block("辽A00000"))
    assert decide(evidence, rules, NOON).settles


def test_the_path_ends_with_the_rule_that_decided() -> None:
    arrival = Arrival(CAR, PLATE, NOON, INSIDE, None)
    steps = path(arrival, _rules(passback="hard"))
    asked = [rule for rule, _ in TABLE if rule not in OF_PARKING]
    assert [rule for rule, _ in steps] == asked[: len(steps)]
    assert steps[-1][0] is Rule.PASSBACK
    assert all(found is None for _, found in steps[:-1])
    assert settle(arrival, _rules(passback="hard")) == steps[-1][1]


moments = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([SHANGHAI, UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns")]),
)
hours = st.sampled_from(
    [
        {"from": "22:00", "until": "06:00"},
        {"from": "08:00", "until": "18:00", "days": ["workday"]},
        {"days": ["sat", "sun"]},
        {"days": ["holiday"]},
    ]
)
plans = st.lists(hours, max_size=3)
groups = st.lists(
    st.sampled_from(
        [
            {"subjects": ["s"]},
            {"households": ["3-2-501"]},
            {"buildings": ["3"]},
            {"lanes": ["south-in"]},
            {"buildings": ["3"], "hours": [MORNING]},
        ]
    ),
    max_size=3,
).map(lambda found: [{"id": f"g{number}", **group} for number, group in enumerate(found)])
accesses = st.fixed_dictionaries(
    {
        "passback": st.sampled_from(["off", "soft", "hard"]),
        "grace_days": st.sampled_from([0, 1, 30]),
        "emergency_plates": st.sampled_from([[], ["辽A*"]]),
        "lane_hours": plans.map(lambda found: {"north-in": found}),
        "group": groups,
        "window": st.sampled_from(
            [[], [{"id": "w", "plates": ["辽*"], "hours": [{"from": "00:00", "until": "23:59"}]}]]
        ),
        "blocked_plate": st.sampled_from([[], _block("辽A12345")["blocked_plate"]]),
        "allowed_plate": st.sampled_from([[], _allow("辽A12345")["allowed_plate"]]),
    }
)
subjects = st.builds(
    Subject,
    id=st.sampled_from(["s", "t"]),
    kind=st.sampled_from(SubjectKind),
    household=st.sampled_from(["h1", "h2"]),
    blocked=st.booleans(),
    lanes=st.none() | st.frozensets(st.sampled_from(["north-in", "south-in"])),
    building=st.none() | st.sampled_from(["3", "5"]),
    until=st.none() | moments,
    blocked_until=st.none() | moments,
)
plates = st.builds(
    PlateEvidence,
    frames=st.integers(0, 12),
    text=st.sampled_from(["辽A12345", "辽A1234警"]),
    confidences=st.just((0.95,) * 7),
    colour=st.sampled_from(PlateColour),
    kind=st.none() | st.sampled_from(PlateKind),
    subject=st.none() | subjects,
    lasting_s=st.floats(0, 5),
    agreeing=st.integers(0, 12),
    movement=st.sampled_from(Movement),
    doubt=st.none() | st.just(DOUBTFUL.doubt),
)
faces = subjects.map(lambda who: replace(FACE, candidate=Candidate(who, 0.7, 0.1, 4)))
histories = st.builds(History, last=st.sampled_from([None, "in", "out"]), at=st.none() | moments, known=st.booleans())
visits = st.none() | st.builds(Visit, st.just("p1"), st.none() | st.frozensets(st.sampled_from(["north-in", "x"])))
days = st.sampled_from(DayKind)
instants = st.builds(Moment, moments, days, days)


@given(faces | plates, accesses, instants, histories, visits)
def test_total_deterministic_and_never_opens_for_the_blocked(
    evidence: FaceEvidence | PlateEvidence,
    written: dict[str, Any],
    moment: Moment,
    history: History,
    visit: Visit | None,
) -> None:
    rules = _rules(**written)
    decision = decide(evidence, rules, moment, history=history, visit=visit)
    assert decision == decide(evidence, rules, moment, history=history, visit=visit)
    meant = evidence.candidate.subject if isinstance(evidence, FaceEvidence) and evidence.candidate else None
    meant = evidence.subject if isinstance(evidence, PlateEvidence) else meant
    if decision.verdict is not Verdict.OPEN:
        return
    assert meant is None or not meant.blocked_at(moment.at)
    if isinstance(evidence, PlateEvidence):
        assert not any(blocked.plate in evidence.texts for blocked in rules.access.blocked_plate)
    if decision.reason in {Reason.EMERGENCY_VEHICLE, Reason.ALLOWED_PLATE}:
        return
    assert decision.subject is meant
    if meant is not None:
        assert meant.may_use("north-in")
        assert meant.until is None or moment.at < meant.until + timedelta(days=rules.access.grace_days)


@given(faces | plates, accesses, instants, histories, visits)
def test_what_is_not_known_opens_nothing_that_stays_shut_once_it_is_known(
    evidence: FaceEvidence | PlateEvidence,
    written: dict[str, Any],
    moment: Moment,
    history: History,
    visit: Visit | None,
) -> None:
    rules = _rules(**written)
    less = decide(evidence, rules, moment, history=replace(history, known=False), visit=None)
    more = decide(evidence, rules, moment, history=history, visit=visit)
    if less.verdict is Verdict.OPEN:
        assert more.verdict is Verdict.OPEN


def test_a_time_without_a_zone_is_refused_where_it_is_written() -> None:
    naive = datetime(2026, 3, 4)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        Moment(naive)
    with pytest.raises(ValueError, match="aware"):
        Subject("s", SubjectKind.VEHICLE, "h", until=naive)
