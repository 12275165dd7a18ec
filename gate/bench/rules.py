"""How many decisions a second the rules of a large compound take, on one core."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from enrollment.candidate import Subject, SubjectKind
from gate.access_rules import AccessRules
from gate.config import Config, FaceLimits, Lane
from gate.decision.decide import decide
from gate.decision.decision import Evidence
from gate.decision.moment import History, Moment
from gate.decision.rules import Rules
from gate.rulebook.supposed import face, plate
from models.sighting import PlateColour

MIXED = 1000
"""Different arrivals that are decided in turn."""


@dataclass(frozen=True, slots=True)
class RulesScore:
    """`per_s` decisions a second of processor time, by rules of so many parts; `verdicts` says what came of them."""

    decisions: int
    per_s: int
    groups: int
    windows: int
    blocked_plates: int
    verdicts: dict[str, int]


def measure(decisions: int, seed: int = 1) -> RulesScore:
    """Decide about known and unknown, blocked and late arrivals in turn, by rules with every kind of line in them."""
    rules = _rules()
    random_ = random.Random(seed)  # noqa: S311 - drawn, not secret
    cases = [_case(random_, rules, number) for number in range(MIXED)]
    verdicts: dict[str, int] = {}
    began = time.process_time()
    for number in range(decisions):
        evidence, moment, history = cases[number % MIXED]
        verdict = decide(evidence, rules, moment, history=history).verdict
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
    took_s = time.process_time() - began
    access = rules.access
    counts = len(access.group), len(access.window), len(access.blocked_plate)
    return RulesScore(decisions, round(decisions / took_s), *counts, verdicts)


def _rules() -> Rules:
    night = {"from": "22:00", "until": "06:00"}
    work = {"from": "07:00", "until": "19:00", "days": ["workday"]}
    access = AccessRules.model_validate(
        {
            "passback": "hard",
            "emergency_plates": ["辽A120??", "辽A119??"],
            "lane_hours": {"north-in": [work, night, {"days": ["day_off"]}]},
            "group": [{"id": f"b{number}", "buildings": [str(number)], "hours": [work]} for number in range(1, 21)],
            "window": [{"id": f"w{number}", "plates": [f"辽AT{number}*"], "hours": [work]} for number in range(10)],
            "blocked_plate": [{"plate": f"辽B{number:05}", "reason": "测试"} for number in range(50)],
        }
    )
    lane = Lane(id="north-in", name="北门入口", kind="vehicle", camera="c", barrier="b")
    return Rules.of(Config(), lane, FaceLimits(accept=0.45), access)


def _case(random_: random.Random, rules: Rules, number: int) -> tuple[Evidence, Moment, History]:
    at = datetime(2026, 2, 10, tzinfo=UTC) + timedelta(minutes=random_.randrange(20_000))
    subject = Subject(
        f"s{number}",
        SubjectKind.VEHICLE,
        f"h{number % 300}",
        blocked=random_.random() < 0.02,
        building=str(random_.randrange(1, 40)),
        until=at + timedelta(days=random_.randrange(-10, 300)),
    )
    history = History("in" if random_.random() < 0.5 else "out", at - timedelta(hours=random_.randrange(1, 40)))
    if random_.random() < 0.3:
        return face(subject, rules), Moment(at), history
    text = f"辽A{random_.choice(['T', '0', '1'])}{random_.randrange(10_000):04}"
    return plate(text, PlateColour.BLUE, subject if random_.random() < 0.7 else None, rules), Moment(at), history
