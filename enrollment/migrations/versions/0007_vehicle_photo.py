"""What a vehicle looks like."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0007"
down_revision = "enrollment_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "vehicle_photo",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vehicle_photo"),
        sa.ForeignKeyConstraint(["id"], ["vehicle.id"], name="fk_vehicle_photo_id_vehicle"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("vehicle_photo")
