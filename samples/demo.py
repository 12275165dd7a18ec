"""The demo: draws the films, enrols the sample people and cars, plays all through a running gate, and compares."""

from __future__ import annotations

import secrets
import statistics
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from enrollment.accounts import Role
from enrollment.consent import ConsentForm, Means, Purpose
from enrollment.gallery import load_gallery
from enrollment.photo import judge
from gate.barrier.simulated_door import SimulatedDoor
from gate.barrier.simulator import SimulatedBarrier
from gate.camera.frame import CameraState
from gate.config import Config, Models, Storage, load_config
from gate.console.watch import PassageView
from gate.decision.decision import Reason, Verdict
from gate.lane.lane import Outcome
from gate.ledger.verify import verify
from gate.running import RunningGate
from gate.serving import serving
from gate.site import Site, open_site
from gate.texts import t
from models.errors import Fault
from models.open import open_face_recogniser
from models.picture import load_picture
from models.store import Store
from samples.compound import PEDESTRIAN_LANE, PEOPLE, VEHICLE_LANE, VEHICLES, Expected, Films, draw_films

ACTOR = "demo"
CONSENT = ConsentForm(Purpose.FACE_ENTRY, Means.PAPER, datetime(2025, 1, 2, tzinfo=UTC))
"""Invented like the people whom it is from."""
SITE = "site"
GUARD = "guard"
EARLY_S, LATE_S = 0.3, 1.5
"""A passage may be decided this long before and after the time that the script gives its subject."""
SETTLE_S = 1.0
"""How long after the last picture the last decisions are waited for."""

GATE_TOML = """\
# 示范小区：由 gate demo 写成，可照着改 / the sample compound, written by `gate demo`; a pattern to start from
[compound]
name = "示范小区"

[storage]
folder = "{site}"
{models}
[console]
port = {port}

[[camera]]
id = "walkway"
url = "file:{pedestrian}"

[[camera]]
id = "driveway"
url = "file:{vehicle}"

[[barrier]]
id = "door"
kind = "door"
url = "sim://?unwired=passed,presence,fire,tamper,power_lost,manual_key"
hold_open_s = 3.0

[[barrier]]
id = "arm"
url = "sim://?inertia_s=0.15&bounce_s=0.05"
travel_s = 1.2
hold_open_s = 1.5

[[lane]]
id = "{pedestrian_lane}"
name = "南门人行"
kind = "pedestrian"
camera = "walkway"
barrier = "door"

[[lane]]
id = "{vehicle_lane}"
name = "南门车行"
kind = "vehicle"
camera = "driveway"
barrier = "arm"
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A passage as it came out: seconds into its film, and what the console shows."""

    at_s: float
    view: PassageView


