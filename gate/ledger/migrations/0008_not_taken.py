"""An index of the commands that a barrier did not take: few rows among many, which parking asks for at each start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gate_0008"
down_revision = "gate_0007"
branch_labels = None
depends_on = None

REFUSED = """body LIKE '%"act":"refused"%'"""


def upgrade() -> None:
    """Create it."""
    where = sa.text(REFUSED)
    op.create_index("ledger_not_taken", "ledger", ["seq"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Refuse, as the first migration does."""
    raise NotImplementedError("the ledger only grows")
