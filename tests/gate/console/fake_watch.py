"""A gate that only exists for the console: two lanes, invented people, pictures drawn here."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import cv2
import numpy as np

from gate.barrier.act import Command
from gate.camera.frame import CameraHealth, CameraState
from gate.clocks import Clock
from gate.community.deliveries import DestinationView
from gate.community.registers.registers import SourceView
from gate.console.barrier_watch import BarrierView, DoneView, OrderOutcome
from gate.console.watch import (
    AnswerView,
    HealthView,
    LaneView,
    MeantView,
    OpenOutcome,
    PassageView,
    RingView,
    passage_body,
)
from gate.decision.decision import Reason, Verdict
from gate.errors import BarrierFault
from gate.feed import Feed
from gate.readers import ReaderView
from models.sighting import Picture
from tests.gate.console.staff import START


def lane_view(lane_id: str, name: str, kind: str, direction: str = "in") -> LaneView:
    camera = CameraHealth(CameraState.LIVE, frames=1200, dropped=7, reconnects=1, frames_per_s=12.5)
    return LaneView(lane_id, name, kind, direction, camera, "closed")


@dataclass
class FakeWatch:
    feed: Feed = field(default_factory=Feed)
    compound: str = "幸福里小区"
    for_trying_out: bool = False
    views: dict[str, LaneView] = field(default_factory=dict)
    passages: list[PassageView] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    crops: dict[str, bytes] = field(default_factory=dict)
    opened: list[tuple[str, str, str, str]] = field(default_factory=list)
    refused: list[tuple[str, str, str, str]] = field(default_factory=list)
    answered: list[AnswerView] = field(default_factory=list)
    may_be: dict[str, MeantView] = field(default_factory=dict)
    rung: list[RingView] = field(default_factory=list)
    barrier_views: dict[str, BarrierView] = field(default_factory=dict)
    ordered: list[tuple[str | None, Command, str, str, str, str]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    looked: list[tuple[str, str]] = field(default_factory=list)
    signed_in: list[tuple[str, bool, str]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    works: HealthView = field(default_factory=lambda: HealthView(True, True, True, True, True, ledger_rows=42))
    places: list[DestinationView] = field(default_factory=list)
    card_readers: list[ReaderView] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    registers: list[SourceView] = field(default_factory=list)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    fault: Exception | None = None
    hold: threading.Event | None = None

    def lanes(self) -> Sequence[LaneView]:
        return tuple(self.views.values())

    def picture(self, lane_id: str) -> bytes | None:
        return self.pictures.get(lane_id)

    def crop(self, snapshot_id: str) -> bytes | None:
        return self.crops.get(snapshot_id)

    def recent(self, count: int) -> Sequence[PassageView]:
        if self.fault:
            raise self.fault
        return sorted(self.passages, key=lambda passage: passage.at, reverse=True)[:count]

    def answers(self, since: datetime) -> Sequence[AnswerView]:
        if self.fault:
            raise self.fault
        return [answer for answer in self.answered if answer.at >= since]

    def meant(self, passage_id: str) -> MeantView | None:
        if self.fault:
            raise self.fault
        return self.may_be.get(passage_id)

    def ring(self, lane_id: str) -> None:
        self.rung.append(RingView(self.now(), lane_id, f"ring-{len(self.rung) + 1}"))
        self.feed.publish("ring", lane_id, self.now(), id=self.rung[-1].id, lane_name=self.views[lane_id].name)

    def rings(self, since: datetime) -> Sequence[RingView]:
        if self.fault:
            raise self.fault
        return [ring for ring in self.rung if ring.at >= since]

    def refuse(self, lane_id: str, *, actor: str, reason: str, request_id: str, question: str) -> None:
        if self.fault:
            raise self.fault
        self.refused.append((lane_id, actor, reason, question))
        self.answered.append(AnswerView(self.now(), lane_id, opened=False, question=question))

    def open_lane(
        self, lane_id: str, *, actor: str, reason: str, request_id: str, question: str | None = None
    ) -> OpenOutcome:
        self.opened.append((lane_id, actor, reason, request_id))
        if self.hold:
            self.hold.wait(10)
        if self.fault:
            raise self.fault
        self.answered.append(AnswerView(self.now(), lane_id, opened=True, question=question))
        self.turn_barrier(lane_id, "opening")
        return OpenOutcome("opening")

    def barriers(self) -> Sequence[BarrierView]:
        return tuple(self.barrier_views.values())

    def order(
        self, barrier_id: str | None, command: Command, *, actor: str, who: str, reason: str, request_id: str
    ) -> OrderOutcome:
        self.ordered.append((barrier_id, command, actor, who, reason, request_id))
        if self.fault:
            raise self.fault
        names = list(self.barrier_views) if barrier_id is None else [barrier_id]
        refused = {name: self.refuses[name] for name in names if name in self.refuses}
        return OrderOutcome({name: self.barrier_views[name].state for name in names}, refused)

    def record_view(self, *, actor: str, what: str) -> None:
        self.looked.append((actor, what))

    def record_passage_view(self, *, actor: str, passage_id: str) -> None:
        self.looked.append((actor, f"passage:{passage_id}"))

    def record_sign_in(self, *, username: str, ok: bool, address: str, step: str) -> None:
        self.signed_in.append((username, ok, address))
        self.steps.append(step)

    def clocks(self) -> Sequence[Clock]:
        return [Clock("passages", 365, 12, date(2026, 1, 1)), Clock("pictures", 30, 7, date(2026, 1, 1), overdue=2)]

    def destinations(self) -> Sequence[DestinationView]:
        return self.places

    def readers(self) -> Sequence[ReaderView]:
        return self.card_readers

    def late_destinations(self) -> Sequence[str]:
        return self.late

    def sources(self) -> Sequence[SourceView]:
        return self.registers

    def health(self) -> HealthView:
        if self.fault:
            raise self.fault
        return self.works

    def turn_barrier(self, lane_id: str, state: str, fault: str | None = None, raised_by: str | None = None) -> None:
        self.views[lane_id] = dataclasses.replace(self.views[lane_id], barrier_state=state, barrier_fault=fault)
        self.feed.publish("barrier", lane_id, datetime.now(UTC), state=state, fault=fault, raised_by=raised_by)

    def turn_camera(self, lane_id: str, state: CameraState, reason: str | None = None) -> None:
        health = CameraHealth(state, reason=reason)
        self.views[lane_id] = dataclasses.replace(self.views[lane_id], camera=health)
        self.feed.publish("camera", lane_id, datetime.now(UTC), state=str(state), reason=reason)

    def pass_by(self, passage: PassageView, *, unheard: bool = False) -> PassageView:
        """Decide a passage: it is in the database and, unless nobody is to hear of it, in the news."""
        self.passages.append(passage)
        if not unheard:
            self.feed.publish("passage", passage.lane_id, passage.at, **passage_body(passage))
        return passage


def passage(
    number: int,
    verdict: Verdict = Verdict.OPEN,
    reason: Reason = Reason.KNOWN_RESIDENT,
    *,
    lane: str = "men",
    label: str | None = "张三",
    at: datetime | None = None,
    score: float | None = 0.83,
    snapshot: str | None = None,
) -> PassageView:
    """An invented passage; `number` is in its id and moves its time on by a second."""
    name = {"men": "东门行人", "che": "东门车道"}.get(lane, lane)
    moment = at or START + timedelta(seconds=number)
    return PassageView(f"passage-{number}", moment, lane, name, verdict, reason, label, score, snapshot, 182.5)


def fake_watch() -> FakeWatch:
    """A gate with a pedestrian and a vehicle lane where nobody has passed."""
    watch = FakeWatch()
    watch.views = {
        "men": lane_view("men", "东门行人", "pedestrian"),
        "che": lane_view("che", "东门车道", "vehicle"),
    }
    watch.pictures = {"men": jpeg(_walkway()), "che": jpeg(_road())}
    watch.barrier_views = {
        "arm": BarrierView(
            id="arm",
            name="东门车道",
            kind="arm",
            board="sim",
            state="opening",
            since_s=2.4,
            healthy=True,
            inputs={"open_limit": False, "closed_limit": False, "presence": True, "arm_off": None},
            alarms=("barrier.tamper",),
            held=True,
            scene={"position": 0.6, "vehicles": [[1.5, 4.6]], "people": [-1.2]},
            done=(
                DoneView("hold", "guard", "market: 早市", "guard", START, driven_ms=3.1, took_s=1.52),
                DoneView("close", "guard", "other: 试一下", "guard", START, refusal="barrier.is_held"),
                DoneView("open", "", "", "passage", START, driven_ms=2.0, fault="barrier.no_open_limit"),
            ),
        ),
        "door": BarrierView(
            id="door",
            name="东门行人",
            kind="door",
            board="modbus",
            state="fault",
            since_s=75,
            healthy=False,
            fault="barrier.not_answering",
        ),
    }
    watch.crops = {
        "face-1": jpeg(_face((70, 110, 190))),
        "face-2": jpeg(_face((120, 90, 60))),
        "plate-1": jpeg(_plate()),
    }
    return watch


def barrier_fault() -> BarrierFault:
    return BarrierFault("barrier.not_answering")


def jpeg(picture: Picture) -> bytes:
    done, encoded = cv2.imencode(".jpg", picture)
    assert done
    return encoded.tobytes()


def _ground(height: int, width: int) -> Picture:
    shade = np.linspace(210, 120, height, dtype=np.uint8)
    return np.ascontiguousarray(np.repeat(shade[:, None, None], width, 1).repeat(3, 2))


def _walkway() -> Picture:
    scene = _ground(540, 960)
    cv2.fillPoly(scene, [np.array([[360, 180], [600, 180], [860, 540], [100, 540]], np.int32)], (165, 170, 172))
    cv2.rectangle(scene, (60, 60), (300, 400), (120, 140, 160), -1)
    cv2.ellipse(scene, (500, 400), (70, 150), 0, 0, 360, (110, 70, 40), -1)
    cv2.circle(scene, (500, 225), 45, (150, 175, 210), -1)
    return scene


def _road() -> Picture:
    scene = _ground(540, 960)
    cv2.fillPoly(scene, [np.array([[400, 150], [560, 150], [960, 540], [0, 540]], np.int32)], (90, 92, 95))
    cv2.rectangle(scene, (330, 220), (650, 420), (60, 50, 150), -1)
    cv2.rectangle(scene, (380, 235), (600, 310), (190, 180, 160), -1)
    cv2.rectangle(scene, (430, 365), (550, 400), (180, 90, 20), -1)
    return scene


def _face(coat: tuple[int, int, int]) -> Picture:
    scene = np.full((160, 160, 3), 205, np.uint8)
    cv2.ellipse(scene, (80, 175), (70, 55), 0, 0, 360, coat, -1)
    cv2.ellipse(scene, (80, 75), (38, 50), 0, 0, 360, (150, 178, 214), -1)
    cv2.ellipse(scene, (80, 42), (40, 26), 0, 180, 360, (30, 30, 34), -1)
    for x in (66, 94):
        cv2.circle(scene, (x, 72), 4, (40, 40, 40), -1)
    return scene


def _plate() -> Picture:
    scene = np.full((50, 160, 3), (170, 85, 15), np.uint8)
    cv2.rectangle(scene, (3, 3), (156, 46), (240, 240, 240), 2)
    cv2.putText(scene, "A12345", (22, 36), cv2.FONT_HERSHEY_DUPLEX, 0.9, (250, 250, 250), 2)
    return scene
