"""From a picture to the evidence of each track in it: one watcher for faces, one for plates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from enrollment.candidate import Candidate
from enrollment.gallery import Gallery, PlateBook
from enrollment.plate_match import match
from gate.camera.region import Region
from gate.config import FaceLimits, PlateRules
from gate.decision.decision import Evidence, FaceEvidence, PlateEvidence
from gate.lane.tracking import LOST_AFTER_S, FaceTrack, PlateTrack, face_tracker, plate_tracker
from models.plate.grammar import classify
from models.roles import FaceRecogniser, PlateRecogniser
from models.sighting import Box, FaceFault, FaceSighting, Picture, PlateSighting
from models.surroundings import cut as cut_around

UNCLEAR = frozenset({FaceFault.BLURRED, FaceFault.TOO_DARK, FaceFault.TOO_BRIGHT, FaceFault.COVERED})
"""Faults of a face that is shown to the camera. Who looks elsewhere or is half out of the picture asks for nothing."""
SEARCHED_AGAIN = 4.0
"""A face that was missed is looked for in a square of so many times its longer side."""
FAR = 12
"""It is, where it was so many times as small as the picture is long: a larger one is missed because it has gone."""
RECHECK_S = 0.5
"""A face whose track is decided is embedded again only so often, to notice that somebody else has taken its place."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A track that was seen in this picture and is not settled yet, with its evidence and its best crop.

    `key` is what must not be decided twice in a row: an opaque subject id or a plate's text, None for a stranger.
    `details` are the personal ones of the record: they can be erased.
    """

    track: FaceTrack | PlateTrack
    evidence: Evidence
    key: str | None
    details: dict[str, Any]


class Watcher(Protocol):
    """Looks at the pictures of one lane, one after the other."""

    def look(self, picture: Picture, at_s: float) -> Sequence[Case]:
        """The open cases of this picture; `at_s` is the monotonic time it was taken."""
        ...

    def waiting(self, at_s: float) -> bool:
        """Whether somebody seen a moment ago is not decided yet."""
        ...

    def present(self) -> frozenset[str]:
        """The keys of the settled tracks that were seen in the last picture."""
        ...


class FaceWatcher:
    """Finds faces, embeds those that could decide, and searches the gallery for each track's template."""

    def __init__(
        self,
        recogniser: FaceRecogniser,
        gallery: Callable[[], Gallery],
        lane: str,
        limits: FaceLimits,
        region: Region,
    ) -> None:
        self._recogniser = recogniser
        self._region = region
        self._gallery = gallery
        self._lane = lane
        self._limits = limits
        self._tracker = face_tracker()
        self._present: frozenset[str] = frozenset()

    def look(self, picture: Picture, at_s: float) -> Sequence[Case]:
        """The faces that were embedded in this picture and are not settled."""
        whole, picture = picture, cut(picture, self._region)
        found = [face for face in self._recogniser.find(picture) if inside(face, whole, self._region)]
        missed = self._missed(picture, found, at_s)
        found = [*found, *(face for face in missed if inside(face, whole, self._region))]
        near = self._tracker.nearest([face.box for face in found])
        wanted = [face for face, track in zip(found, near, strict=True) if self._usable(face) and _due(track, at_s)]
        embedded = self._recogniser.embed(picture, wanted) if wanted else ()
        rest = [face for face in found if not any(face is one for one in wanted)]
        cases = []
        joined = self._tracker.update([*embedded, *rest], at_s)
        self._present = frozenset(track.key for track, face in joined if track.key and face.embedding is not None)
        for track, sighting in joined:
            track.covered += sighting.embedding is not None and _hidden(sighting)
            doubtful = sighting.embedding is None and self._doubt(track, sighting, at_s)
            if track.settled or (sighting.embedding is None and not doubtful):
                continue
            if track.best is None or sighting.quality.score >= track.quality:
                track.best = crop(picture, sighting.box, across=0.3, up=0.4, down=0.3)
            cases.append(self._case(track))
        return cases

    def waiting(self, at_s: float) -> bool:
        """Whether a face seen a moment ago is not decided yet."""
        return self._tracker.waiting(at_s)

    def present(self) -> frozenset[str]:
        """The ids of the settled people who were recognised in the last picture."""
        return self._present

    def _missed(self, picture: Picture, found: Sequence[FaceSighting], at_s: float) -> list[FaceSighting]:
        """Who is not decided, was usable a moment ago and is not among `found`, looked for again where they were.

        In the picture's own pixels: a far face at dusk is lost now and then in the smaller one that is searched.
        """
        near = self._tracker.nearest([face.box for face in found])
        again: list[FaceSighting] = []
        for track in self._tracker.tracks:
            awaited = not track.decided and track.usable_s is not None and at_s - track.last_s <= LOST_AFTER_S
            far = FAR * max(track.box.width, track.box.height) <= max(picture.shape[:2])
            if not (awaited and far) or any(track is one for one in near):
                continue
            part, left, top = cut_around(picture, track.box, SEARCHED_AGAIN)
            seen = [_moved(face, left, top) for face in self._recogniser.find(part)]
            there = max(seen, key=lambda face: face.box.overlap(track.box), default=None)
            if there and there.box.overlap(track.box) > 0 and _apart(there, (*found, *again)):
                again.append(there)
        return again

    def _usable(self, face: FaceSighting) -> bool:
        return self._large(face) and face.quality.score >= self._limits.min_quality

    def _large(self, face: FaceSighting) -> bool:
        return face.box.height >= self._limits.min_face_px

    def _doubt(self, track: FaceTrack, face: FaceSighting, at_s: float) -> bool:
        """Whether somebody shows their face here and it is too poor to go by; then the track knows why."""
        faults = face.quality.faults
        if not faults or not UNCLEAR.issuperset(faults) or not self._large(face) or self._usable(face):
            return False
        track.doubt(faults[0], at_s)
        return True

    def _case(self, track: FaceTrack) -> Case:
        candidate, masked = self._likeliest(track)
        evidence = FaceEvidence(
            frames=track.frames,
            candidate=candidate,
            quality=track.quality,
            height_px=track.height_px,
            lasting_s=track.lasting_s,
            movement=track.course.movement,
            fault=track.fault,
            unclear_s=track.unclear_s,
            covered=track.covered,
            masked=masked,
            liveness=track.signs.weigh(),
        )
        needed = self._limits.needed(candidate.searched, masked=masked) if candidate else None
        sure = candidate is not None and needed is not None and candidate.score >= needed
        details = {
            "frames": track.frames,
            "score": round(candidate.score, 4) if candidate else None,
            "runner_up": round(candidate.runner_up, 4) if candidate else None,
            "searched": candidate.searched if candidate else 0,
            "needed": round(needed, 4) if needed is not None else None,
            "masked": masked,
            "fault": track.fault,
            "movement": track.course.movement.value,
            "live": evidence.liveness.live,
            "life_doubts": [doubt.value for doubt in evidence.liveness.doubts(self._limits.liveness)],
        }
        return Case(track, evidence, candidate.subject.id if candidate and sure else None, details)

    def _likeliest(self, track: FaceTrack) -> tuple[Candidate | None, bool]:
        """Whom the track looks most like, and whether that was told by what shows above a mask.

        A whole face goes first: who is known by that needs no other look, and two who are too alike get none.
        """
        template, upper, limits = track.template, track.upper, self._limits
        if template is None:
            return None, False
        whole = self._gallery().search(template, self._lane)
        if limits.masked is None or upper is None or 2 * track.masked <= track.frames or whole is None:
            return whole, False
        if whole.score >= limits.needed(whole.searched):
            return whole, False
        return self._gallery().search(upper, self._lane), True


