"""The words of our forms in every language: what people write in a heading or a cell, and the key it means."""

from __future__ import annotations

from collections.abc import Iterable

from enrollment.form import Standing, VehicleType
from enrollment.roster_column import DECLINED, Column
from enrollment.roster_form import Tick
from gate.config import Lane
from gate.texts import LANGUAGES, t
from models.sighting import PlateColour

MORE_COLUMNS = ("id", "reason", "since", "until")
"""Columns that a table dropped by a register elsewhere may have besides those of our own form."""


def words() -> dict[str, str]:
    """Every word of the forms in either language, folded, and the key it means."""
    named = {f"roster.column_{column}": str(column) for column in Column}
    named |= {f"source.column.{column}": column for column in MORE_COLUMNS}
    named |= {f"standing.{one}": str(one) for one in Standing}
    named |= {f"vehicle_type.{one}": str(one) for one in VehicleType}
    named |= {f"roster.word_{one}": str(one) for one in Tick}
    named |= {f"plate_colour.{one}": str(one) for one in PlateColour}
    named |= {"roster.word_declined": DECLINED}
    return {t(code, language).casefold(): key for code, key in named.items() for language in LANGUAGES}


def lane_words(lanes: Iterable[Lane]) -> dict[str, str]:
    """What people may call each lane in a cell, its id or its name, folded, and the id."""
    return {called.casefold(): lane.id for lane in lanes for called in (lane.name, lane.id)}
