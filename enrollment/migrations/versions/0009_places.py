"""How many cars each household may have inside, where that differs from the others; and a version to edit it by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0009"
down_revision = "enrollment_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("household", sa.Column("places", sa.Integer))
    op.add_column("household", sa.Column("version", sa.Integer, nullable=False, server_default="1"))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("household") as table:
        table.drop_column("places")
        table.drop_column("version")
