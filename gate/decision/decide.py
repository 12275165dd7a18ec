"""The decision itself: a pure, total function of the evidence, the rules and the time of day.

It waits (`IGNORE`) while more frames may still change the answer, opens only on enough evidence, and says what is
wrong otherwise. A blocked subject is never let in, whatever else holds.
"""

from __future__ import annotations

from datetime import time

from enrollment.candidate import Subject
from gate.decision.decision import Decision, Evidence, FaceEvidence, Movement, PlateEvidence, Reason, Verdict
from gate.decision.rules import Rules

Finding = tuple[Verdict, Reason, Subject | None]

WAIT: Finding = (Verdict.IGNORE, Reason.NOT_ENOUGH_EVIDENCE, None)
PASSING: Finding = (Verdict.IGNORE, Reason.OTHER_WAY, None)


def decide(evidence: Evidence, rules: Rules, at: time, *, decided: bool = False) -> Decision:
    """What the gate does about one track.

    Args:
        evidence: what the track has shown so far.
        rules: of the lane the track is in.
        at: time of day in the compound's time zone.
        decided: True when this track, or this subject, has been settled already and has not left since.
    """
    if decided:
        verdict, reason, subject = Verdict.IGNORE, Reason.ALREADY_DECIDED, None
    elif rules.heading is not None and evidence.movement not in {rules.heading, Movement.UNSURE}:
        verdict, reason, subject = PASSING
    elif isinstance(evidence, FaceEvidence):
        verdict, reason, subject = _face(evidence, rules, at)
    else:
        verdict, reason, subject = _plate(evidence, rules, at)
    return Decision(verdict, reason, subject, evidence, rules.version)


def _face(evidence: FaceEvidence, rules: Rules, at: time) -> Finding:
    limits = rules.faces
    if evidence.frames < limits.min_frames:
        unclear = evidence.fault is not None and evidence.unclear_s >= limits.unclear_after_s
        return (Verdict.ASK, Reason.FACE_UNCLEAR, None) if unclear else WAIT
    seen_enough = evidence.frames >= limits.stranger_frames and evidence.lasting_s >= limits.stranger_after_s
    candidate = evidence.candidate
    # Asked this way round, a score or a lead that is no number opens nothing.
    if candidate is None or not candidate.score >= limits.needed(candidate.searched):
        covered = 2 * evidence.covered > evidence.frames
        unknown = (Verdict.ASK, Reason.FACE_COVERED, None) if covered else (Verdict.REFUSE, Reason.STRANGER, None)
        return unknown if seen_enough else WAIT
    if not candidate.margin >= limits.margin:
        return (Verdict.ASK, Reason.TOO_CLOSE_TO_CALL, None) if seen_enough else WAIT
    found = _subject(candidate.subject, rules, at, Reason.KNOWN_RESIDENT)
    if found[0] is Verdict.OPEN and evidence.liveness.doubts(limits.liveness):
        return (Verdict.ASK, Reason.LIVENESS_DOUBT, candidate.subject) if seen_enough else WAIT
    return _arriving(found, evidence, rules, seen_enough=seen_enough)


def _plate(evidence: PlateEvidence, rules: Rules, at: time) -> Finding:
    limits = rules.plates
    if evidence.frames < limits.min_frames:
        return WAIT
    seen_enough = evidence.frames >= limits.unknown_frames and evidence.lasting_s >= limits.unknown_after_s
    sure = evidence.weakest >= limits.min_character and evidence.agreeing >= limits.min_frames
    if evidence.kind is None or not sure:
        return (Verdict.ASK, Reason.UNREADABLE_PLATE, None) if seen_enough else WAIT
    if evidence.subject is None:
        return (Verdict.ASK, Reason.UNKNOWN_VEHICLE, None) if seen_enough else WAIT
    if evidence.doubt is not None:
        if not seen_enough:
            return WAIT  # the next readings may make it sure; until the guard would be asked there is time for them
        found = _subject(evidence.subject, rules, at, Reason.LOOKALIKE_VEHICLE)
    else:
        found = _subject(evidence.subject, rules, at, Reason.KNOWN_VEHICLE)
    return _arriving(found, evidence, rules, seen_enough=seen_enough)


def _subject(subject: Subject, rules: Rules, at: time, known: Reason) -> Finding:
    if subject.blocked:
        return Verdict.REFUSE, Reason.BLOCKED, subject
    if not subject.may_use(rules.lane):
        return Verdict.ASK, Reason.NO_RIGHT_HERE, subject
    if not rules.open_at(at):
        return Verdict.ASK, Reason.OUTSIDE_HOURS, subject
    return Verdict.OPEN, known, subject


def _arriving(found: Finding, evidence: Evidence, rules: Rules, *, seen_enough: bool) -> Finding:
    """What was found, where the way it moves is clear or does not matter: what may be leaving opens nothing."""
    verdict, _, subject = found
    if verdict is not Verdict.OPEN or rules.heading in {None, evidence.movement}:
        return found
    return (Verdict.ASK, Reason.DIRECTION_UNCLEAR, subject) if seen_enough else WAIT
