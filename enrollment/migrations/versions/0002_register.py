"""The whole register: details, tenancies, credentials, consents and reference photos."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0002"
down_revision = "enrollment_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the rows of people and vehicles, and add what belongs to them. Everybody lives where they are enrolled."""
    for table in ("resident", "vehicle"):
        for column in _common():
            op.add_column(table, column)
    op.add_column("resident", sa.Column("phone", sa.String(20), nullable=True))
    op.add_column("resident", sa.Column("minor_until", sa.Date, nullable=True))
    op.add_column("resident", sa.Column("own_key", sa.LargeBinary, nullable=True))
    op.add_column("vehicle", sa.Column("type", sa.String(16), nullable=False, server_default="car"))
    # In words: Alembic adds a column and its foreign key in two steps, and SQLite takes a key only with the column.
    op.execute(
        "ALTER TABLE vehicle ADD COLUMN resident_id VARCHAR(32)"
        " CONSTRAINT fk_vehicle_resident_id REFERENCES resident (id)"
    )
    op.create_index("ix_vehicle_resident_id", "vehicle", ["resident_id"])
    _tenancies()
    _credentials()
    _consents()
    op.create_table(
        "reference_photo",
        *_owned("reference_photo"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
    )
    op.create_index("ix_reference_photo_resident_id", "reference_photo", ["resident_id"])


def _common() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("blocked_until", sa.String(32), nullable=True),
        sa.Column("since", sa.String(32), nullable=True),
        sa.Column("until", sa.String(32), nullable=True),
        sa.Column("notes", sa.Text, nullable=True),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("salt", sa.LargeBinary(16), nullable=True),
    )


def _owned(table: str) -> tuple[sa.Column[Any] | sa.Constraint, ...]:
    return (
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("resident_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=f"fk_{table}_resident_id"),
    )


def _tenancies() -> None:
    op.create_table(
        "tenancy",
        *_owned("tenancy"),
        sa.Column("household_id", sa.String(32), nullable=False),
        sa.Column("standing", sa.String(8), nullable=False),
        sa.Column("starts_at", sa.String(32), nullable=False),
        sa.Column("ends_at", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name="fk_tenancy_household_id"),
    )
    op.create_index("ix_tenancy_resident_id", "tenancy", ["resident_id"])
    op.create_index("ix_tenancy_household_id", "tenancy", ["household_id"])
    op.execute(
        "INSERT INTO tenancy (id, resident_id, household_id, standing, starts_at)"
        " SELECT id, id, household_id, 'family', created_at FROM resident WHERE ended_at IS NULL"
    )


def _credentials() -> None:
    op.create_table(
        "credential",
        *_owned("credential"),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("mark", sa.String(64), nullable=True),
        sa.Column("hash", sa.String(200), nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("key_id", sa.String(16), nullable=True),
        sa.Column("ending", sa.String(4), nullable=True),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("until", sa.String(32), nullable=True),
        sa.UniqueConstraint("mark", name="uq_credential_mark"),
    )
    op.create_index("ix_credential_resident_id", "credential", ["resident_id"])


def _consents() -> None:
    op.create_table(
        "consent",
        *_owned("consent"),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("text", sa.String(40), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("means", sa.String(8), nullable=False),
        sa.Column("signed_at", sa.String(32), nullable=False),
        sa.Column("recorded_at", sa.String(32), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("by_guardian", sa.Boolean, nullable=False),
        sa.Column("guardian", sa.LargeBinary, nullable=True),
        sa.Column("signature", sa.LargeBinary, nullable=True),
        sa.Column("media_type", sa.String(20), nullable=True),
        sa.Column("keep_photo", sa.Boolean, nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=True),
        sa.Column("withdrawn_at", sa.String(32), nullable=True),
    )
    op.create_index("ix_consent_resident_id", "consent", ["resident_id"])
    op.create_index("ix_consent_expires_at", "consent", ["expires_at"])


def downgrade() -> None:
    """Refuse, as the first migration does."""
    raise NotImplementedError("the register has no way back")
