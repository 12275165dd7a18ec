"""Following faces and plates over time in one lane, so that evidence adds up and each passer-by is decided once.

Sightings join a track by place, and by identity where there is one: a second person who steps in front does not inherit
the first one's evidence. Times are monotonic seconds of the frames; nothing here reads a clock.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from gate.lane.life_signs import LifeSigns
from gate.lane.movement import Course, Place
from gate.lane.voting import PlateVote
from models.sighting import Box, Embedding, FaceFault, FaceSighting, Picture, PlateSighting

LOST_AFTER_S = 1.0
"""A track that is looked for and not seen for so long has gone."""
ASLEEP_S = 3.0
"""Between two looks at a still scene nothing leaves; after a longer pause everybody may be somebody else."""
KNOWN_AGAIN_S = 30.0
"""Who was decided without a name and is lost from sight is not reported again when seen again within this."""
MOST_LOST = 64
SAME_PLACE = 0.5
"""Overlap of two plates that is one standing car, seen again."""
PATIENCE_S = 10.0
"""A track that could not be decided in so long is looked at only when something moves again."""
NEAR = 1.5
"""How far a centre may move between two frames, in widths (faces) or plate widths (plates)."""
SAME_FACE = 0.25
"""Cosine under which a face is somebody else than the track's; 99 of 100 pairs of strangers stay below 0.2."""
SAME_DECIDED_FACE = 0.35
"""The same for a track that is decided: who joins it wrongly is never looked at, so more is asked. A face of the same
person in the next half second scores above 0.6."""
MIN_ROW_PX = 14.0
"""A row of a plate lower than this is not read for evidence: the reader guesses there, and surely."""
READINGS_TO_KNOW = 2
"""Readings after which a track's vote is trusted to tell another car."""
CLEAR = 0.9
"""A reading whose weakest character is surer than this may say that it is another car."""
DIFFERENT_CHARACTERS = 3
"""Two clear readings of one plate differ in fewer characters than this; more is another car."""


@dataclass(slots=True, eq=False)
class FaceTrack:
    """One face over time. `template` is the quality-weighted mean of its embeddings, of unit length.

    `decided` is set by the first final decision, `settled` by one that knows whom it is about: a face that was called a
    stranger may still turn out to be a resident, and be let in once. `again` says that it goes on where a decided track
    was lost: what is then said without a name has been said. `key` is whom it was settled about. `usable_s` is when it
    was first embedded. `masked` counts the sightings that `upper` is the mean of.
    """

    id: int
    box: Box
    first_s: float
    last_s: float
    frames: int = 0
    quality: float = 0.0
    height_px: float = 0.0
    decided: bool = False
    settled: bool = False
    again: bool = False
    key: str | None = None
    usable_s: float | None = None
    embedded_s: float = float("-inf")
    best: Picture | None = None
    course: Course = field(default_factory=Course)
    unclear_since_s: float | None = None
    unclear_s: float = 0.0
    faults: Counter[FaceFault] = field(default_factory=Counter)
    covered: int = 0
    masked: int = 0
    signs: LifeSigns = field(default_factory=LifeSigns)
    _sum: Embedding | None = None
    _upper: Embedding | None = None

    @property
    def template(self) -> Embedding | None:
        """Unit vector of float32, None before the first embedded sighting."""
        return _unit(self._sum)

    @property
    def upper(self) -> Embedding | None:
        """The same of what shows above a mask, from the sightings that wear one; None before the first of them."""
        return _unit(self._upper)

    def likeness(self, sighting: FaceSighting) -> float | None:
        """Cosine of a sighting to this track's template, None where there is nothing to compare yet."""
        template = self.template
        if template is None or sighting.embedding is None:
            return None
        return float(template @ sighting.embedding)

    @property
    def lasting_s(self) -> float:
        """From the first usable sighting to the last."""
        return 0.0 if self.usable_s is None else self.embedded_s - self.usable_s

    @property
    def fault(self) -> FaceFault | None:
        """What was wrong most often with the sightings that were too poor, None where there was none."""
        return max(self.faults, key=lambda fault: (self.faults[fault], fault), default=None)

    def doubt(self, fault: FaceFault, at_s: float) -> None:
        """Note a sighting that is large enough to go by and too poor."""
        self.unclear_since_s = at_s if self.unclear_since_s is None else self.unclear_since_s
        self.unclear_s = at_s - self.unclear_since_s
        self.faults[fault] += 1

    def join(self, sighting: FaceSighting, at_s: float) -> None:
        """Add a sighting to the track. One that is not embedded keeps no decided track alive: it may be anybody's."""
        self.box = sighting.box
        self.course.add(Place.of(sighting), at_s)
        if sighting.embedding is None:
            self.last_s = self.last_s if self.decided else at_s
            return
        self.last_s = at_s
        self.usable_s = at_s if self.usable_s is None else self.usable_s
        weight = np.float32(max(sighting.quality.score, 1e-3))
        self._sum = _added(self._sum, sighting.embedding * weight)
        if sighting.upper is not None:
            self.masked += 1
            self._upper = _added(self._upper, sighting.upper * weight)
        self.frames += 1
        self.signs.add(sighting)
        self.embedded_s = at_s
        self.height_px = max(self.height_px, sighting.box.height)
        self.quality = max(self.quality, sighting.quality.score)


