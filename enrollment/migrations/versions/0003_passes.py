"""Visitors' passes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0003"
down_revision = "enrollment_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "visitor_pass",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("plate", sa.String(16)),
        sa.Column("pin", sa.String(64)),
        sa.Column("code", sa.Boolean, nullable=False),
        sa.Column("lanes", sa.Text),
        sa.Column("starts_at", sa.String(32), nullable=False),
        sa.Column("ends_at", sa.String(32), nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
        sa.Column("forgotten_at", sa.String(32)),
        sa.CheckConstraint("used >= 0 AND used <= uses", name="ck_visitor_pass_uses"),
        sa.PrimaryKeyConstraint("id", name="pk_visitor_pass"),
        sa.UniqueConstraint("pin", name="uq_visitor_pass_pin"),
    )
    op.create_index("ix_visitor_pass_forgotten_at", "visitor_pass", ["forgotten_at"])


def downgrade() -> None:
    """Refuse: a pass that somebody holds is never thrown away by a tool."""
    raise NotImplementedError("passes are kept")
