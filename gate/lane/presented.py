"""What came of a credential that was shown at a pad or a reader."""

from __future__ import annotations

from dataclasses import dataclass

from gate.decision.decision import Verdict


@dataclass(frozen=True, slots=True)
class Presented:
    """What was decided, and whether the way is open for it.

    A barrier in lockdown, in fault or out of reach opens for nobody: then `opened` is False though `verdict` is `open`.
    """

    verdict: Verdict
    opened: bool
