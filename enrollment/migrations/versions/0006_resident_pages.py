"""Residents' own pages: links, phones, requests to be erased, codes that are taken once, guests; and pads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0006"
down_revision = "enrollment_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and the column; the secrets of QR codes go, since the site's key signs them."""
    op.add_column("credential", sa.Column("step", sa.Integer))
    op.drop_column("credential", "sealed")
    for name, length in (("host_id", 32), ("household_id", 32), ("note", 40), ("used_at", 32)):
        op.add_column("visitor_pass", sa.Column(name, sa.String(length)))
    op.add_column("visitor_pass", sa.Column("seen", sa.Integer, nullable=False, server_default="0"))
    for name in ("host_id", "household_id"):
        op.create_index(f"ix_visitor_pass_{name}", "visitor_pass", [name])
    _owned("phone_link", 64, sa.Column("ends_at", sa.String(32), nullable=False))
    _owned("phone", 64, sa.Column("used_at", sa.String(32), nullable=False))
    for table in ("phone_link", "phone"):
        op.create_index(f"ix_{table}_resident_id", table, ["resident_id"])
    op.create_table(
        "pad",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("code", sa.String(64)),
        sa.Column("code_until", sa.String(32)),
        sa.Column("token", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_pad"),
        sa.UniqueConstraint("code", name="uq_pad_code"),
        sa.UniqueConstraint("token", name="uq_pad_token"),
    )
    once = sa.UniqueConstraint("resident_id", name="uq_erasure_request_resident_id")
    _owned("erasure_request", 32, sa.Column("asked_at", sa.String(32), nullable=False), once)


def downgrade() -> None:
    """Refuse, as the first migration does."""
    raise NotImplementedError("the register has no way back")


def _owned(table: str, length: int, *parts: sa.Column[str] | sa.UniqueConstraint) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.String(length), nullable=False),
        sa.Column("resident_id", sa.String(32), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=f"fk_{table}_resident_id"),
    )
