"""A compound with a past: 1,200 households and 30 days at the gate, written into a register and a record in one go.

    python -m samples.archive FOLDER [--days 30] [--per-day 4000] [--seed 1]

Nobody in it exists: people are called after the sexagenary cycle, and no plate of Jiangsu has the letter Z.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from enrollment.accounts import Role
from enrollment.database import writing
from gate.config import load_config
from gate.ledger.ledger import Chain, Passage
from gate.site import Site, open_site
from samples.archive_cars import IN, PARKING_TOML, Cars
from samples.archive_people import Being, opaque, places, plates, register
from samples.archive_pictures import face_jpeg, plate_jpeg

ZONE = ZoneInfo("Asia/Shanghai")
LANES = {"north-in": "vehicle", "north-out": "vehicle", "north-walk": "pedestrian", "south-walk": "pedestrian"}
BARRIERS = {"north-in": "arm-in", "north-out": "arm-out", "north-walk": "door-north", "south-walk": "door-south"}
HOURS = (1, 1, 1, 1, 1, 4, 14, 40, 46, 24, 18, 20, 22, 18, 16, 18, 24, 44, 50, 38, 26, 16, 8, 3)
"""How busy each hour of the day is."""
CHANCES = (
    ("known", 0.86),
    ("unknown", 0.06),
    ("stranger", 0.03),
    ("unreadable", 0.03),
    ("close", 0.015),
    ("blocked", 0.005),
)
RULES = "3f9c1b7a20de"
PICTURED = 150
"""So many of the newest passages have a picture: drawing takes longer than all the rest."""

GATE_TOML = """\
# The compound with a past, written by `python -m samples.archive`.
[compound]
name = "幸福里小区"

[storage]
folder = "site"

[[camera]]
id = "north"
url = "rtsp://192.0.2.10/stream2"

[[camera]]
id = "walk"
url = "rtsp://192.0.2.11/stream2"
"""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written, and how to sign in."""

    config: Path
    rows: int
    passages: int
    password: str


def fill(folder: Path, *, days: int = 30, per_day: int = 4000, seed: int = 1, until: datetime | None = None) -> Filled:
    """Write the compound into an empty folder; the last day is the one before `until` (aware; now by default)."""
    random = Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "gate.toml"
    config.write_text(GATE_TOML + PARKING_TOML + "".join(_lane(lane) for lane in LANES), "utf-8")
    end = (until or datetime.now(UTC)).astimezone(ZONE)
    begin = datetime.combine(end.date() - timedelta(days=days), time(0), ZONE)
    password = secrets.token_urlsafe(12)
    with open_site(load_config(config), create=True) as site:
        staff = [site.accounts.add(name, password, role, "local:0").id for name, role in STAFF]
        people, vehicles = register(site, random, begin)
        with writing(site.engine) as session:
            _open_up(Chain(session), site, begin)
        strange = [plate for _, plate in zip(range(400), plates(Random(99)), strict=False)]
        cars = Cars(random, {one.id: one.home for one in vehicles}, places(site, vehicles), strange)
        story = Story(random, people, vehicles, staff[:3], site, cars)
        for day in range(days):
            last = day == days - 1
            with writing(site.engine) as session:
                story.tell_day(session, begin + timedelta(days=day), per_day, pictures=PICTURED if last else 0)
    return Filled(config, story.rows, story.passages, password)


STAFF = (
    ("laowang", Role.GUARD),
    ("laoli", Role.GUARD),
    ("laozhao", Role.GUARD),
    ("auditor", Role.AUDITOR),
    ("admin", Role.ADMIN),
    ("enroller", Role.ENROLLER),
)


def _open_up(chain: Chain, site: Site, begin: datetime) -> None:
    lanes = {lane: {"camera": _camera(lane), "barrier": BARRIERS[lane]} for lane in LANES}
    chain.add(begin, "gate.started", {"version": "0", "lanes": lanes})
    chain.add(begin, "rules.changed", {"rules": dict.fromkeys(LANES, RULES), "before": {}})
    chain.sign(site.signer, begin)


