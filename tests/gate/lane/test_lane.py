"""One lane from frame to barrier: what is decided once, what waits for the record, what a crash leaves behind."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from enrollment.candidate import Candidate, Subject, SubjectKind
from enrollment.credential import CredentialKind
from gate.camera.frame import CameraHealth, CameraState, Frame
from gate.config import FaceLimits, PlateRules
from gate.decision.decision import (
    CredentialEvidence,
    CredentialFault,
    FaceEvidence,
    Movement,
    PlateEvidence,
    Reason,
    Verdict,
)
from gate.decision.moment import DayKind, History, Visit
from gate.decision.parked import Parked
from gate.decision.rules import Rules
from gate.lane import lane as lane_module
from gate.lane.lane import Facts, LaneWorker, Opening, Outcome, encode
from gate.lane.presence import Presence
from gate.lane.showing import Shown
from gate.lane.supervisor import BUDGET, STEADY_S, Supervisor
from gate.lane.tracking import FaceTrack
from gate.lane.watching import Case
from gate.ledger.ledger import Passage
from gate.ledger.writer import Saved, WriterHealth
from gate.parking.settings import Parking
from gate.rulebook.recorded import read
from models.sighting import Box, Picture, PlateColour, PlateKind

RULES = Rules("south-in", (), FaceLimits(accept=0.45), PlateRules(), "v1")
RESIDENT = Subject("r1", SubjectKind.RESIDENT, "h1")
KNOWN = FaceEvidence(5, Candidate(RESIDENT, 0.7, 0.1, 4), 0.8, 120, 1.0)
CAR = PlateEvidence(
    9, "辽A12345", (0.99,) * 7, PlateColour.BLUE, PlateKind.CAR, Subject("v1", SubjectKind.VEHICLE, "h1"), 2.0, 9
)
SHUT = Opening(opened=False, commanded_s=None, refusal="barrier.in_fault")
STRANGER = FaceEvidence(20, Candidate(RESIDENT, 0.1, 0.0, 4), 0.8, 120, 3.0)


class _Camera:
    id = "south"

    def __init__(self, times: Sequence[float]) -> None:
        self._frames = [
            Frame("south", number, datetime(2026, 2, 17, 4, tzinfo=UTC), at_s, np.zeros((90, 160, 3), np.uint8))
            for number, at_s in enumerate(times, 1)
        ]

    def newest(self, after: int, timeout_s: float) -> Frame | None:
        return next((frame for frame in self._frames if frame.number > after), None)

    def health(self) -> CameraHealth:
        return CameraHealth(CameraState.LIVE)


@dataclass
class _Watcher:
    cases: list[list[Case]]

    def look(self, picture: Picture, at_s: float) -> Sequence[Case]:
        return [case for case in self.cases.pop(0) if not case.track.settled]

    def waiting(self, at_s: float) -> bool:
        return True

    def present(self) -> frozenset[str]:
        return frozenset()


@dataclass
class _World:
    """The lane's surroundings, writing down what happens in which order."""

    events: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    saves: bool = True
    presence: Presence = field(default_factory=lambda: Presence(RULES.faces.repeat_s))
    wholes: list[bytes | None] = field(default_factory=list)
    context: bool = False

    def open_for(self, passage: str) -> Opening:
        self.events.append("opened")
        return Opening(opened=True, commanded_s=10.5)

    def submit(self, passage: Passage, jpeg: bytes | None = None, context_jpeg: bytes | None = None) -> Future[Saved]:
        self.wholes.append(context_jpeg)
        self.events.append("submitted")
        saved: Future[Saved] = Future()
        if self.saves:
            saved.set_result(Saved(1, "20260217-aa" if jpeg else None))
        return saved

    def health(self) -> WriterHealth:
        return WriterHealth(0, 0, 0, 0, None)

    def lane(self, times: Sequence[float], cases: list[list[Case]]) -> LaneWorker:
        return LaneWorker(
            rules=lambda: RULES,
            zone=ZoneInfo("Asia/Shanghai"),
            camera=_Camera(times),
            watcher=_Watcher(cases),
            way=self,
            writer=self,  # type: ignore[arg-type]
            on_outcome=self.outcomes.append,
            presence=self.presence,
            context=self.context,
            clock=lambda: 11.0,
        )


