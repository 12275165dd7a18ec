"""On PostgreSQL too, a checkpoint is added only after the last one; SQLite has refused any other from the start."""

from __future__ import annotations

from alembic import op

revision = "gate_0002"
down_revision = "gate_0001"
branch_labels = None
depends_on = None

REFUSED = "the ledger only grows"


def upgrade() -> None:
    """Add the trigger where it is missing."""
    if op.get_bind().dialect.name != "postgresql":
        return
    earlier = "NEW.seq <= (SELECT max(seq) FROM checkpoint)"
    raised = f"RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation'"
    op.execute(
        "CREATE FUNCTION checkpoint_at_the_end() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF {earlier} THEN {raised}; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER checkpoint_at_the_end BEFORE INSERT ON checkpoint"
        " FOR EACH ROW EXECUTE FUNCTION checkpoint_at_the_end()"
    )


def downgrade() -> None:
    """Refuse: a record is never thrown away by a tool."""
    raise NotImplementedError(REFUSED)
