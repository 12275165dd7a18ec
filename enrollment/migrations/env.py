"""How Alembic reaches the database: over the connection, and in the transaction, that `database.upgrade` hands in."""

from __future__ import annotations

from alembic import context

from enrollment.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
