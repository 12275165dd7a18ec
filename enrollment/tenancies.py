"""Who lives where, as what, from when until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from enrollment import households
from enrollment.change import Changes, needed_resident
from enrollment.database import reading
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.form import Standing, Term
from enrollment.household import HouseholdCode
from enrollment.tables import HouseholdRow, TenancyRow


@dataclass(frozen=True, slots=True)
class Tenancy:
    """One stay. `household` is the code (`3-2-501`); `ends_at` None is open-ended."""

    id: str
    resident_id: str
    household: str
    standing: Standing
    starts_at: datetime
    ends_at: datetime | None


class Tenancies:
    """A resident may live in several households; when the last stay is over, so is every right of theirs."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def of(self, resident_id: str) -> tuple[Tenancy, ...]:
        """A resident's stays, the first one first."""
        with reading(self._changes.engine) as session:
            rows = session.execute(
                select(TenancyRow, HouseholdRow)
                .join(HouseholdRow, HouseholdRow.id == TenancyRow.household_id)
                .where(TenancyRow.resident_id == resident_id)
                .order_by(TenancyRow.starts_at, TenancyRow.id)
            )
            return tuple(_tenancy(row, home) for row, home in rows)

    def begin(
        self,
        resident_id: str,
        household: str,
        standing: Standing,
        actor: str,
        starts_at: datetime,
        ends_at: datetime | None = None,
    ) -> tuple[Tenancy, ...]:
        """One more stay; all of them. Raises `NotEnrolled`, and `EntryRefused` for a household or term that is none."""
        code, term = HouseholdCode.parse(household), Term(starts_at, ends_at)
        with self._changes.edit(resident_id, "tenancy_begun", actor) as edit:
            needed_resident(edit.session, resident_id)
            home = households.at(edit.session, code, self._changes.make_id)
            row = TenancyRow(id=self._changes.make_id(), resident_id=resident_id, household_id=home)
            row.standing, row.starts_at, row.ends_at = standing, starts_at, term.until
            edit.session.add(row)
            edit.facts.update({"tenancy": row.id, "household": home, "standing": str(standing)})
        return self.of(resident_id)

    def end(
        self, tenancy_id: str, ends_at: datetime | None, actor: str, expected: int | None = None
    ) -> tuple[Tenancy, ...]:
        """Set when a stay ends, by its id, or with None that it does not; all stays of its resident.

        Raises:
            NotEnrolled: `register.no_tenancy`, or the resident was erased.
            EntryRefused: `register.ends_before_it_begins`, `register.changed_meanwhile`.
        """
        with reading(self._changes.engine) as session:
            known = session.get(TenancyRow, tenancy_id)
            resident_id = known.resident_id if known else None
        if resident_id is None:
            raise NotEnrolled("register.no_tenancy")
        with self._changes.edit(resident_id, "tenancy_ended", actor, expected) as edit:
            row = edit.session.get(TenancyRow, tenancy_id)
            if row is None:
                raise NotEnrolled("register.no_tenancy")
            if ends_at is not None and ends_at <= row.starts_at:
                raise EntryRefused("register.ends_before_it_begins")
            row.ends_at = ends_at
            edit.facts.update({"tenancy": tenancy_id, "ends_at": ends_at.isoformat() if ends_at else None})
        return self.of(resident_id)


def _tenancy(row: TenancyRow, home: HouseholdRow) -> Tenancy:
    code = HouseholdCode(home.building, home.unit, home.room)
    return Tenancy(row.id, row.resident_id, str(code), Standing(row.standing), row.starts_at, row.ends_at)
