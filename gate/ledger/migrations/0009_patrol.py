"""Cars that stood in the way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gate_0009"
down_revision = "gate_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "patrol_case",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("plate", sa.String(16), nullable=False),
        sa.Column("plate_read", sa.String(16)),
        sa.Column("standing", sa.String(10), nullable=False),
        sa.Column("subject_id", sa.String(32)),
        sa.Column("place", sa.String(12), nullable=False),
        sa.Column("place_words", sa.String(40)),
        sa.Column("snapshot", sa.String(80)),
        sa.Column("opened_by", sa.String(80), nullable=False),
        sa.Column("opened_at", sa.String(32), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("notice_id", sa.String(32)),
        sa.Column("closed_at", sa.String(32)),
        sa.Column("closed_by", sa.String(80)),
        sa.Column("closed_why", sa.String(16)),
        sa.Column("closed_words", sa.String(100)),
        sa.Column("left_by", sa.String(32)),
        sa.Column("reopened", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_patrol_case"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("patrol_case")
