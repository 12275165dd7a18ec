"""Copying every table of one database into another, of the same kind or not, as it is at one moment."""

from __future__ import annotations

from sqlalchemy import Engine, Table, func, insert, inspect, select
from sqlalchemy.orm import Session

import enrollment.notice_tables
import enrollment.source_tables  # noqa: F401 - of these the tables are copied too
import gate.api.tables
import gate.community.tables
import gate.ledger.tables
import gate.patrol.tables  # noqa: F401
from enrollment.database import reading, writing
from enrollment.sign_in_tables import SignInRow
from enrollment.tables import Base

BATCH = 2000
"""Rows that are read and written at a time."""
OF_ALEMBIC = "alembic_version"
FILLED = frozenset({"register_version"})
"""Tables that a new database has a row in."""
LEFT_OUT = SignInRow.__tablename__
"""Whoever was signed in when a backup was taken is not once it is restored."""


class CopyFailed(Exception):
    """The copy would not be whole; what is wrong stands in the message."""


def is_empty(engine: Engine) -> bool:
    """Whether no table of this database has a row, apart from those that each new one has."""
    with reading(engine) as session:
        own = {table: _count(session, table) for table in Base.metadata.sorted_tables}
    return not any(count for table, count in own.items() if table.name not in FILLED)


def copy_tables(source: Engine, target: Engine) -> None:
    """Fill an empty, migrated database with the rows of another in one transaction, read from one moment of it.

    All but those of `LEFT_OUT`.

    Raises:
        CopyFailed: a table that this program does not know would be left out, or the copy has not as many rows.
        StoreBusy: one of the databases does not answer; the target is as it was.
    """
    unknown = set(inspect(source).get_table_names()) - set(Base.metadata.tables) - {OF_ALEMBIC}
    if unknown:
        raise CopyFailed(f"unknown tables {', '.join(sorted(unknown))}")
    with reading(source) as come_from, writing(target) as going_to:
        for table in Base.metadata.sorted_tables:
            if table.name == LEFT_OUT:
                continue
            if table.name in FILLED:
                going_to.execute(table.delete())
            _copy(come_from, going_to, table)
            if _count(come_from, table) != _count(going_to, table):
                raise CopyFailed(f"rows of {table.name}")


def _copy(source: Session, target: Session, table: Table) -> None:
    columns = [column for column in table.columns if column.computed is None]
    wanted = select(*columns).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    for rows in source.execute(wanted).mappings().partitions():
        target.execute(insert(table), [dict(row) for row in rows])


def _count(session: Session, table: Table) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0
