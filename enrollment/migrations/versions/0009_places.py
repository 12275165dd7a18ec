"""How many cars each household may have inside, where that differs from the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0009"
down_revision = "enrollment_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("household", sa.Column("places", sa.Integer))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("household") as table:
        table.drop_column("places")
