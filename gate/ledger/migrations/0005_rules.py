"""The texts of the rules by their versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gate_0005"
down_revision = "gate_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "rules_version",
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_rules_version"),
    )
    op.create_index("ix_rules_version_lane", "rules_version", ["lane"])


def downgrade() -> None:
    """Refuse, as the first migration does."""
    raise NotImplementedError("the ledger only grows")
