"""What destinations call our lanes and devices, how fast they take events, and an index of what they did not take."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gate_0006"
down_revision = "gate_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, the columns and the index."""
    op.create_table(
        "destination_names",
        sa.Column("destination", sa.String(32), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("names", sa.Text, nullable=False),
    )
    op.add_column("destination", sa.Column("day", sa.String(10), nullable=True))
    op.add_column("destination", sa.Column("rate_per_s", sa.Float, nullable=True))
    for name in ("delivered_day", "rate_from_ms", "rate_count"):
        op.add_column("destination", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("dead_letter_why", "dead_letter", ["destination", "kind", "code", "seq"])


def downgrade() -> None:
    """Refuse, as the first migration does."""
    raise NotImplementedError("the ledger only grows")
