"""Indexes in the order in which pages are shown, so that no filter has to sort or walk a long record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gate_0003"
down_revision = "gate_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put the time into the indexes by kind and by actor, and add one by verdict."""
    op.drop_index("ledger_kind", "ledger")
    op.create_index("ledger_kind", "ledger", ["kind", "at", "seq"])
    named = sa.text("actor IS NOT NULL")
    op.drop_index("ledger_actor", "ledger")
    op.create_index("ledger_actor", "ledger", ["actor", "at", "seq"], sqlite_where=named, postgresql_where=named)
    op.create_index("passage_verdict", "passage", ["verdict", "at", "seq"])


def downgrade() -> None:
    """Refuse, as the first migration does."""
    raise NotImplementedError("the ledger only grows")
