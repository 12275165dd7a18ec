"""Accounts: sign-ins that end with a change, temporary passwords, a second factor and its recovery codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0004"
down_revision = "enrollment_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table; accounts that are there stay as they are."""
    op.add_column("account", sa.Column("version", sa.Integer, nullable=False, server_default="0"))
    op.add_column("account", sa.Column("temporary_until", sa.String(32)))
    op.add_column("account", sa.Column("totp_sealed", sa.LargeBinary))
    op.add_column("account", sa.Column("totp_step", sa.Integer))
    op.create_table(
        "account_recovery",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "digest", name="pk_account_recovery"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_account_recovery_account_id"),
    )