def _case(evidence: FaceEvidence | PlateEvidence, key: str | None = "r1", number: int = 1) -> Case:
    track = FaceTrack(number, Box(0, 0, 10, 10), 0, 0, best=np.zeros((40, 30, 3), np.uint8))
    return Case(track, evidence, key, {"score": 0.7})


def _play(world: _World, times: Sequence[float], cases: list[list[Case]]) -> None:
    lane = world.lane(times, cases)
    while lane.step():
        pass


def test_an_opening_is_on_record_before_the_arm_moves() -> None:
    world = _World()
    _play(world, [10.0], [[_case(KNOWN)]])
    assert world.events == ["submitted", "opened"]
    (outcome,) = world.outcomes
    assert outcome.decision.verdict is Verdict.OPEN
    assert outcome.delay_s == pytest.approx(0.5)
    assert outcome.snapshot == "20260217-aa"
    assert outcome.moved


def test_a_disk_that_does_not_answer_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "COMMIT_WAIT_S", 0.01)
    world = _World(saves=False)
    _play(world, [10.0], [[_case(KNOWN)]])
    assert world.events == ["submitted", "opened"]


def test_a_track_opens_once() -> None:
    world, case = _World(), _case(KNOWN)
    _play(world, [10.0, 10.1, 10.2], [[case]] * 3)
    assert world.events.count("opened") == 1


def test_a_broken_track_of_the_same_resident_is_not_decided_again_at_once() -> None:
    world = _World()
    again_s = 10.0 + RULES.faces.repeat_s
    _play(world, [10.0, 11.0, again_s + 1], [[_case(KNOWN, number=n)] for n in range(3)])
    assert world.events.count("opened") == 2


def test_a_stranger_moves_nothing_and_is_recorded() -> None:
    world = _World()
    _play(world, [10.0], [[_case(STRANGER, key=None)]])
    assert world.events == ["submitted"]
    assert world.outcomes[0].passage.subject is None
    assert not world.outcomes[0].moved


def test_waiting_for_evidence_leaves_no_trace() -> None:
    world = _World()
    _play(world, [10.0], [[_case(replace(KNOWN, frames=1))]])
    assert world.events == []
    assert world.outcomes == []


def test_a_crop_is_bounded() -> None:
    import cv2

    jpeg = encode(np.zeros((900, 1600, 3), np.uint8))
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (180, 320, 3)


class _Crashing(LaneWorker):
    def __init__(self, steps: list[str], played: threading.Event) -> None:
        self._steps = steps
        self._played = played

    def step(self) -> bool:
        if not self._steps:
            self._played.set()
        step = self._steps.pop(0) if self._steps else "idle"
        if step == "crash":
            raise RuntimeError("a face that must not be in a log")
        return step == "work"


def _supervise(steps: list[str], monkeypatch: pytest.MonkeyPatch, pace_s: float = 0.0) -> Supervisor:
    from gate.lane import supervisor as module

    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    played = threading.Event()
    clock = itertools.count(0.0, pace_s)
    supervisor = Supervisor("south-in", lambda: _Crashing(steps, played), clock=lambda: next(clock))
    supervisor.start()
    assert played.wait(30)
    supervisor.stop()
    return supervisor


def test_a_crashed_lane_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    health = _supervise(["work", "crash", "crash", "work", "idle"], monkeypatch, pace_s=STEADY_S).health()
    assert (health.restarts, health.paused, health.fault) == (2, False, None)


def test_a_lane_that_keeps_crashing_pauses_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    health = _supervise(["crash"] * (BUDGET + 1), monkeypatch).health()
    assert health.paused
    assert health.fault == "RuntimeError"


def test_an_enrolled_plate_is_not_copied_into_the_passage() -> None:
    vehicle = Subject("v1", SubjectKind.VEHICLE, "h1")
    known = replace(CAR, subject=vehicle)
    world = _World()
    for number, evidence in enumerate((known, replace(known, subject=None))):
        case = _case(KNOWN, key=None, number=number)
        case = Case(case.track, evidence, None, {"plate": "辽A12345", "frames": 9})
        _play(world, [10.0], [[case]])
    told = [dict(outcome.passage.details) for outcome in world.outcomes]
    assert ["辽A12345" in json.dumps(details, ensure_ascii=False) for details in told] == [False, True]
    assert [details.get("plate") for details in told] == [None, "辽A12345"]


