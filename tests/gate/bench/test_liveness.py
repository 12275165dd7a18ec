"""Counting attacks and living people as ISO/IEC 30107-3 does, with faces that say themselves what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from gate.bench.liveness import LIVING, TOGETHER, Presentation, Share, measure
from gate.config import FaceLimits
from gate.decision.liveness import LifeDoubt
from gate.face_rules import LivenessRules
from models.sighting import Box, FaceQuality, FaceSighting, Picture, Rim

LIMITS = FaceLimits(accept=0.45, liveness=LivenessRules(live_from=0.5))
QUALITY = FaceQuality(0.8, 120, 0.8, 0.9, 0.9)
BOX = Box(100, 100, 200, 220)
LANDMARKS = np.array([[130, 140], [170, 140], [150, 165], [135, 190], [165, 190]], np.float32)


class _Told:
    """The first pixel says how living the face looks (0 to 200), the second whether there is a rim."""

    model_id = "told@00000000"

    def find(self, picture: Picture) -> Sequence[FaceSighting]:
        return [] if picture[0, 0, 2] else [FaceSighting(BOX, LANDMARKS, 0.9, QUALITY)]

    def embed(self, picture: Picture, faces: Sequence[FaceSighting]) -> Sequence[FaceSighting]:
        rim = Rim(0, 0, 1.5, 1.5, 0) if picture[0, 1, 0] else None
        return [replace(face, embedding=np.ones(1, np.float32), live=picture[0, 0, 0] / 200, rim=rim) for face in faces]


def _shown(kind: str, live: int, rim: int = 0, missing: int = 0) -> Presentation:
    def film() -> Iterator[tuple[float, Picture]]:
        for number in range(30):
            picture = np.zeros((2, 2, 3), np.uint8)
            picture[0, 0] = live, 0, missing
            picture[0, 1, 0] = rim
            yield number / 10, picture

    return Presentation(kind, film)


SHOWN = [
    _shown(LIVING, 180),
    _shown(LIVING, 180),
    _shown(LIVING, 40),
    _shown("print", 20),
    _shown("print", 180, rim=1),
    _shown("print", 180),
    _shown("phone", 20, missing=1),
]


def test_each_layer_is_counted_alone_and_all_together_catch_most() -> None:
    steps: list[tuple[int, int]] = []
    score = measure(_Told(), SHOWN, LIMITS, lambda done, whole: steps.append((done, whole)))
    assert steps[-1] == (7, 7)
    assert score.layers[TOGETHER]["print"] == Share(3, 1, 0)
    assert score.layers[LifeDoubt.LOOKS]["print"].apcer == pytest.approx(2 / 3)
    assert score.layers[LifeDoubt.RIM]["print"].apcer == pytest.approx(2 / 3)
    assert score.layers[LifeDoubt.FLAT]["print"].apcer == 1.0
    assert score.layers[TOGETHER][LIVING].bpcer == pytest.approx(1 / 3)
    assert score.layers[LifeDoubt.RIM][LIVING].bpcer == 0.0


def test_what_was_never_judged_is_no_attack_fended_off() -> None:
    phone = measure(_Told(), SHOWN, LIMITS, lambda *_: None).layers[TOGETHER]["phone"]
    assert (phone, phone.apcer, phone.bpcer) == (Share(0, 0, 1), None, None)


def test_with_the_check_off_everything_known_opens() -> None:
    off = FaceLimits(accept=0.45, liveness=LivenessRules(on=False))
    layers = measure(_Told(), SHOWN, off, lambda *_: None).layers
    assert layers[TOGETHER]["print"].apcer == 1.0
    assert layers[TOGETHER][LIVING].bpcer == 0.0
