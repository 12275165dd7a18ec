"""Sign-ins of the staff that outlive a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0011"
down_revision = "enrollment_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("box", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.Column("used_at", sa.String(32), nullable=False),
        sa.Column("ends_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_sign_in_account_id"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("sign_in")
