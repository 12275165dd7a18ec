"""The running gate as the console may see it and order it about."""

from __future__ import annotations

import contextlib
import shutil
import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from gate.barrier.act import Command
from gate.barrier.device import ARM_INPUTS, LOCK_INPUTS
from gate.barrier.history import Done
from gate.barrier.settings import BarrierPart
from gate.barrier.simulated_door import SimulatedDoor
from gate.barrier.simulator import SimulatedBarrier
from gate.camera.frame import CameraState
from gate.clocks import Clock, clocks
from gate.community.deliveries import DestinationView, destination_views
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
    SignInStep,
)
from gate.errors import BarrierFault
from gate.feed import Feed
from gate.lane.lane import encode
from gate.passages import answers, meant, recent, rings
from gate.readers import ReaderView
from gate.running import RunningGate

PICTURE_WIDTH = 960
GB = 10**9
SHOWN = frozenset({CameraState.LIVE, CameraState.ENDED})
"""A camera that gives nothing now is shown as nothing, not as what it saw last."""
KEYS = "api:"
"""What the actors begin with that are keys of the API."""
RECORD_WAIT_S = 1.0
"""How long a person's order waits for its row to be on disk.

Past this the row stands in the writer's spool, and a sick disk locks no guard out; only a full spool refuses."""