class Demo:
    """The sample compound as a context: everything is opened on entry and closed on exit. `say` prints a line."""

    def __init__(self, folder: Path, port: int, seed: int, pack: str | None, say: Callable[[str], object]) -> None:
        self._folder = folder.resolve()
        self._port = port
        self._seed = seed
        self._pack = pack
        self._say = say
        self._seen: list[Seen] = []
        self._began: dict[str, datetime] = {}
        self._open = ExitStack()
        self.url = ""

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            site = undo.enter_context(open_site(Config(storage=Storage(folder=self._folder / SITE)), create=True))
            # Without the models there is nothing to draw for: say so in the first second.
            Store().pull(site.cast(Models(pack=self._pack)).models)
            self._say(t("demo.drawing", folder=self._folder))
            self._films = draw_films(self._folder / "films", self._seed)
            config = self._write_config(self._films)
            self._prove(site)
            self._enrol(site, config)
            password = _guard_password(site)
            self._gate = RunningGate(config, site, Store(), on_passage=self._passed)
            self._zone = ZoneInfo(config.compound.timezone)
            self.url = undo.enter_context(serving(self._gate))
            self._say(t("demo.console", url=self.url, username=GUARD, password=password))
            self._open = undo.pop_all()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._open.close()

    def play(self, ended: threading.Event) -> bool:
        """Wait until the films are over and print the summary; True if all passages were as expected.

        False without a summary when `ended` is set before that.
        """
        number = 0
        waiting = set(self._gate.cameras)
        while waiting and not ended.is_set():
            for news in self._gate.feed.after(number, timeout_s=0.2):
                number = news.number
                if news.topic == "camera" and news.lane and news.body["state"] == CameraState.LIVE:
                    self._began.setdefault(news.lane, news.at)
            waiting = {i for i, c in self._gate.cameras.items() if c.health().state is not CameraState.ENDED}
        return False if ended.wait(SETTLE_S) else self._summary()

    def _write_config(self, films: Films) -> Config:
        path = self._folder / "gate.toml"
        path.write_text(
            GATE_TOML.format(
                site=SITE,
                models=f'\n[models]\npack = "{self._pack}"\n' if self._pack else "",
                port=self._port,
                pedestrian=films.pedestrian,
                vehicle=films.vehicle,
                pedestrian_lane=PEDESTRIAN_LANE,
                vehicle_lane=VEHICLE_LANE,
            ),
            "utf-8",
        )
        return load_config(path)

    def _prove(self, site: Site) -> None:
        proof = verify(site.engine, site.snapshots)
        if proof.first_broken:
            raise Fault("demo.record_broken", seq=proof.first_broken.seq)
        # Opening a new folder writes rows too, and nobody has been here before.
        if proof.passages:
            self._say(t("demo.record_kept", rows=proof.rows, passages=proof.passages))

    def _enrol(self, site: Site, config: Config) -> None:
        cast = site.cast(config.models)
        residents = {resident.name: resident.id for resident in site.register.residents()}
        gallery = load_gallery(site.engine, site.keyring, cast.embedder.model_id)
        seen = {subject.id for subject in gallery.subjects}
        missing = [person for person in PEOPLE if person.enrolled and residents.get(person.name) not in seen]
        if missing:
            recogniser = open_face_recogniser(cast.face_finder, cast.face_embedder, Store(), config.models.threads)
            for person in missing:
                face = judge(recogniser, load_picture(self._films.photos[person.name]))
                if person.name in residents:
                    site.register.consents.give(residents[person.name], [CONSENT], ACTOR)
                    site.register.add_face(residents[person.name], face, recogniser.model_id, ACTOR)
                else:
                    site.register.add_resident(
                        person.name, person.household, face, recogniser.model_id, ACTOR, consent=CONSENT
                    )
        for vehicle in VEHICLES:
            if vehicle.enrolled and site.register.find_plate(vehicle.plate) is None:
                reason = t("demo.blocked_reason") if vehicle.blocked else None
                site.register.add_vehicle(
                    vehicle.plate, vehicle.household, ACTOR, vehicle.colour, blocked_reason=reason
                )
        self._say(t("demo.enrolled", residents=len(site.register.residents()), vehicles=len(site.register.vehicles())))

    def _passed(self, view: PassageView, outcome: Outcome) -> None:
        began = self._began.get(view.lane_id, view.at)
        if view.verdict is Verdict.OPEN:
            self._comes_through(view.lane_id)
        self._seen.append(Seen((view.at - began).total_seconds(), view))
        self._say(
            t(
                "demo.passage",
                time=f"{view.at.astimezone(self._zone):%H:%M:%S}",
                lane=view.lane_name,
                who=view.subject_label or t("demo.nobody"),
                verdict=t(f"verdict.{view.verdict}"),
                reason=t(f"reason.{view.reason}"),
                score="-" if view.score is None else f"{view.score:.2f}",
                delay=round(outcome.delay_s * 1000),
            )
        )

    def _comes_through(self, lane: str) -> None:
        """Whoever was let in goes through, to be seen on the page of the barriers."""
        barrier = next(part.barrier for part in self._gate.config.lane if part.id == lane)
        device = self._gate.barriers[barrier].device
        if isinstance(device, SimulatedBarrier | SimulatedDoor):
            device.come_through()

    def _summary(self) -> bool:
        missing, extra = compare(self._films.expected, self._seen)
        delays = sorted(seen.view.delay_ms for seen in self._seen if seen.view.delay_ms is not None)
        for expected in missing:
            self._say(t("demo.missing", lane=expected.lane, who=expected.who, reason=t(f"reason.{expected.reason}")))
        for seen in extra:
            who = seen.view.subject_label or t("demo.nobody")
            self._say(t("demo.extra", lane=seen.view.lane_name, who=who, reason=t(f"reason.{seen.view.reason}")))
        if delays:
            p99 = delays[min(len(delays) - 1, round(0.99 * len(delays)))]
            self._say(t("demo.delays", count=len(delays), median=round(statistics.median(delays)), p99=round(p99)))
        right = len(self._films.expected) - len(missing)
        self._say(t("demo.summary", right=right, expected=len(self._films.expected), extra=len(extra)))
        return not missing and not extra


def compare(expected: Sequence[Expected], seen: Sequence[Seen]) -> tuple[list[Expected], list[Seen]]:
    """What was expected and did not come, and what came and was not expected; a passage answers one expectation."""
    left = list(seen)
    missing = []
    for wanted in expected:
        found = next((one for one in left if _answers(one, wanted)), None)
        if found is None:
            missing.append(wanted)
        else:
            left.remove(found)
    return missing, left


def _answers(seen: Seen, wanted: Expected) -> bool:
    named = wanted.reason is not Reason.STRANGER
    return (
        seen.view.lane_id == wanted.lane
        and seen.view.verdict == wanted.verdict
        and seen.view.reason == wanted.reason
        and (not named or seen.view.subject_label == wanted.who)
        and wanted.start_s - EARLY_S <= seen.at_s <= wanted.end_s + LATE_S
        and (seen.view.delay_ms is not None) == (wanted.verdict is Verdict.OPEN)
    )


def _guard_password(site: Site) -> str:
    """A fresh random password for the demo's guard, whose account is made at the first run."""
    password = secrets.token_urlsafe(12)
    if site.accounts.find(GUARD) is None:
        site.accounts.add(GUARD, password, Role.GUARD, ACTOR)
    else:
        site.accounts.set_password(GUARD, password, ACTOR)
    return password
