"""What waits to be told to the community system, what it did not take, and how each destination stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gate_0004"
down_revision = "gate_0003"
branch_labels = None
depends_on = None

SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "outbox",
        sa.Column("destination", sa.String(32), primary_key=True),
        sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(80), nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
    )
    named = sa.text("subject IS NOT NULL")
    columns = ["destination", "subject", "seq"]
    op.create_index("outbox_subject", "outbox", columns, sqlite_where=named, postgresql_where=named)
    put_off = sa.text("due_ms > 0")
    columns = ["destination", "due_ms"]
    op.create_index("outbox_put_off", "outbox", columns, sqlite_where=put_off, postgresql_where=put_off)
    op.create_table(
        "dead_letter",
        sa.Column("destination", sa.String(32), primary_key=True),
        sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(80), nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("died", sa.String(32), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
    )
    op.create_table(
        "destination",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("held_until_ms", sa.BigInteger, nullable=False),
        sa.Column("delivered", sa.BigInteger, nullable=False),
        sa.Column("dropped", sa.BigInteger, nullable=False),
        sa.Column("delivered_at", sa.String(32), nullable=True),
        sa.Column("code", sa.String(60), nullable=True),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("failing_since", sa.String(32), nullable=True),
    )


def downgrade() -> None:
    """Refuse, as the first migration does."""
    raise NotImplementedError("the ledger only grows")
