"""A copy of every version of the rules that was ever in force, so that an old decision can be made again by its own.

The chain holds the versions' digests; the texts stand beside it, since a blocked plate or its reason is personal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Engine, select

from enrollment.database import reading, writing
from enrollment.tables import HouseholdRow
from gate.decision.rules import Rules
from gate.ledger.ledger import last_body
from gate.ledger.tables import PassageRow, RulesVersionRow


def keep(engine: Engine, rules: Iterable[Rules], now: datetime) -> None:
    """Store what is not stored yet. Raises `StoreBusy`."""
    with writing(engine) as session:
        for one in rules:
            if session.get(RulesVersionRow, one.version) is None:
                session.add(RulesVersionRow(version=one.version, lane=one.lane, at=now, text=one.text))
                session.flush()


def stored(engine: Engine, version: str) -> str | None:
    """The text of a version, None where it is not kept. Raises `StoreBusy`."""
    with reading(engine) as session:
        return session.scalars(select(RulesVersionRow.text).where(RulesVersionRow.version == version)).first()


def forget(engine: Engine, older_than: datetime) -> int:
    """Delete the texts that are older and that neither a passage nor the last change names; how many went.

    Raises `StoreBusy`.
    """
    held = set(last_body(engine, "rules.changed").get("rules", {}).values())
    with writing(engine) as session:
        used = select(PassageRow.rules).where(PassageRow.rules == RulesVersionRow.version).exists()
        due = select(RulesVersionRow).where(RulesVersionRow.at < older_than, ~used)
        gone = [row for row in session.scalars(due) if row.version not in held]
        for row in gone:
            session.delete(row)
    return len(gone)


def households_of(engine: Engine) -> Mapping[str, str]:
    """The opaque id of every household by its code. Raises `StoreBusy`."""
    with reading(engine) as session:
        rows = session.execute(select(HouseholdRow.building, HouseholdRow.unit, HouseholdRow.room, HouseholdRow.id))
        return {f"{building}-{unit}-{room}": id_ for building, unit, room, id_ in rows}
