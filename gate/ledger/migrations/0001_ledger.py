"""The chain, its guards, the passages and the remarks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gate_0001"
down_revision = None
branch_labels = ("gate",)
depends_on = None

REFUSED = "the ledger only grows"


def upgrade() -> None:
    """Create the tables and, on SQLite, the triggers that keep the chain append-only."""
    op.create_table(
        "ledger",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "passage",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(36), nullable=True),
        sa.Column("snapshot", sa.String(80), nullable=True),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
    )
    op.create_index("passage_at", "passage", ["at"])
    op.create_table(
        "remark",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER ledger_no_{act.lower()} BEFORE {act} ON ledger BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )


def downgrade() -> None:
    """Refuse: a record is never thrown away by a tool."""
    raise NotImplementedError(REFUSED)
