"""A decision and what it rests on, as frozen values that can be stored, replayed and compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from enrollment.candidate import Candidate, Subject
from enrollment.credential import CredentialKind
from enrollment.plate_match import Doubt
from gate.decision.liveness import NOTHING_SEEN, Liveness
from models.sighting import FaceFault, PlateColour, PlateKind


class Verdict(StrEnum):
    """What happens: the way opens, a person or another credential decides, it stays shut, or nothing was decided."""

    OPEN = "open"
    ASK = "ask"
    REFUSE = "refuse"
    IGNORE = "ignore"


class Reason(StrEnum):
    """Why, as a stable code; each has a sentence in both languages under `reason.<code>`."""

    KNOWN_RESIDENT = "known_resident"
    KNOWN_VEHICLE = "known_vehicle"
    LOOKALIKE_VEHICLE = "lookalike_vehicle"
    STRANGER = "stranger"
    UNKNOWN_VEHICLE = "unknown_vehicle"
    TOO_CLOSE_TO_CALL = "too_close_to_call"
    OUTSIDE_HOURS = "outside_hours"
    NO_RIGHT_HERE = "no_right_here"
    BLOCKED = "blocked"
    BLOCKED_PLATE = "blocked_plate"
    EMERGENCY_VEHICLE = "emergency_vehicle"
    ALLOWED_PLATE = "allowed_plate"
    VISITOR_PASS = "visitor_pass"  # noqa: S105
    SERVICE_WINDOW = "service_window"
    IN_GRACE = "in_grace"
    RIGHT_ENDED = "right_ended"
    PASSBACK_WARNED = "passback_warned"
    PASSED_ALREADY = "passed_already"
    PARKING_FULL = "parking_full"
    PLACES_TAKEN = "places_taken"
    EXTRA_CAR = "extra_car"
    FACTS_MISSING = "facts_missing"
    UNREADABLE_PLATE = "unreadable_plate"
    OTHER_WAY = "other_way"
    DIRECTION_UNCLEAR = "direction_unclear"
    FACE_UNCLEAR = "face_unclear"
    FACE_COVERED = "face_covered"
    LIVENESS_DOUBT = "liveness_doubt"
    ALREADY_DECIDED = "already_decided"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"
    CREDENTIAL_UNKNOWN = "credential_unknown"
    CREDENTIAL_NOT_HERE = "credential_not_here"
    CODE_OVER = "code_over"
    CODE_SHOWN_BEFORE = "code_shown_before"
    PASS_OVER = "pass_over"  # noqa: S105


class Movement(StrEnum):
    """Which way a track moves, seen from the camera; `UNSURE` until it has clearly moved."""

    TOWARDS = "towards"
    AWAY = "away"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class FaceEvidence:
    """What a track of one face has shown so far.

    `frames` counts the usable sightings; `candidate` is the best match of the quality-weighted template, None while
    nobody is enrolled; `height_px` is the largest face seen; `lasting_s` is from first to last usable sighting.
    `fault` is what was wrong most often with sightings large enough and still too poor to use, `unclear_s` the time
    from the first of them to the last; `covered` counts the usable ones with a mask or dark glasses, or without a mouth
    to be seen. With `masked` the candidate is the match of what shows above a mask, which has limits of its own.
    `liveness` is what spoke for and against a living face.
    """

    frames: int
    candidate: Candidate | None
    quality: float
    height_px: float
    lasting_s: float
    movement: Movement = Movement.UNSURE
    fault: FaceFault | None = None
    unclear_s: float = 0.0
    covered: int = 0
    masked: bool = False
    liveness: Liveness = NOTHING_SEEN


@dataclass(frozen=True, slots=True)
class PlateEvidence:
    """What a track of one vehicle has shown so far.

    `frames` counts the readings and `agreeing` those of them that were clear and said what was meant. `text` is the
    winner of the vote per character and `confidences` the winner's share at each position, 0 to 1;
    `kind` is None where the grammar fits no rule; `subject` is the enrolled vehicle that was meant: with exactly this
    plate or, with a `doubt`, the only one that fits (`enrollment.plate_match`).
    """

    frames: int
    text: str
    confidences: tuple[float, ...]
    colour: PlateColour
    kind: PlateKind | None
    subject: Subject | None
    lasting_s: float
    agreeing: int
    movement: Movement = Movement.UNSURE
    doubt: Doubt | None = None

    @property
    def weakest(self) -> float:
        """The confidence of the weakest character: one bad character makes a bad plate.

        The character in doubt counts with the votes for both lookalikes, and one whose share is no number with none.
        """
        shares = list(self.confidences)
        if self.doubt is not None and self.doubt.position <= len(shares):
            shares[self.doubt.position - 1] = self.doubt.together
        return min((0.0 if math.isnan(share) else share for share in shares), default=0.0)

    @property
    def texts(self) -> frozenset[str]:
        """Every plate that it may be: what was read and, with a doubt, the other character in its place."""
        if self.doubt is None:
            return frozenset({self.text})
        head, tail = self.text[: self.doubt.position - 1], self.text[self.doubt.position :]
        return frozenset({self.text} | {head + sign + tail for sign in (self.doubt.enrolled, self.doubt.other)})


class CredentialFault(StrEnum):
    """Why what was shown or typed opens nothing by itself.

    Nobody's; a QR code whose minute is over; one that was shown before; a pass that is over or used up; or the
    register could not be asked.
    """

    UNKNOWN = "unknown"
    OVER = "over"
    SHOWN_BEFORE = "shown_before"
    PASS_OVER = "pass_over"  # noqa: S105
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class CredentialEvidence:
    """A card, a PIN or a QR code that somebody has shown or typed, and that was checked.

    `subject` is the resident whose it is, None for a visitor's and where there is a `fault`. Neither the number nor the
    code is part of it.
    """

    shown: CredentialKind
    subject: Subject | None
    fault: CredentialFault | None

    @property
    def lasting_s(self) -> float:
        """It is there at once."""
        return 0.0


Evidence = FaceEvidence | PlateEvidence | CredentialEvidence


def meant(evidence: Evidence) -> Subject | None:
    """The subject that the evidence speaks for, however surely."""
    if isinstance(evidence, FaceEvidence):
        return evidence.candidate.subject if evidence.candidate else None
    return evidence.subject


Finding = tuple[Verdict, Reason, Subject | None]
"""What a rule says: the verdict, why, and about whom of the register."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one track, why, about whom, on what evidence and under which version of the rules."""

    verdict: Verdict
    reason: Reason
    subject: Subject | None
    evidence: Evidence
    rules_version: str

    @property
    def final(self) -> bool:
        """Whether the track is decided; `IGNORE` waits for more evidence."""
        return self.verdict is not Verdict.IGNORE

    @property
    def settles(self) -> bool:
        """Whether nothing more is to be decided about the track: it is known what it is, and which way it goes."""
        known = self.subject is not None or self.verdict is Verdict.OPEN or self.reason is Reason.BLOCKED_PLATE
        return self.final and known and self.reason is not Reason.DIRECTION_UNCLEAR
