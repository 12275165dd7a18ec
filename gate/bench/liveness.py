"""How many pictures of residents a gate would open for, and how many living residents it would ask about.

Counted as ISO/IEC 30107-3 does: for each kind of attack the share that passes for living (APCER), for the living the
share that is doubted (BPCER), and apart from both what was never seen well enough to judge (non-response). A
presentation is judged as a lane judges it, frame by frame, and whoever it shows counts as known without doubt: what is
measured is liveness and not recognition.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from enrollment.candidate import Candidate, Subject, SubjectKind
from gate.config import FaceLimits, PlateRules
from gate.decision.decide import decide
from gate.decision.decision import FaceEvidence, Verdict
from gate.decision.liveness import LifeDoubt, Liveness
from gate.decision.moment import Moment
from gate.decision.rules import Rules
from gate.lane.life_signs import LifeSigns
from models.roles import FaceRecogniser
from models.sighting import FaceSighting, Picture

LIVING = "living"
"""The kind of a presentation that is no attack."""

TOGETHER = "together"
NOON = Moment(datetime(2026, 1, 1, 12, tzinfo=UTC))
KNOWN = Candidate(Subject("bench", SubjectKind.RESIDENT, "bench"), 1.0, 0.0, 1)


class Answer(StrEnum):
    """What came of a presentation."""

    OPENED = "opened"
    ASKED = "asked"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True, eq=False)
class Presentation:
    """Somebody or something before the camera; `film` gives the pictures with their seconds, afresh at each call."""

    kind: str
    film: Callable[[], Iterable[tuple[float, Picture]]]


@dataclass(frozen=True, slots=True)
class Share:
    """Of so many presentations that were judged, so many opened; `unseen` is how many were not judged at all."""

    judged: int
    opened: int
    unseen: int

    @property
    def apcer(self) -> float | None:
        """The share that passed for living, None where nothing was judged."""
        return self.opened / self.judged if self.judged else None

    @property
    def bpcer(self) -> float | None:
        """The share that was doubted, None where nothing was judged."""
        return 1 - self.opened / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class LivenessScore:
    """For each layer by itself, and for all `TOGETHER`, the share of each kind; and how long a face took."""

    layers: dict[str, dict[str, Share]]
    embed_ms: float | None


@dataclass(slots=True, eq=False)
class _Trial:
    """One presentation before one set of layers."""

    layer: str
    answer: Answer = Answer.UNSEEN

    def see(self, evidence: FaceEvidence, rules: Rules) -> None:
        """Judge the evidence so far, unless it is settled."""
        if self.answer is not Answer.UNSEEN:
            return
        heard = replace(evidence, liveness=_only(evidence.liveness, self.layer))
        verdict = decide(heard, rules, NOON).verdict
        if verdict is not Verdict.IGNORE:
            self.answer = Answer.OPENED if verdict is Verdict.OPEN else Answer.ASKED


@dataclass(slots=True, eq=False)
class _Clock:
    spent_s: float = 0.0
    faces: int = 0


@dataclass(slots=True, eq=False)
class _Tally:
    answers: dict[str, dict[str, list[Answer]]] = field(default_factory=dict)

    def add(self, kind: str, trials: Sequence[_Trial]) -> None:
        for trial in trials:
            self.answers.setdefault(trial.layer, {}).setdefault(kind, []).append(trial.answer)

    def shares(self) -> dict[str, dict[str, Share]]:
        return {
            layer: {kind: _share(answers) for kind, answers in kinds.items()} for layer, kinds in self.answers.items()
        }


def measure(
    recogniser: FaceRecogniser,
    presentations: Sequence[Presentation],
    limits: FaceLimits,
    step: Callable[[int, int], object],
) -> LivenessScore:
    """Show every presentation to the recogniser under the limits of a lane. `step` hears how many of how many."""
    rules, tally, clock = Rules("bench", (), limits, PlateRules(), "bench"), _Tally(), _Clock()
    for number, presentation in enumerate(presentations, 1):
        trials = [_Trial(layer) for layer in (TOGETHER, *LifeDoubt)]
        for evidence in _evidence(recogniser, presentation, limits, clock):
            for trial in trials:
                trial.see(evidence, rules)
            if all(trial.answer is not Answer.UNSEEN for trial in trials):
                break
        tally.add(presentation.kind, trials)
        step(number, len(presentations))
    return LivenessScore(tally.shares(), 1000 * clock.spent_s / clock.faces if clock.faces else None)


def _evidence(
    recogniser: FaceRecogniser, presentation: Presentation, limits: FaceLimits, clock: _Clock
) -> Iterator[FaceEvidence]:
    """The evidence after each picture with a usable face in it: the largest one's."""
    signs, frames, first_s = LifeSigns(), 0, 0.0
    for at_s, picture in presentation.film():
        usable = [face for face in recogniser.find(picture) if _usable(face, limits)]
        if not usable:
            continue
        began = time.perf_counter()
        (face,) = recogniser.embed(picture, usable[:1])
        clock.spent_s += time.perf_counter() - began
        clock.faces += 1
        frames += 1
        first_s = at_s if frames == 1 else first_s
        signs.add(face)
        yield FaceEvidence(frames, KNOWN, face.quality.score, face.box.height, at_s - first_s, liveness=signs.weigh())


def _usable(face: FaceSighting, limits: FaceLimits) -> bool:
    return face.box.height >= limits.min_face_px and face.quality.score >= limits.min_quality


def _only(seen: Liveness, layer: str) -> Liveness:
    """What one layer says, with the others silent; `TOGETHER` leaves all."""
    if layer == TOGETHER:
        return seen
    return replace(
        seen,
        live=seen.live if layer == LifeDoubt.LOOKS else None,
        rim=seen.rim and layer == LifeDoubt.RIM,
        flat=seen.flat if layer == LifeDoubt.FLAT else None,
    )


def _share(answers: Sequence[Answer]) -> Share:
    unseen = answers.count(Answer.UNSEEN)
    return Share(len(answers) - unseen, answers.count(Answer.OPENED), unseen)