def test_a_stranger_who_turns_out_to_be_a_resident_is_let_in_once() -> None:
    world, case = _World(), _case(STRANGER, key=None)
    seen_better = Case(case.track, KNOWN, "r1", {"score": 0.7})
    _play(world, [10.0, 10.1, 10.2, 10.3], [[case], [case], [seen_better], [seen_better]])
    assert [outcome.decision.verdict for outcome in world.outcomes] == [Verdict.REFUSE, Verdict.OPEN]


def test_a_plate_unreadable_from_afar_is_let_in_when_it_is_read_and_asked_about_once() -> None:
    vehicle = Subject("v1", SubjectKind.VEHICLE, "h1")
    read = PlateEvidence(9, "辽A12345", (0.99,) * 7, PlateColour.BLUE, PlateKind.CAR, vehicle, 2.0, 9)
    blurred = replace(read, confidences=(0.7,) * 7, subject=None)
    world = _World()
    first, again = _case(KNOWN, number=1), _case(KNOWN, number=2)
    cases = [Case(case.track, blurred, "辽A12345", {}) for case in (first, first, again)]
    cases += [Case(again.track, read, "辽A12345", {})] * 2
    _play(world, [10.0, 10.1, 11.5, 11.6, 11.7], [[case] for case in cases])
    assert [outcome.decision.verdict for outcome in world.outcomes] == [Verdict.ASK, Verdict.OPEN]


def test_news_and_a_rebuilt_lane_open_no_second_time() -> None:
    world = _World()
    _play(world, [10.0], [[_case(KNOWN)]])
    _play(world, [10.4], [[_case(KNOWN, number=2)]])
    assert world.events.count("opened") == 1


def test_a_rebuild_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    steps, builds, played = ["crash"], [], threading.Event()

    def build() -> LaneWorker:
        builds.append(1)
        if len(builds) == 2:
            raise OSError(24, "too many open files")
        return _Crashing(steps, played)

    supervisor = Supervisor("south-in", build, clock=lambda: 0.0)
    supervisor.start()
    assert played.wait(30)
    supervisor.stop()
    assert supervisor.health().restarts == 2


@pytest.mark.parametrize("context", [False, True])
def test_the_whole_picture_is_recorded_only_where_it_is_asked_for(*, context: bool) -> None:
    world = _World(context=context)
    _play(world, [10.0], [[_case(KNOWN)]])
    (whole,) = world.wholes
    assert (whole is not None) == context


def test_who_stays_in_sight_is_not_decided_again_and_who_left_is() -> None:
    world = _World()
    seen = [10.0, 13.0, 16.0, 19.0, 22.0]
    away_s = RULES.faces.repeat_s + 0.1
    _play(world, [*seen, 22.0 + away_s], [[_case(KNOWN, number=n)] for n in range(6)])
    assert world.events.count("opened") == 2


def test_a_settled_track_in_sight_counts_as_being_there() -> None:
    world = _World()
    _play(world, [10.0], [[_case(KNOWN)]])

    class Still(_Watcher):
        def present(self) -> frozenset[str]:
            return frozenset({"r1"})

    times = [12.0, 15.0, 18.0, 21.0]
    lane = world.lane(times, [])
    lane._watcher = Still([[] for _ in times])
    while lane.step():
        pass
    _play(world, [24.0], [[_case(KNOWN, number=2)]])
    assert world.events.count("opened") == 1


def test_an_unknown_car_that_is_enrolled_while_it_stands_there_is_let_in() -> None:
    world, case = _World(), _case(replace(CAR, subject=None), key=CAR.text)
    again = Case(FaceTrack(2, Box(0, 0, 10, 10), 0, 0), replace(CAR, subject=None), CAR.text, {})
    enrolled = Case(case.track, CAR, CAR.text, {})
    _play(world, [10.0, 10.5, 11.0, 11.5, 12.0], [[case], [case], [again], [enrolled], [enrolled]])
    assert [outcome.decision.reason for outcome in world.outcomes] == [Reason.UNKNOWN_VEHICLE, Reason.KNOWN_VEHICLE]