class PlateWatcher:
    """Reads plates, lets the readings of each vehicle vote, and looks the winner up."""

    def __init__(
        self, recogniser: PlateRecogniser, book: Callable[[], PlateBook], limits: PlateRules, region: Region
    ) -> None:
        self._recogniser = recogniser
        self._region = region
        self._book = book
        self._limits = limits
        self._tracker = plate_tracker()
        self._present: frozenset[str] = frozenset()

    def look(self, picture: Picture, at_s: float) -> Sequence[Case]:
        """The vehicles whose plate was seen in this picture and are not settled."""
        whole, picture = picture, cut(picture, self._region)
        seen = [plate for plate in self._recogniser.see(picture) if inside(plate, whole, self._region)]
        cases = []
        joined = self._tracker.update(seen, at_s)
        self._present = frozenset(track.key for track, _ in joined if track.key)
        for track, sighting in joined:
            if track.settled:
                continue
            if sighting.box.height >= track.best_height:
                track.best_height = sighting.box.height
                track.best = crop(picture, sighting.box, across=0.4, up=2.0, down=0.6)
            cases.append(self._case(track))
        return cases

    def waiting(self, at_s: float) -> bool:
        """Whether a plate seen a moment ago is not decided yet."""
        return self._tracker.waiting(at_s)

    def present(self) -> frozenset[str]:
        """The plates of the settled vehicles that were seen in the last picture."""
        return self._present

    def _case(self, track: PlateTrack) -> Case:
        elected = track.vote.elect()
        meant = match(self._book(), elected.votes, elected.colour, self._limits.min_character)
        doubt = meant.doubt if meant else None
        evidence = PlateEvidence(
            frames=track.vote.readings,
            text=elected.text,
            confidences=elected.confidences,
            colour=elected.colour,
            kind=classify(meant.plate, elected.colour) if meant else elected.kind,
            subject=meant.subject if meant else None,
            lasting_s=track.lasting_s,
            agreeing=sum(elected.clear.get(text, 0) for text in {elected.text, meant.plate if meant else ""}),
            doubt=doubt,
            movement=track.course.movement,
        )
        details: dict[str, Any] = {
            "plate": elected.text,
            "colour": elected.colour.value,
            "kind": evidence.kind.value if evidence.kind else None,
            "frames": track.vote.readings,
            "weakest": round(evidence.weakest, 4),
            "movement": track.course.movement.value,
        }
        if doubt is not None:
            details["doubt"] = asdict(doubt)
        key = meant.plate if meant else elected.text if elected.kind else None
        return Case(track, evidence, key, details)


