"""What would be decided about somebody who is seen as clearly as can be: for asking the rules, not the cameras."""

from __future__ import annotations

from enrollment.candidate import Candidate, Subject
from gate.decision.decision import FaceEvidence, Movement, PlateEvidence
from gate.decision.rules import Rules
from models.plate.grammar import RULES as FORMS
from models.plate.grammar import classify
from models.sighting import PlateColour


def face(subject: Subject, rules: Rules) -> FaceEvidence:
    """A face that is beyond doubt the subject's."""
    limits = rules.faces
    frames = max(limits.min_frames, limits.stranger_frames)
    heading = rules.heading or Movement.UNSURE
    return FaceEvidence(
        frames, Candidate(subject, 1.0, -1.0, 1), 1.0, 10.0 * limits.min_face_px, limits.stranger_after_s, heading
    )


def plate(text: str, colour: PlateColour, subject: Subject | None, rules: Rules) -> PlateEvidence:
    """A plate that is read beyond doubt; where nobody says its colour, it has the one that its kind always has."""
    limits = rules.plates
    kind = classify(text, colour)
    if colour is PlateColour.UNKNOWN:
        possible = next((form.colours for form in FORMS if form.kind is kind), frozenset())
        colour = next(iter(possible)) if len(possible) == 1 else colour
    return PlateEvidence(
        frames=max(limits.min_frames, limits.unknown_frames),
        text=text,
        confidences=(1.0,) * len(text),
        colour=colour,
        kind=kind,
        subject=subject,
        lasting_s=limits.unknown_after_s,
        agreeing=max(limits.min_frames, limits.unknown_frames),
        movement=rules.heading or Movement.UNSURE,
    )
