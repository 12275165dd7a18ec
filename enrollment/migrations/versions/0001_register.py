"""The register: households, residents and their templates, vehicles, rights, accounts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0001"
down_revision = None
branch_labels = ("enrollment",)
depends_on = None


def upgrade() -> None:
    """Create the tables and the one row that counts changes."""
    _people()
    _vehicles()
    op.create_table(
        "account",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("username", sa.String(32), nullable=False),
        sa.Column("hash", sa.String(200), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("username", name="uq_account_username"),
    )
    version = op.create_table(
        "register_version",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_register_version"),
    )
    op.bulk_insert(version, [{"id": 1, "version": 0}])


def _people() -> None:
    op.create_table(
        "household",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("building", sa.String(8), nullable=False),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.Column("room", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_household"),
        sa.UniqueConstraint("building", "unit", "room", name="uq_household_code"),
    )
    op.create_table(
        "resident",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(50), nullable=True),
        *_subject_columns(),
        sa.PrimaryKeyConstraint("id", name="pk_resident"),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name="fk_resident_household_id"),
        sa.CheckConstraint("(ended_at IS NULL) = (name IS NOT NULL)", name=op.f("ck_resident_erased")),
    )
    op.create_index("ix_resident_household_id", "resident", ["household_id"])
    op.create_table(
        "face_template",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("resident_id", sa.String(32), nullable=False),
        sa.Column("model_id", sa.String(80), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("quality", sa.Float, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_face_template"),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name="fk_face_template_resident_id"),
    )
    op.create_index("ix_face_template_resident_id", "face_template", ["resident_id"])


def _vehicles() -> None:
    op.create_table(
        "vehicle",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("plate", sa.String(16), nullable=True),
        sa.Column("colour", sa.String(16), nullable=True),
        *_subject_columns(),
        sa.PrimaryKeyConstraint("id", name="pk_vehicle"),
        sa.UniqueConstraint("plate", name="uq_vehicle_plate"),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name="fk_vehicle_household_id"),
        sa.CheckConstraint("(ended_at IS NULL) = (plate IS NOT NULL)", name=op.f("ck_vehicle_erased")),
    )
    op.create_index("ix_vehicle_household_id", "vehicle", ["household_id"])
    op.create_table(
        "access_right",
        sa.Column("subject_id", sa.String(32), nullable=False),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "lane", name="pk_access_right"),
    )


def _subject_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("household_id", sa.String(32), nullable=True),
        sa.Column("blocked", sa.Boolean, nullable=False),
        sa.Column("blocked_reason", sa.Text, nullable=True),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32), nullable=True),
    )


def downgrade() -> None:
    """Refuse: people are erased one by one and on the record, never by a tool."""
    raise NotImplementedError("the register has no way back")