def _moved(face: FaceSighting, left: int, top: int) -> FaceSighting:
    offset = np.array([left, top], np.float32)
    return replace(face, box=face.box.moved(left, top), landmarks=face.landmarks + offset)


def _apart(face: FaceSighting, others: Sequence[FaceSighting]) -> bool:
    return all(face.box.overlap(other.box) == 0 for other in others)


def _due(near: FaceTrack | None, at_s: float) -> bool:
    """Whether a face is to be embedded, by the track that it would join."""
    return near is None or not near.decided or at_s - near.embedded_s >= RECHECK_S


def _hidden(face: FaceSighting) -> bool:
    """Whether a stranger's face may be somebody's behind a mask: then it is no stranger's yet."""
    return face.quality.mouth_hidden or FaceFault.COVERED in face.quality.faults


def cut(picture: Picture, region: Region) -> Picture:
    """The rectangle around a region of interest, as a view of the picture."""
    left, top, right, bottom = region.crop(picture.shape[1], picture.shape[0])
    return picture[top:bottom, left:right]


def inside(sighting: FaceSighting | PlateSighting, whole: Picture, region: Region) -> bool:
    """Whether the middle of a sighting in the cut rectangle lies within the region's corners."""
    height, width = whole.shape[:2]
    left, top, _, _ = region.crop(width, height)
    x, y = sighting.box.centre
    return region.contains(x + left, y + top, width, height)


def crop(picture: Picture, box: Box, *, across: float, up: float, down: float) -> Picture:
    """A copy of the picture around a box, widened by these parts of its width and height and cut at the border."""
    height, width = picture.shape[:2]
    left = max(0, int(box.left - across * box.width))
    right = min(width, int(box.right + across * box.width) + 1)
    top = max(0, int(box.top - up * box.height))
    bottom = min(height, int(box.bottom + down * box.height) + 1)
    return picture[top:bottom, left:right].copy()
