"""What a gate's owner asks: who was let in rightly, who wrongly, who had to be asked, and how long it took."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.bench.passages import PEDESTRIAN, VEHICLE, Labelled, Staging
from gate.bench.stage import Played, Stage
from gate.config import Config
from gate.decision.decision import Verdict
from gate.lane.lane import Outcome
from models.cast import Cast


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds; None where nothing was timed."""

    p50: float | None
    p95: float | None
    p99: float | None

    @classmethod
    def of(cls, values: Iterable[float]) -> Times:
        """The median and the nearest ranks at 95 and 99 in 100."""
        ranked = sorted(values)
        return cls(*(_rank(ranked, share) for share in (0.5, 0.95, 0.99)))


@dataclass(frozen=True, slots=True)
class Failure:
    """A passage that did not go as it should: what was let in, and what the lane decided, as `verdict:reason`."""

    passage: str
    lane: str
    light: str
    scene: str
    opens: tuple[str, ...]
    opened: tuple[str, ...]
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateScore:
    """The sum of some passages.

    `right` opened exactly those that they should. `strangers_opened` and `wrong_vehicles_opened` count openings for
    somebody who was not there, and second openings where strangers were there too: both must be 0. `needless` are other
    openings nobody needed: a car that leaves, that is blocked or that was let in already. `residents_opened` and
    `vehicles_opened` are shares of `residents` and `vehicles`, the people and cars that should be let in; of the rest
    `asked` and `refused` say what the gate did, `unseen` that it did nothing. Delays run from the picture on which
    somebody was first usable (a face, a row of a plate large enough to go by) to the decision and to the barrier's
    command, and from the deciding picture to the command.
    """

    passages: int
    right: int
    strangers_opened: int
    wrong_vehicles_opened: int
    needless: int
    residents: int
    residents_opened: float | None
    vehicles: int
    vehicles_opened: float | None
    asked: int
    refused: int
    unseen: int
    lookalikes: int
    first_sight_to_decision_ms: Times
    first_sight_to_command_ms: Times
    frame_to_command_ms: Times
    cpu_s_per_lane_s: float | None


@dataclass(frozen=True, slots=True)
class GateBench:
    """The whole, by light, by scene, and each passage that failed."""

    whole: GateScore
    by_light: dict[str, GateScore]
    by_scene: dict[str, GateScore]
    failures: tuple[Failure, ...]


def bench(
    folder: Path, staging: Staging, config: Config, cast: Cast | None, step: Callable[[int, int], object]
) -> GateBench:
    """Play every passage through a gate in the (empty) folder. `step` hears how many are done, and of how many."""
    played = []
    with Stage(folder, staging, config, cast) as stage:
        for number, passage in enumerate(staging.passages, 1):
            played.append(stage.play(passage))
            step(number, len(staging.passages))
        names = dict(stage.names)
    return GateBench(
        score(played, names),
        _grouped(played, names, lambda passage: passage.light),
        _grouped(played, names, lambda passage: f"{passage.lane}: {passage.scene}"),
        tuple(_failure(one, names) for one in played if not _right(one, names)),
    )


def score(played: Sequence[Played], names: dict[str, str]) -> GateScore:
    """The sum of some passages; `names` gives the name or plate of each opaque id."""
    openings = [outcome for one in played for outcome in one.outcomes if outcome.decision.verdict is Verdict.OPEN]
    wanted = {lane: sum(len(one.passage.opens) for one in _on(played, lane)) for lane in (PEDESTRIAN, VEHICLE)}
    helped = {
        lane: sum(len(set(one.passage.opens) & set(_opened(one, names))) for one in _on(played, lane))
        for lane in (PEDESTRIAN, VEHICLE)
    }
    wrong = {lane: sum(_wrong(one, names) for one in _on(played, lane)) for lane in (PEDESTRIAN, VEHICLE)}
    left = Counter(_instead(one) for one in played if set(one.passage.opens) - set(_opened(one, names)))
    film_s = sum(one.film_s for one in played)
    return GateScore(
        passages=len(played),
        right=sum(_right(one, names) for one in played),
        strangers_opened=wrong[PEDESTRIAN],
        wrong_vehicles_opened=wrong[VEHICLE],
        needless=sum(_needless(one, names) for one in played),
        residents=wanted[PEDESTRIAN],
        residents_opened=_share(helped[PEDESTRIAN], wanted[PEDESTRIAN]),
        vehicles=wanted[VEHICLE],
        vehicles_opened=_share(helped[VEHICLE], wanted[VEHICLE]),
        asked=left["asked"],
        refused=left["refused"],
        unseen=left["unseen"],
        lookalikes=sum(outcome.passage.reason == "lookalike_vehicle" for outcome in openings),
        first_sight_to_decision_ms=Times.of(
            1000 * outcome.decision.evidence.lasting_s for one in played for outcome in one.outcomes
        ),
        first_sight_to_command_ms=Times.of(
            1000 * (outcome.decision.evidence.lasting_s + outcome.delay_s) for outcome in openings
        ),
        frame_to_command_ms=Times.of(1000 * outcome.delay_s for outcome in openings),
        cpu_s_per_lane_s=sum(one.cpu_s for one in played) / film_s if film_s else None,
    )


def _grouped(played: Sequence[Played], names: dict[str, str], by: Callable[[Labelled], str]) -> dict[str, GateScore]:
    keys = dict.fromkeys(by(one.passage) for one in played)
    return {key: score([one for one in played if by(one.passage) == key], names) for key in keys}


def _on(played: Sequence[Played], lane: str) -> list[Played]:
    return [one for one in played if one.passage.lane == lane]


def _opened(one: Played, names: dict[str, str]) -> list[str]:
    return [_who(outcome, names) for outcome in one.outcomes if outcome.decision.verdict is Verdict.OPEN]


def _who(outcome: Outcome, names: dict[str, str]) -> str:
    subject = outcome.decision.subject
    return names.get(subject.id, "") if subject else ""


def _wrong(one: Played, names: dict[str, str]) -> int:
    """Openings for somebody who is not there, and second ones that a stranger may have had."""
    opened = _opened(one, names)
    absent = [name for name in opened if name not in one.passage.there]
    again = len(opened) - len(absent) - len(set(opened) & set(one.passage.there))
    return len(absent) + (again if one.passage.strangers else 0)


def _needless(one: Played, names: dict[str, str]) -> int:
    opened = _opened(one, names)
    return len(opened) - len(set(opened) & set(one.passage.opens)) - _wrong(one, names)


def _right(one: Played, names: dict[str, str]) -> bool:
    return sorted(_opened(one, names)) == sorted(one.passage.opens)


def _instead(one: Played) -> str:
    """What the gate did where it did not open for all it should."""
    verdicts = {outcome.decision.verdict for outcome in one.outcomes} - {Verdict.OPEN}
    if Verdict.ASK in verdicts:
        return "asked"
    return "refused" if Verdict.REFUSE in verdicts else "unseen"


def _failure(one: Played, names: dict[str, str]) -> Failure:
    passage = one.passage
    decisions = tuple(f"{outcome.passage.verdict}:{outcome.passage.reason}" for outcome in one.outcomes)
    opened = tuple(_opened(one, names))
    return Failure(passage.name, passage.lane, passage.light, passage.scene, passage.opens, opened, decisions)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _rank(ranked: Sequence[float], share: float) -> float | None:
    return round(ranked[max(0, math.ceil(share * len(ranked)) - 1)], 1) if ranked else None
