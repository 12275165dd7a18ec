"""The visitors' passes as a lane asks for them: in memory, read again every look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from enrollment.errors import StoreBusy
from enrollment.passes import Pass, Passes
from gate.decision.moment import Direction, Visit

log = structlog.get_logger("passes")


class PassBook:
    """The passes by plate. Which of them is used up is settled in the database, at the moment of use."""

    def __init__(self, passes: Passes) -> None:
        self._passes = passes
        self._by_plate: Mapping[str, tuple[Pass, ...]] = {}

    def refresh(self) -> None:
        """Read the passes. Raises `StoreBusy`."""
        found: dict[str, tuple[Pass, ...]] = {}
        for one in self._passes.kept():
            if one.plate is not None:
                found[one.plate] = (*found.get(one.plate, ()), one)
        self._by_plate = found

    def visit(self, plate: str, at: datetime, direction: Direction) -> Visit | None:
        """The pass by which a vehicle may come in or, having done so, leave; on the way out every lane will do."""
        for one in self._by_plate.get(plate, ()):
            if direction == "out" and one.lets_out(at):
                return Visit(one.id)
            if direction == "in" and one.lets_in(at):
                return Visit(one.id, one.lanes)
        return None

    def use(self, visit: Visit, at: datetime, direction: Direction, passage: str) -> bool:
        """Take a use for a passage. Leaving takes none, and a database that does not answer gives none."""
        if direction == "out":
            return True
        try:
            return self._passes.use(visit.pass_id, at, passage)
        except (StoreBusy, SQLAlchemyError) as failed:
            log.warning("passes.not_used", why=type(failed).__name__)
            return False

    def give_back(self, visit: Visit, direction: Direction, passage: str) -> None:
        """Give back the use that was taken for a passage for which the barrier kept shut."""
        if direction == "out":
            return
        try:
            self._passes.give_back(visit.pass_id, passage)
        except (StoreBusy, SQLAlchemyError) as failed:
            log.warning("passes.not_given_back", why=type(failed).__name__)
