"""Registers elsewhere that ours is filled from: how each stands, its entries, and its lists of plates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0005"
down_revision = "enrollment_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "register_source",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("wrong", sa.LargeBinary),
        sa.Column("lists", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.String(32)),
        sa.Column("told_at", sa.String(32)),
        sa.Column("applied_at", sa.String(32)),
        sa.Column("code", sa.String(60)),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("failing_since", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_register_source"),
    )
    op.create_table(
        "register_source_entry",
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("told", sa.LargeBinary),
        sa.Column("subject", sa.String(32)),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("ended_at", sa.String(32)),
        sa.PrimaryKeyConstraint("source", "kind", "mark", name="pk_register_source_entry"),
    )
    op.create_index("ix_register_source_entry_subject", "register_source_entry", ["subject"])
    op.create_table(
        "register_source_plate",
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("plate", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("since", sa.String(32)),
        sa.Column("until", sa.String(32)),
        sa.PrimaryKeyConstraint("source", "kind", "mark", name="pk_register_source_plate"),
    )


def downgrade() -> None:
    """Refuse: which resident is whom elsewhere is never thrown away by a tool."""
    raise NotImplementedError("sources are kept")
