"""What a decision rested on, as the record keeps it: enough to make it again, under its own rules or under others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from enrollment.candidate import Subject, SubjectKind
from gate.decision.decide import decide
from gate.decision.decision import CredentialEvidence, Decision, Evidence, FaceEvidence, PlateEvidence
from gate.decision.moment import History, Moment, Visit
from gate.decision.parked import NOBODY_KNOWS, Parked
from gate.decision.rules import Rules

NOBODY = Subject("", SubjectKind.RESIDENT, "")
"""In place of the person whom a stranger resembles the most: the record does not tie the two together."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The evidence and the facts of one decision; `parked` is None where nothing was counted then.

    The plate of an enrolled vehicle is not among them: it is in the register, and goes from there when it is erased.
    """

    evidence: FaceEvidence | PlateEvidence | CredentialEvidence
    moment: Moment
    history: History
    visit: Visit | None = None
    parked: Parked | None = None

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        rules: Rules,
        moment: Moment,
        history: History,
        visit: Visit | None,
        parked: Parked | None = None,
    ) -> Recorded:
        """What is kept of these."""
        if isinstance(evidence, PlateEvidence):
            kept: Evidence = evidence if evidence.subject is None else replace(evidence, text="")
            return cls(kept, moment, history, visit, parked)
        if isinstance(evidence, CredentialEvidence):
            return cls(evidence, moment, history, visit, parked)
        candidate = evidence.candidate
        masked = evidence.masked
        if candidate is not None and candidate.score < rules.faces.needed(candidate.searched, masked=masked):
            evidence = replace(evidence, candidate=replace(candidate, subject=NOBODY))
        return cls(evidence, moment, history, visit, parked)

    def decide(self, rules: Rules, moment: Moment, plate: str | None) -> Decision:
        """The decision that these rules make; `plate` is that of the enrolled vehicle, as the register has it.

        Raises:
            LookupError: the plate is needed and not there, or the rules ask about a zone that was not counted then.
        """
        evidence, parked = self.evidence, self.parked or NOBODY_KNOWS
        uncounted = self.parked is None or (parked.occupied is not None and not self._counted(rules, parked))
        if rules.zones and uncounted and not isinstance(evidence, FaceEvidence):
            raise LookupError("nothing was counted in this zone")
        if isinstance(evidence, PlateEvidence) and not evidence.text:
            if plate is None:
                raise LookupError("the vehicle has been erased")
            doubt = evidence.doubt
            read = plate if doubt is None else plate[: doubt.position - 1] + doubt.read + plate[doubt.position :]
            evidence = replace(evidence, text=read)
        return decide(evidence, rules, moment, history=self.history, visit=self.visit, parked=parked)

    def _counted(self, rules: Rules, parked: Parked) -> bool:
        return all(parked.in_zone(zone.id) is not None for zone in rules.zones)


_ADAPTER = TypeAdapter(Recorded)


def written(recorded: Recorded) -> dict[str, Any]:
    """As plain values, for the details of a passage."""
    plain: dict[str, Any] = _ADAPTER.dump_python(recorded, mode="json")
    return plain


def read(plain: object) -> Recorded:
    """From the details of a passage. Raises ValueError for what `written` did not write."""
    return _ADAPTER.validate_python(plain)