class Overview:
    """Implements `gate.console.watch.Watch` over a running gate."""

    def __init__(self, gate: RunningGate) -> None:
        self._gate = gate
        self._lanes = {lane.id: lane for lane in gate.config.lane}
        self._names: dict[str, str] = {}
        """Usernames by the ids of those who have signed in: to open, nobody must wait for the database."""
        self._encoding = threading.Lock()
        self._encoded: dict[str, tuple[int, bytes]] = {}

    @property
    def feed(self) -> Feed:
        """The gate's news."""
        return self._gate.feed

    @property
    def compound(self) -> str:
        """The compound's name."""
        return self._gate.config.compound.name

    @property
    def for_trying_out(self) -> bool:
        """Whether faces are recognised by a model that a gate at work should not run on."""
        return self._gate.faces is not None and self._gate.cast.embedder.for_trying_out

    def lanes(self) -> Sequence[LaneView]:
        """Every lane as it is now, in the order of the configuration."""
        views = []
        for lane in self._lanes.values():
            barrier = self._gate.barriers[lane.barrier].standing()
            views.append(
                LaneView(
                    id=lane.id,
                    name=lane.name,
                    kind=lane.kind,
                    direction=lane.direction,
                    camera=self._gate.cameras[lane.camera].health(),
                    barrier_state=barrier.state.value,
                    barrier_fault=barrier.fault,
                )
            )
        return views

    def picture(self, lane_id: str) -> bytes | None:
        """The frame the lane looked at last, as JPEG; encoded once however many watch."""
        supervisor = self._gate.supervisors.get(lane_id)
        frame = supervisor.worker.frame if supervisor else None
        if frame is None or self._gate.cameras[frame.camera].health().state not in SHOWN:
            return None
        with self._encoding:
            number, jpeg = self._encoded.get(lane_id, (0, b""))
            if number != frame.number:
                jpeg = encode(frame.pixels, width=PICTURE_WIDTH, quality=75)
                self._encoded[lane_id] = frame.number, jpeg
        return jpeg

    def crop(self, snapshot_id: str) -> bytes | None:
        """A snapshot, decrypted; None for one that is unknown or past its retention."""
        return self._gate.site.snapshots.look(snapshot_id)

    def recent(self, count: int) -> Sequence[PassageView]:
        """The newest passages, newest first."""
        return recent(self._gate.site.engine, self._gate.config.lane, self._gate.site.register, count)

    def answers(self, since: datetime) -> Sequence[AnswerView]:
        """What people did about whoever waited, from the record."""
        return answers(self._gate.site.engine, since)

    def rings(self, since: datetime) -> Sequence[RingView]:
        """Who rang, from the record."""
        return rings(self._gate.site.engine, since)

    def meant(self, passage_id: str) -> MeantView | None:
        """Who or what a passage may be."""
        return meant(self._gate.site.engine, self._gate.site.register, passage_id)

    def ring(self, lane_id: str) -> None:
        """Record that somebody rings, and say so in the news."""
        ring = uuid.uuid4().hex
        self.record("ring", lane=lane_id, passage=ring)
        self.feed.publish("ring", lane_id, datetime.now(UTC), id=ring, lane_name=self._lanes[lane_id].name)

    def refuse(self, lane_id: str, *, actor: str, reason: str, request_id: str, question: str) -> None:
        """Record that a person lets nobody in."""
        choice, _, words = reason.partition(": ")
        said = {"actor": actor, "reason": choice, "command_id": f"{actor}:{request_id}"}
        self.record("manual.refuse", words, lane=lane_id, passage=question, **said)

    def open_lane(
        self, lane_id: str, *, actor: str, reason: str, request_id: str, question: str | None = None
    ) -> OpenOutcome:
        """Record a person's order, then open.

        Raises:
            LedgerUnwritable: `ledger.spool_full`; nothing was opened.
            BarrierFault: the barrier did not take the command.
        """
        command_id = f"{actor}:{request_id}"
        choice, _, words = reason.partition(": ")
        answered = {"passage": question} if question else {}
        barrier = self._gate.barriers[self._lanes[lane_id].barrier]
        self.record("manual.open", words, lane=lane_id, actor=actor, reason=choice, command_id=command_id, **answered)
        receipt = barrier.command(Command.OPEN, command_id=command_id, cause="guard", who=self._who(actor), why=reason)
        if not receipt.accepted:
            raise BarrierFault(receipt.refusal or "barrier.not_answering")
        return OpenOutcome(receipt.state.value, receipt.repeated)

    def clocks(self) -> Sequence[Clock]:
        """What there is of each class of personal data, and what of it is past its time."""
        return clocks(self._gate.site, self._gate.config.storage.snapshot_days, datetime.now(UTC).date())

    def _who(self, actor: str) -> str:
        """What the barrier's page calls them; a key of the API is its own name."""
        return actor if actor.startswith(KEYS) else self._names.get(actor, "")

    def sources(self) -> Sequence[SourceView]:
        """The registers that ours is filled from."""
        return self._gate.registers.views()

    def destinations(self) -> Sequence[DestinationView]:
        """Where passages go, and how each place stands now."""
        return destination_views(self._gate.site, self._gate.config, datetime.now(UTC))

    def readers(self) -> Sequence[ReaderView]:
        """Every card reader."""
        return self._gate.readers.views()

    def late_destinations(self) -> Sequence[str]:
        """The ids of those that are behind."""
        return self._gate.deliveries.late

    def barriers(self) -> Sequence[BarrierView]:
        """Every barrier as it is now, in the order of the configuration."""
        return [self._barrier_view(part) for part in self._gate.config.barrier]

    def order(
        self, barrier_id: str | None, command: Command, *, actor: str, who: str, reason: str, request_id: str
    ) -> OrderOutcome:
        """Record a person's order, then carry it out. Raises `LedgerUnwritable`: `ledger.spool_full`."""
        command_id = f"{actor}:{request_id}"
        choice, _, words = reason.partition(": ")
        kind = f"manual.{command.value}"
        lane = self._gate.lane_of_barrier.get(barrier_id or "")
        there = {"lane": lane} if lane else {}
        self.record(kind, words, barrier=barrier_id, actor=actor, reason=choice, command_id=command_id, **there)
        given = {"command_id": command_id, "cause": "guard", "who": who, "why": reason}
        if barrier_id is None:
            receipts = self._gate.compound.order(command, **given)
        else:
            receipts = {barrier_id: self._gate.barriers[barrier_id].command(command, **given)}
        states = {name: receipt.state.value for name, receipt in receipts.items()}
        refused = {name: receipt.refusal for name, receipt in receipts.items() if receipt.refusal is not None}
        return OrderOutcome(states, refused)

    def _barrier_view(self, part: BarrierPart) -> BarrierView:
        barrier = self._gate.barriers[part.id]
        now = barrier.standing()
        lane = self._gate.lane_of_barrier.get(part.id)
        scene = barrier.device.scene() if isinstance(barrier.device, SimulatedBarrier | SimulatedDoor) else None
        names = ARM_INPUTS if part.kind == "arm" else LOCK_INPUTS
        return BarrierView(
            id=part.id,
            name=self._lanes[lane].name if lane else part.id,
            kind=part.kind,
            board=part.scheme,
            state=now.state.value,
            since_s=max(0.0, barrier.now_s - now.since_s),
            healthy=now.healthy,
            inputs=None if now.inputs is None else {name: getattr(now.inputs, name) for name in names},
            fault=now.fault,
            last_fault=now.last_fault,
            alarms=now.alarms,
            held=now.wish.held,
            lockdown=now.wish.lockdown,
            emergency=now.wish.emergency,
            fire=now.wish.fire,
            timed=now.timed,
            scene=scene,
            done=[_done_view(done) for done in barrier.history()],
        )

    def record_view(self, *, actor: str, what: str) -> None:
        """Record a look at personal data before it is shown. Raises `LedgerUnwritable` when it cannot be."""
        self.record("view", actor=actor, what=what)

    def record_passage_view(self, *, actor: str, passage_id: str) -> None:
        """Record a look at a passage's story before it is shown."""
        self.record("passage.viewed", actor=actor, passage=passage_id)

    def record_sign_in(self, *, username: str, ok: bool, address: str, step: SignInStep) -> None:
        """Record an attempt to sign in. Raises `LedgerUnwritable` when it cannot be.

        The record names an account or nobody: an unknown name may be a password in the wrong field.
        """
        account = self._gate.site.accounts.find(username)
        if account is not None:
            self._names[account.id] = account.username
        self.record("sign_in", actor=account.id if account else None, ok=ok, address=address, step=step)

    def health(self) -> HealthView:
        """What works now."""
        writer = self._gate.writer.health()
        barriers = [barrier.standing() for barrier in self._gate.barriers.values()]
        cameras = [camera.health().state for camera in self._gate.cameras.values()]
        free = self._free_bytes()
        return HealthView(
            database=writer.broken is None and self._gate.register_watch.fresh,
            ledger=writer.broken is None and writer.lost_unsaid == 0 and not any(b.acts_dropped for b in barriers),
            models=not any(supervisor.health().paused for supervisor in self._gate.supervisors.values()),
            cameras=all(state in {CameraState.LIVE, CameraState.ENDED} for state in cameras),
            barriers=all(barrier.healthy and barrier.fault is None for barrier in barriers),
            ledger_rows=writer.committed,
            spooled_rows=writer.waiting + sum(barrier.acts_waiting for barrier in barriers),
            rules=self._gate.rulebook.fault is None,
            community=not self._gate.deliveries.late,
            readers=self._gate.readers.all_online,
            room=free is None or free >= self._gate.config.storage.low_disk_gb * GB,
            free_bytes=free,
        )

    def _free_bytes(self) -> int | None:
        try:
            return shutil.disk_usage(self._gate.config.storage.folder).free
        except OSError:
            return None

    def record(self, kind: str, remark: str = "", **body: object) -> None:
        """Append a row, and wait a moment for it. Raises `LedgerUnwritable` only where even the spool is full."""
        with contextlib.suppress(TimeoutError):
            self._gate.writer.note(kind, remark, **body).result(RECORD_WAIT_S)


def _done_view(done: Done) -> DoneView:
    return DoneView(
        command=done.command.value,
        who=done.who,
        why=done.why,
        cause=done.cause,
        at=done.at,
        refusal=done.refusal,
        driven_ms=None if done.driven_s is None else round(done.driven_s * 1000, 1),
        took_s=None if done.took_s is None else round(done.took_s, 2),
        fault=done.fault,
    )