def _added(summed: Embedding | None, one: Embedding) -> Embedding:
    return one if summed is None else summed + one


def _unit(summed: Embedding | None) -> Embedding | None:
    if summed is None:
        return None
    length = float(np.linalg.norm(summed))
    return summed / length if length > 0 else None


@dataclass(slots=True, eq=False)
class PlateTrack:
    """One vehicle's plate over time, with the vote of its readings.

    `decided`, `settled`, `again` and `key` are as for a face; `began` is where it was first seen; `readable_s` is when
    the plate was first large enough to go by.
    """

    id: int
    box: Box
    first_s: float
    last_s: float
    began: Box
    vote: PlateVote = field(default_factory=PlateVote)
    decided: bool = False
    settled: bool = False
    again: bool = False
    key: str | None = None
    readable_s: float | None = None
    best: Picture | None = None
    best_height: float = 0.0
    course: Course = field(default_factory=Course)

    @property
    def lasting_s(self) -> float:
        """From the first reading that counts to the last sighting."""
        return 0.0 if self.readable_s is None else self.last_s - self.readable_s

    def join(self, sighting: PlateSighting, at_s: float) -> None:
        """Add a reading to the track; one that is too small to go by only says where the plate is."""
        self.box, self.last_s = sighting.box, at_s
        self.course.add(Place.of(sighting), at_s)
        if sighting.text and sighting.box.height / sighting.rows >= MIN_ROW_PX:
            self.readable_s = at_s if self.readable_s is None else self.readable_s
            self.vote.add(sighting)


class _Track(Protocol):
    """What the tracker needs of a track."""

    box: Box
    first_s: float
    last_s: float
    decided: bool
    again: bool

    def join(self, sighting: Any, at_s: float) -> None:
        """Add a sighting."""
        ...


SightingT = TypeVar("SightingT", bound=FaceSighting | PlateSighting)
TrackT = TypeVar("TrackT", bound=_Track)


class Tracker(Generic[SightingT, TrackT]):
    """Joins each frame's sightings to the tracks of one lane."""

    def __init__(
        self,
        begin: Callable[[int, Box, float], TrackT],
        fits: Callable[[TrackT, SightingT], float | None],
        again: Callable[[TrackT, TrackT], bool],
        reach: float = NEAR,
    ) -> None:
        """`begin` makes a track, `fits` says how well a sighting fits it, None for not at all.

        `again` says whether a lost track (the first) goes on in a new one.
        """
        self._begin = begin
        self._fits = fits
        self._again = again
        self._reach = reach
        self._next = 1
        self._looked_s = float("-inf")
        self._lost: list[TrackT] = []
        self.tracks: list[TrackT] = []

    def update(self, sightings: Sequence[SightingT], at_s: float) -> list[tuple[TrackT, SightingT]]:
        """Join a frame's sightings, beginning new tracks where none fits; the pairs that were joined.

        Tracks unseen for `LOST_AFTER_S` are dropped first. Where one that was decided goes on in a new one, that is
        `again`; its evidence is not carried over.
        """
        self._drop(at_s)
        scored = [
            (fit, number, track)
            for number, sighting in enumerate(sightings)
            for track in self.tracks
            if (fit := self._fit(track, sighting)) is not None
        ]
        taken = _matched(scored)
        joined = []
        for number, sighting in enumerate(sightings):
            found = taken.get(number)
            if found is None:
                found = self._begin(self._next, sighting.box, at_s)
                self._next += 1
                self.tracks.append(found)
            found.join(sighting, at_s)
            found.again = found.again or any(self._again(lost, found) for lost in self._lost)
            joined.append((found, sighting))
        return joined

    def _drop(self, at_s: float) -> None:
        def stays(track: TrackT) -> bool:
            unseen_s = at_s - track.last_s
            return unseen_s <= LOST_AFTER_S or (track.last_s == self._looked_s and unseen_s <= ASLEEP_S)

        gone = [track for track in self.tracks if (track.decided or track.again) and not stays(track)]
        self._lost = [track for track in (*self._lost, *gone) if at_s - track.last_s <= KNOWN_AGAIN_S][-MOST_LOST:]
        self.tracks = [track for track in self.tracks if stays(track)]
        self._looked_s = at_s

    def waiting(self, at_s: float) -> bool:
        """Whether a track is undecided, still seen, and young enough that more looking may help."""
        return any(
            not track.decided and at_s - track.last_s <= LOST_AFTER_S and at_s - track.first_s <= PATIENCE_S
            for track in self.tracks
        )

    def nearest(self, boxes: Sequence[Box]) -> list[TrackT | None]:
        """The track that each of a picture's sightings would join by place alone, None where that is a new one."""
        scored = [
            (place, number, track)
            for number, box in enumerate(boxes)
            for track in self.tracks
            if (place := _place(track.box, box, self._reach)) is not None
        ]
        taken = _matched(scored)
        return [taken.get(number) for number in range(len(boxes))]

    def _fit(self, track: TrackT, sighting: SightingT) -> float | None:
        place = _place(track.box, sighting.box, self._reach)
        identity = self._fits(track, sighting)
        if place is None or identity is None:
            return None
        return place + identity


