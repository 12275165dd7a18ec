"""The decision itself: a pure, total function of the evidence, the rules and the facts of the moment.

It waits (`IGNORE`) while more frames may still change the answer, opens only on enough evidence, and says what is
wrong otherwise. What follows once it is known who it is stands in one table (`gate.decision.precedence`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gate.decision.decision import (
    CredentialEvidence,
    CredentialFault,
    Decision,
    Evidence,
    FaceEvidence,
    Finding,
    Movement,
    PlateEvidence,
    Reason,
    Verdict,
)
from gate.decision.moment import NEVER_SEEN, History, Moment, Visit
from gate.decision.parked import NOBODY_KNOWS, Parked
from gate.decision.precedence import Arrival, settle
from gate.decision.rules import Rules

WAIT: Finding = (Verdict.IGNORE, Reason.NOT_ENOUGH_EVIDENCE, None)
BY_LOOKS = frozenset({Reason.UNKNOWN_VEHICLE, Reason.EMERGENCY_VEHICLE, Reason.SERVICE_WINDOW, Reason.PARKING_FULL})
"""What is said of a vehicle that no list names: that takes as many readings as calling it unknown does."""
PASSING: Finding = (Verdict.IGNORE, Reason.OTHER_WAY, None)
FAULTY: Mapping[CredentialFault, tuple[Verdict, Reason]] = {
    CredentialFault.UNKNOWN: (Verdict.REFUSE, Reason.CREDENTIAL_UNKNOWN),
    CredentialFault.OVER: (Verdict.ASK, Reason.CODE_OVER),
    CredentialFault.SHOWN_BEFORE: (Verdict.REFUSE, Reason.CODE_SHOWN_BEFORE),
    CredentialFault.PASS_OVER: (Verdict.ASK, Reason.PASS_OVER),
    CredentialFault.UNCHECKED: (Verdict.ASK, Reason.FACTS_MISSING),
}
"""A forged code and a copied one are refused; an honest mistake is the guard's to see."""


class Given(NamedTuple):
    """What is known of the moment and of the past, in the order of `Arrival`."""

    moment: Moment
    history: History
    visit: Visit | None
    parked: Parked


def decide(
    evidence: Evidence,
    rules: Rules,
    moment: Moment,
    *,
    history: History = NEVER_SEEN,
    visit: Visit | None = None,
    parked: Parked = NOBODY_KNOWS,
    decided: bool = False,
) -> Decision:
    """What the gate does about one track.

    Args:
        evidence: what the track has shown so far.
        rules: of the lane the track is in.
        moment: now, in the compound's time zone.
        history: which way the subject of the evidence was let through last.
        visit: the living pass for the plate that was read, or for the PIN or code that was shown.
        parked: what stands in the compound; it matters where the rules have zones that the lane leads into.
        decided: True when this track, or this subject, has been settled already and has not left since.
    """
    if decided:
        verdict, reason, subject = Verdict.IGNORE, Reason.ALREADY_DECIDED, None
    elif isinstance(evidence, CredentialEvidence):
        verdict, reason, subject = _credential(evidence, rules, Given(moment, history, visit, parked))
    elif rules.heading is not None and evidence.movement not in {rules.heading, Movement.UNSURE}:
        verdict, reason, subject = PASSING
    elif isinstance(evidence, FaceEvidence):
        verdict, reason, subject = _face(evidence, rules, Given(moment, history, None, parked))
    else:
        verdict, reason, subject = _plate(evidence, rules, Given(moment, history, visit, parked))
    return Decision(verdict, reason, subject, evidence, rules.version)


def _face(evidence: FaceEvidence, rules: Rules, given: Given) -> Finding:
    limits = rules.faces
    if evidence.frames < limits.min_frames:
        unclear = evidence.fault is not None and evidence.unclear_s >= limits.unclear_after_s
        return (Verdict.ASK, Reason.FACE_UNCLEAR, None) if unclear else WAIT
    seen_enough = evidence.frames >= limits.stranger_frames and evidence.lasting_s >= limits.stranger_after_s
    candidate = evidence.candidate
    # Asked this way round, a score or a lead that is no number opens nothing.
    if candidate is None or not candidate.score >= limits.needed(candidate.searched, masked=evidence.masked):
        covered = 2 * evidence.covered > evidence.frames
        unknown = (Verdict.ASK, Reason.FACE_COVERED, None) if covered else (Verdict.REFUSE, Reason.STRANGER, None)
        return unknown if seen_enough else WAIT
    if not candidate.margin >= limits.margin:
        return (Verdict.ASK, Reason.TOO_CLOSE_TO_CALL, None) if seen_enough else WAIT
    found = settle(Arrival(candidate.subject, None, *given), rules)
    if found[0] is Verdict.OPEN and evidence.liveness.doubts(limits.liveness):
        return (Verdict.ASK, Reason.LIVENESS_DOUBT, candidate.subject) if seen_enough else WAIT
    return _arriving(found, evidence, rules, seen_enough=seen_enough)


def _plate(evidence: PlateEvidence, rules: Rules, given: Given) -> Finding:
    limits = rules.plates
    if evidence.frames < limits.min_frames:
        return WAIT
    seen_enough = evidence.frames >= limits.unknown_frames and evidence.lasting_s >= limits.unknown_after_s
    sure = evidence.weakest >= limits.min_character and evidence.agreeing >= limits.min_frames
    if evidence.kind is None or not sure:
        return (Verdict.ASK, Reason.UNREADABLE_PLATE, None) if seen_enough else WAIT
    if evidence.doubt is not None and not seen_enough:
        return WAIT  # the next readings may make it sure; until the guard would be asked there is time for them
    found = settle(Arrival(evidence.subject, evidence, *given), rules)
    unlisted = found[1] in BY_LOOKS or (found[1] is Reason.FACTS_MISSING and evidence.subject is None)
    if unlisted and not seen_enough:
        return WAIT
    return _arriving(found, evidence, rules, seen_enough=seen_enough)


def _credential(evidence: CredentialEvidence, rules: Rules, given: Given) -> Finding:
    """One look is enough, and which way anybody moves does not matter: it was held out to this lane."""
    if not rules.takes(evidence.shown):
        return Verdict.ASK, Reason.CREDENTIAL_NOT_HERE, evidence.subject
    if evidence.fault is not None:
        return *FAULTY[evidence.fault], None
    if evidence.subject is None and given.visit is None:
        return *FAULTY[CredentialFault.PASS_OVER], None
    return settle(Arrival(evidence.subject, None, *given), rules)


def _arriving(found: Finding, evidence: FaceEvidence | PlateEvidence, rules: Rules, *, seen_enough: bool) -> Finding:
    """What was found, where the way it moves is clear or does not matter: what may be leaving opens nothing.

    Nobody holds up an emergency vehicle for that.
    """
    verdict, reason, subject = found
    if verdict is not Verdict.OPEN or reason is Reason.EMERGENCY_VEHICLE or rules.heading in {None, evidence.movement}:
        return found
    return (Verdict.ASK, Reason.DIRECTION_UNCLEAR, subject) if seen_enough else WAIT
