"""Notices to households."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0010"
down_revision = "enrollment_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "notice",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("household_id", sa.String(32), nullable=False),
        sa.Column("vehicle_id", sa.String(32)),
        sa.Column("lane", sa.String(32)),
        sa.Column("place", sa.String(60)),
        sa.Column("sent_by", sa.String(80), nullable=False),
        sa.Column("sent_at", sa.String(32), nullable=False),
        sa.Column("ends_at", sa.String(32), nullable=False),
        sa.Column("answer", sa.String(10)),
        sa.Column("answered_by", sa.String(32)),
        sa.Column("answered_at", sa.String(32)),
        sa.Column("closed_at", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name="fk_notice_household_id"),
    )
    op.create_index("ix_notice_household_id", "notice", ["household_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("notice")
