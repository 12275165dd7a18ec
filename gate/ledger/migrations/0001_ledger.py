"""The chain with its guards and checkpoints, the passages, the remarks and the saved searches."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "gate_0001"
down_revision = None
branch_labels = ("gate",)
depends_on = None

REFUSED = "the ledger only grows"
SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")
ABOUT = ("passage", "command_id", "about", "subject", "what")
"""The keys of a body that say what a row is about, the first that is there."""


def upgrade() -> None:
    """Create the tables and the triggers that keep the chain append-only."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "ledger",
        sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("actor", sa.String(80), _computed(postgresql, "actor")),
        sa.Column("about", sa.String(160), _computed(postgresql, *ABOUT)),
    )
    op.create_index("ledger_at", "ledger", ["at", "seq"])
    op.create_index("ledger_kind", "ledger", ["kind", "seq"])
    for name in ("actor", "about"):
        where = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ledger_{name}", "ledger", [name, "seq"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "checkpoint",
        sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("signature", sa.LargeBinary(64), nullable=False),
    )
    _passage()
    _words()
    for statement in _postgresql_guards() if postgresql else _sqlite_guards():
        op.execute(statement)


def _computed(postgresql: Any, *keys: str) -> sa.Computed:
    if postgresql:
        parts = [f"(body::json ->> '{key}')" for key in keys]
    else:
        parts = [f"json_extract(body, '$.{key}')" for key in keys]
    return sa.Computed(parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})", persisted=bool(postgresql))


def _passage() -> None:
    op.create_table(
        "passage",
        sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(36), nullable=True),
        sa.Column("rules", sa.String(40), nullable=False),
        sa.Column("snapshot", sa.String(80), nullable=True),
        sa.Column("context", sa.String(80), nullable=True),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("plate", sa.String(16), nullable=True),
        sa.Column("plate_key", sa.String(16), nullable=True),
    )
    op.create_index("passage_at", "passage", ["at", "seq"])
    for name in ("subject", "reason", "lane", "plate"):
        op.create_index(f"passage_{name}", "passage", [name, "at", "seq"])
    op.create_index("passage_plate_key", "passage", ["plate_key", "plate"])


def _words() -> None:
    op.create_table(
        "remark",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False, index=True),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_table(
        "saved_search",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account", sa.String(32), nullable=False, index=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
    )


def _sqlite_guards() -> list[str]:
    """REPLACE deletes without asking a trigger on DELETE, so the place of an INSERT is checked too."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
    guards = [
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} {refuse}"
        for table in ("ledger", "checkpoint")
        for act in ("UPDATE", "DELETE")
    ]
    next_only = "NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM ledger)"
    later_only = "NEW.seq <= (SELECT max(seq) FROM checkpoint)"
    return [
        *guards,
        f"CREATE TRIGGER ledger_at_the_end BEFORE INSERT ON ledger WHEN {next_only} {refuse}",
        f"CREATE TRIGGER checkpoint_at_the_end BEFORE INSERT ON checkpoint WHEN {later_only} {refuse}",
        f"CREATE TRIGGER passage_no_update BEFORE UPDATE ON passage {refuse}",
    ]


def _postgresql_guards() -> list[str]:
    next_only = "NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq), 0) + 1 FROM ledger)"
    raised = f"RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation'"
    refuse, at_the_end = f"BEGIN {raised}; END", f"BEGIN IF {next_only} THEN {raised}; END IF; RETURN NEW; END"
    guards = [
        f"CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {refuse} $$",
        f"CREATE FUNCTION ledger_at_the_end() RETURNS trigger LANGUAGE plpgsql AS $$ {at_the_end} $$",
        "CREATE TRIGGER ledger_at_the_end BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_at_the_end()",
        "CREATE TRIGGER passage_no_update BEFORE UPDATE ON passage FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
    ]
    return guards + [
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
        for table in ("ledger", "checkpoint")
        for act in ("UPDATE", "DELETE", "TRUNCATE")
    ]


def downgrade() -> None:
    """Refuse: a record is never thrown away by a tool."""
    raise NotImplementedError(REFUSED)