def test_a_car_whose_direction_is_unclear_is_asked_about_once_and_opened_for_when_it_comes() -> None:
    world, case = _World(), _case(CAR, key=CAR.text)
    coming = Case(case.track, replace(CAR, movement=Movement.TOWARDS), CAR.text, {})
    lane = world.lane([10.0, 11.0, 12.0, 13.0], [[case], [case], [coming], [coming]])
    lane._rules = lambda: replace(RULES, heading=Movement.TOWARDS)
    while lane.step():
        pass
    assert [outcome.decision.reason for outcome in world.outcomes] == [Reason.DIRECTION_UNCLEAR, Reason.KNOWN_VEHICLE]
    assert world.events.count("opened") == 1


def test_a_visitor_takes_one_use_for_one_passage_and_is_opened_for_once() -> None:
    world, used = _World(), []

    def use(visit: Visit, at: datetime, passage: str) -> bool:
        used.append(passage)
        return True

    lane = world.lane([10.0, 10.1, 10.2], [[_case(replace(CAR, subject=None), key=CAR.text)] for _ in range(3)])
    lane._facts = Facts(visit=lambda _plate, _at: Visit("p1"), use=use)
    while lane.step():
        pass
    (outcome,) = world.outcomes
    assert (outcome.decision.reason, outcome.passage.id) == (Reason.VISITOR_PASS, used[0])
    assert (len(used), world.events.count("opened")) == (1, 1)


def test_a_visitor_whose_last_use_another_lane_took_is_asked_about() -> None:
    world = _World()
    lane = world.lane([10.0], [[_case(replace(CAR, subject=None), key=CAR.text)]])
    lane._facts = Facts(visit=lambda _plate, _at: Visit("p1"))
    while lane.step():
        pass
    assert [outcome.decision.reason for outcome in world.outcomes] == [Reason.UNKNOWN_VEHICLE]
    assert read(world.outcomes[0].passage.details["rests_on"]).visit is None


def test_who_was_let_in_is_known_to_be_inside() -> None:
    world, told = _World(), []
    lane = world.lane([10.0], [[_case(KNOWN)]])
    lane._facts = Facts(passed=lambda subject, at: told.append((subject, at)))
    while lane.step():
        pass
    assert told == [("r1", datetime(2026, 2, 17, 4, tzinfo=UTC))]


def test_a_lane_that_leads_to_parking_asks_what_is_inside_keeps_it_and_tells_who_came_in() -> None:
    world, asked = _World(), []
    entered: list[Passage] = []
    parked = iter([Parked((("yard", 2),), 0), Parked((("yard", 1),), 0)])
    zone = {"id": "yard", "name": "地面", "spaces": 2, "enter": ["south-in"], "leave": ["south-out"]}

    def stands(subject: Subject | None, plate: str | None) -> Parked:
        asked.append((subject, plate))
        return next(parked)

    visitor = replace(CAR, subject=None)
    again = Case(FaceTrack(2, Box(0, 0, 10, 10), 0, 0), visitor, "another", {"plate": CAR.text})
    lane = world.lane([10.0, 11.0], [[_case(visitor, key=CAR.text)], [again]])
    lane._rules = lambda: replace(RULES, parking=Parking.model_validate({"zone": [zone]}))
    lane._facts = Facts(
        visit=lambda _plate, _at: Visit("p1"), use=lambda *_use: True, parked=stands, entered=entered.append
    )
    while lane.step():
        pass
    full, free = world.outcomes
    assert [one.decision.reason for one in (full, free)] == [Reason.PARKING_FULL, Reason.VISITOR_PASS]
    assert asked == [(None, CAR.text)] * 2
    assert read(full.passage.details["rests_on"]).parked == Parked((("yard", 2),), 0)
    assert entered == [free.passage]


def test_a_passage_keeps_what_it_was_decided_on() -> None:
    world = _World()
    history = History("in", datetime(2026, 2, 17, 3, tzinfo=UTC))
    lane = world.lane([10.0], [[_case(KNOWN)]])
    lane._facts = Facts(history=lambda _subject: history)
    while lane.step():
        pass
    (outcome,) = world.outcomes
    recorded = read(json.loads(json.dumps(outcome.passage.details["rests_on"])))
    assert (recorded.evidence, recorded.history, recorded.moment.today) == (KNOWN, history, DayKind.HOLIDAY)
    assert recorded.decide(RULES, recorded.moment, None) == replace(outcome.decision, rules_version="v1")


