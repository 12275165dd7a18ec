"""What staff note about a whole household, and the salt of its digests in the record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0012"
down_revision = "enrollment_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("household", sa.Column("notes", sa.Text))
    op.add_column("household", sa.Column("salt", sa.LargeBinary(16)))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("household") as table:
        table.drop_column("salt")
        table.drop_column("notes")