def _matched(scored: list[tuple[float, int, TrackT]]) -> dict[int, TrackT]:
    """The best pairs first, each sighting (by its number) and each track in one pair at most."""
    taken: dict[int, TrackT] = {}
    for _, number, track in sorted(scored, key=lambda entry: entry[0], reverse=True):
        if number not in taken and track not in taken.values():
            taken[number] = track
    return taken


def _place(before: Box, now: Box, reach: float) -> float | None:
    """How well two boxes fit by place: overlap, or a little less than nothing when merely near; None when too far."""
    overlap = before.overlap(now)
    if overlap > 0:
        return overlap
    (x0, y0), (x1, y1) = before.centre, now.centre
    width = max(before.width, now.width)
    distance = math.hypot(x1 - x0, y1 - y0) / width
    return -distance / reach if distance <= reach else None


def _face_fits(track: FaceTrack, sighting: FaceSighting) -> float | None:
    likeness = track.likeness(sighting)
    if likeness is None:
        return 0.0
    return likeness if likeness >= (SAME_DECIDED_FACE if track.decided else SAME_FACE) else None


def _plate_fits(track: PlateTrack, sighting: PlateSighting) -> float | None:
    if not sighting.text or track.vote.readings < READINGS_TO_KNOW or min(sighting.confidences) <= CLEAR:
        return 0.0
    different = _different(track.vote.elect().text, sighting.text)
    return 1.0 - different / len(sighting.text) if different < DIFFERENT_CHARACTERS else None


def _different(one: str, other: str) -> int:
    return sum(mine != yours for mine, yours in zip_longest(one, other))


def _face_again(lost: FaceTrack, track: FaceTrack) -> bool:
    before, now = lost.template, track.template
    return before is not None and now is not None and float(before @ now) >= SAME_DECIDED_FACE


def _plate_again(lost: PlateTrack, track: PlateTrack) -> bool:
    """Whoever stood there stands there still, unless it is clearly another car; one that drives up begins elsewhere."""
    if track.vote.readings < READINGS_TO_KNOW or lost.box.overlap(track.began) < SAME_PLACE:
        return False
    before, now = lost.vote.elect(), track.vote.elect()
    clear = min((*before.confidences, *now.confidences), default=0.0) > CLEAR
    return not clear or _different(before.text, now.text) < DIFFERENT_CHARACTERS


def face_tracker() -> Tracker[FaceSighting, FaceTrack]:
    """A tracker of faces."""
    return Tracker(lambda number, box, at_s: FaceTrack(number, box, at_s, at_s), _face_fits, _face_again)


def plate_tracker() -> Tracker[PlateSighting, PlateTrack]:
    """A tracker of plates; a plate may move farther between frames than its own height suggests."""
    return Tracker(lambda number, box, at_s: PlateTrack(number, box, at_s, at_s, box), _plate_fits, _plate_again)