def test_the_record_does_not_tie_a_stranger_to_the_one_they_resemble() -> None:
    world = _World()
    _play(world, [10.0], [[_case(STRANGER, key=None)]])
    assert "r1" not in json.dumps(world.outcomes[0].passage.details)


def test_a_credential_that_is_shown_goes_the_way_of_every_passage() -> None:
    world = _World()
    lane = world.lane([10.0], [[]])
    told: list[tuple[str, datetime]] = []
    lane._facts = Facts(passed=lambda subject, at: told.append((subject, at)))
    at = datetime(2026, 2, 17, 4, tzinfo=UTC)
    shown = CredentialEvidence(CredentialKind.CARD, RESIDENT, None)
    came = lane.show(Shown(shown), at, 10.0)
    assert (came.decision.reason, came.opened) == (Reason.KNOWN_RESIDENT, True)
    assert world.events == ["submitted", "opened"]
    assert told == [("r1", at)]
    (outcome,) = world.outcomes
    assert (outcome.passage.subject, outcome.moved, outcome.snapshot) == ("r1", True, None)


def test_a_code_in_a_picture_is_decided_about_and_its_picture_kept_only_where_somebody_is_asked() -> None:
    world = _World()
    lane = world.lane([10.0, 11.0], [[], []])
    faults = iter([None, CredentialFault.SHOWN_BEFORE])
    lane._codes = lambda _frame: [Shown(CredentialEvidence(CredentialKind.QR, RESIDENT, next(faults)))]
    lane.step()
    lane.step()
    assert [one.decision.verdict for one in world.outcomes] == [Verdict.OPEN, Verdict.REFUSE]
    assert [one.snapshot is not None for one in world.outcomes] == [False, True]
    assert world.events == ["submitted", "opened", "submitted"]


def test_a_pass_whose_last_use_was_just_taken_opens_nothing() -> None:
    world = _World()
    lane = world.lane([], [])
    uses = iter([True, False])
    lane._facts = Facts(use=lambda _visit, _at, _passage: next(uses))
    shown = Shown(CredentialEvidence(CredentialKind.QR, None, None), Visit("p1"))
    at = datetime(2026, 2, 17, 4, tzinfo=UTC)
    assert [lane.show(shown, at, 1.0).decision.reason for _ in range(2)] == [Reason.VISITOR_PASS, Reason.PASS_OVER]


def test_who_was_kept_out_has_not_passed_and_is_tried_again_while_they_stay() -> None:
    world, passed, entered = _World(), list[str](), list[Passage]()
    answers = iter([SHUT, SHUT, Opening(opened=True, commanded_s=14.0)])
    case = _case(KNOWN)
    lane = world.lane([10.0, 10.5, 11.0, 12.0, 13.0, 14.0, 15.0], [[case] for _ in range(7)])
    lane._way = SimpleNamespace(open_for=lambda _passage: next(answers))
    lane._facts = Facts(passed=lambda subject, _at: passed.append(subject), entered=entered.append)
    while lane.step():
        pass
    assert [(one.opened, one.refusal) for one in world.outcomes] == [(False, "barrier.in_fault")] * 2 + [(True, None)]
    assert [one.delay_s for one in world.outcomes] == [1.0, 0.0, 1.0]
    assert (passed, entered) == (["r1"], [world.outcomes[-1].passage])


def test_a_pass_for_which_the_barrier_kept_shut_keeps_its_use() -> None:
    world, told = _World(), list[tuple[str, str]]()
    lane = world.lane([10.0], [[_case(replace(CAR, subject=None), key=CAR.text)]])
    lane._way = SimpleNamespace(open_for=lambda _passage: SHUT)
    lane._facts = Facts(
        visit=lambda _plate, _at: Visit("p1"),
        use=lambda *_use: True,
        give_back=lambda visit, passage: told.append((visit.pass_id, passage)),
    )
    while lane.step():
        pass
    assert told == [("p1", world.outcomes[0].passage.id)]
