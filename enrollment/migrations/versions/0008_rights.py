"""Rights with hours, of households too; who blocked somebody and when; and consents that were declined."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0008"
down_revision = "enrollment_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    for table in ("household", "resident", "vehicle"):
        op.add_column(table, sa.Column("hours", sa.Text))
    for table in ("resident", "vehicle"):
        op.add_column(table, sa.Column("blocked_by", sa.String(80)))
        op.add_column(table, sa.Column("blocked_at", sa.String(32)))
    op.add_column("household", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("consent", sa.Column("declined", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Refuse, as the first migration does."""
    raise NotImplementedError("the register has no way back")
