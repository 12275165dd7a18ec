"""A case in words."""

from __future__ import annotations

from gate.patrol.case import Case, Place
from gate.texts import Language, t


def where(case: Case, language: Language | None = None) -> str:
    """Where the car stands; of somewhere else, what was typed alone."""
    named = "" if case.place is Place.OTHER else t(f"patrol_place.{case.place}", language)
    return " ".join(filter(None, (named, case.place_words)))