def _lane(lane: str) -> str:
    names = {"north-in": "北门入口", "north-out": "北门出口", "north-walk": "北门人行", "south-walk": "南门人行"}
    direction = "out" if lane.endswith("out") else "in"
    return (
        f'\n[[barrier]]\nid = "{BARRIERS[lane]}"\nurl = "sim://"\n'
        f'\n[[lane]]\nid = "{lane}"\nname = "{names[lane]}"\nkind = "{LANES[lane]}"\ndirection = "{direction}"\n'
        f'camera = "{_camera(lane)}"\nbarrier = "{BARRIERS[lane]}"\n'
    )


def _camera(lane: str) -> str:
    return "north" if LANES[lane] == "vehicle" else "walk"


class Story:
    """Tells day after day."""

    def __init__(
        self,
        random: Random,
        people: Sequence[Being],
        vehicles: Sequence[Being],
        guards: Sequence[str],
        site: Site,
        cars: Cars,
    ) -> None:
        self._random, self._cars = random, cars
        self._people, self._vehicles, self._guards, self._site = people, vehicles, guards, site
        self._plate_of = {being.id: being.plate for being in vehicles if being.plate}
        self._signed = 0
        self.rows = self.passages = 0

    def tell_day(self, session: Session, day: datetime, passages: int, pictures: int) -> None:
        """One day's rows, in order of time."""
        chain = Chain(session)
        moments = sorted(self._moment(day) for _ in range(passages))
        self._shifts(chain, day)
        for number, at in enumerate(moments):
            self._passage(chain, at, pictured=number >= passages - pictures)
            if number == passages // 2:
                self._mishap(chain, at, day.day)
            if chain.tip and chain.tip.seq - self._signed >= 900:
                chain.sign(self._site.signer, at)
                self._signed = chain.tip.seq
        chain.sign(self._site.signer, moments[-1])
        self.rows = chain.tip.seq if chain.tip else 0

    def _moment(self, day: datetime) -> datetime:
        hour = self._random.choices(range(24), HOURS)[0]
        return (day + timedelta(hours=hour, seconds=self._random.uniform(0, 3599))).astimezone(UTC)

    def _shifts(self, chain: Chain, day: datetime) -> None:
        guard = self._guards[day.toordinal() % 3]
        chain.add(day, "sign_in", {"actor": guard, "ok": True, "address": "192.0.2.50"})
        chain.add(day, "view", {"actor": guard, "what": "live"})
        if day.weekday() == 0 or not self.passages:
            counted = {"subject": "yard", "counted": self._cars.at_home, "at": day.astimezone(UTC).isoformat()}
            chain.add(day, "parking.counted", {**counted, "actor": guard})

    def _mishap(self, chain: Chain, at: datetime, number: int) -> None:
        """What goes wrong now and then."""
        if number % 5 == 0:
            chain.add(at, "camera", {"camera": "north", "state": "lost", "reason": "camera.unreachable"})
            chain.add(at + timedelta(minutes=7), "camera", {"camera": "north", "state": "live", "reason": None})
        if number % 9 == 0:
            barrier = {"barrier": "arm-in", "act": "faulted", "before": "closing", "after": "fault", "command": None}
            chain.add(at, "barrier.fault", {**barrier, "cause": "barrier.close_timeout", "command_id": None})
            repaired = {
                **barrier,
                "act": "recovered",
                "before": "fault",
                "after": "closed",
                "cause": "barrier.recovered",
            }
            chain.add(at + timedelta(minutes=41), "barrier.fault", {**repaired, "command_id": None})
        if number % 13 == 0:
            chain.add(at, "clock.step", {"by_ms": -4200})

    def _passage(self, chain: Chain, at: datetime, *, pictured: bool) -> None:
        random, lane = self._random, self._random.choice(tuple(LANES))
        if LANES[lane] == "vehicle":
            lane = self._cars.lane(at.astimezone(ZONE))
        verdict, reason, subject, details = self._driven(lane, at) if LANES[lane] == "vehicle" else self._walked()
        passage = Passage(opaque(random), at, lane, verdict, reason, subject, RULES, details)
        snapshot = None
        if pictured:
            shown = details.get("plate") or self._plate_of.get(subject or "", "苏Z00000")
            draw = partial(plate_jpeg, shown) if LANES[lane] == "vehicle" else face_jpeg
            snapshot = self._site.snapshots.keep(draw(random.randrange(2**31)), at)
        chain.add_passage(passage, snapshot)
        self.passages += 1
        if verdict == "open":
            self._arm(chain, at, lane, passage.id, "passage")
        elif verdict == "ask" and self._let_by(lane, reason, subject, details.get("plate"), at):
            guard, order = random.choice(self._guards), opaque(random)[:12]
            reason = random.choice(("visitor", "delivery", "staff", "resident"))
            words = "来客，已电话核对" if reason == "visitor" else ""
            command = f"{guard}:{order}"
            facts = {"lane": lane, "actor": guard, "reason": reason, "command_id": command}
            chain.add_note(at + timedelta(seconds=20), "manual.open", facts, words)
            self._arm(chain, at + timedelta(seconds=20), lane, command, "guard")

    def _arm(self, chain: Chain, at: datetime, lane: str, command: str, cause: str) -> None:
        steps: tuple[tuple[str, str, str, float], ...] = (
            ("commanded", "closed", "opening", 0.1),
            ("opened", "opening", "open", 1.4),
        )
        steps = (*steps, ("lowering", "open", "closing", 6.5), ("closed", "closing", "closed", 8.0))
        for act, before, after, later_s in steps:
            told: dict[str, str | None] = {
                "barrier": BARRIERS[lane],
                "act": act,
                "before": before,
                "after": after,
                "command_id": command,
            }
            told |= {"cause": cause, "command": "open" if act == "commanded" else None}
            chain.add(at + timedelta(seconds=later_s), "barrier", told)

    def _let_by(self, lane: str, reason: str, subject: str | None, plate: str | None, at: datetime) -> bool:
        """Whether the guard opens: mostly for who comes in, and nearly always for who leaves."""
        opens = self._random.random() < (0.98 if lane.endswith("out") else 0.7)
        if opens and reason == "unknown_vehicle" and plate:
            self._cars.guest_passed(plate, lane, at)
        if not opens and reason == "places_taken" and subject:
            self._cars.stays_out(subject)
        return opens

    def _what(self) -> str:
        return self._random.choices([name for name, _ in CHANCES], [share for _, share in CHANCES])[0]

    def _driven(self, lane: str, at: datetime) -> tuple[str, str, str | None, dict[str, Any]]:
        random, what = self._random, self._what()
        seen: dict[str, Any] = {
            "colour": "blue",
            "kind": "car",
            "frames": random.randint(3, 9),
            "weakest": _share(random),
        }
        if what == "blocked":
            return "refuse", "blocked", random.choice(self._vehicles).id, seen
        if what == "unreadable" and self._cars.unread(lane):
            return "ask", "unreadable_plate", None, {**seen, "plate": self._cars.guest(IN)[:6], "kind": None}
        if self._cars.guest_moves(lane, at) and (what in {"unknown", "stranger", "close"} or self._cars.leaves(lane)):
            return "ask", "unknown_vehicle", None, {**seen, "plate": self._cars.guest(lane)}
        if self._cars.slips_by():
            self._cars.resident(lane)
        car, extra = self._cars.resident(lane)
        return ("ask", "places_taken", car, seen) if extra else ("open", "known_vehicle", car, seen)

    def _walked(self) -> tuple[str, str, str | None, dict[str, Any]]:
        random, what = self._random, self._what()
        looked: dict[str, Any] = {
            "frames": random.randint(3, 12),
            "score": _share(random),
            "runner_up": round(random.uniform(0, 0.3), 4),
        }
        return {
            "known": ("open", "known_resident", random.choice(self._people).id, looked),
            "close": ("ask", "too_close_to_call", None, {**looked, "runner_up": looked["score"]}),
            "blocked": ("ask", "outside_hours", random.choice(self._people).id, looked),
        }.get(what, ("refuse", "stranger", None, {**looked, "score": round(random.uniform(0, 0.3), 4)}))


def _share(random: Random) -> float:
    return round(random.uniform(0.5, 0.99), 4)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--per-day", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    filled = fill(options.folder, days=options.days, per_day=options.per_day, seed=options.seed)
    print(f"{filled.config}: {filled.rows} rows, {filled.passages} passages")  # noqa: T201
    print(f"accounts {', '.join(name for name, _ in STAFF)}; password {filled.password}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
