"""The tables of the record: the chain and its checkpoints, and beside it what may have to be erased one day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import BigInteger, Computed, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from enrollment.tables import Base, UtcTime

MIGRATIONS = Path(__file__).parent / "migrations"

SEQ = BigInteger().with_variant(Integer, "sqlite")
"""SQLite keeps a table in the order of a key that is called INTEGER, and only of that."""


NOT_TAKEN = text("""body LIKE '%"act":"refused"%'""")
"""The rows of commands that a barrier did not take, in the very words of the index that finds them."""


class LedgerRow(Base):
    """A row of the chain. Triggers refuse UPDATE and DELETE, and an INSERT anywhere but at the end.

    `actor` (who did it) and `about` (the passage, person or thing it is about) are computed from `body` by the
    database, for searching; they are not hashed and cannot differ from it.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        Index("ledger_at", "at", "seq"),
        Index("ledger_kind", "kind", "at", "seq"),
        Index("ledger_actor", "actor", "at", "seq"),
        Index("ledger_about", "about", "seq"),
        Index("ledger_not_taken", "seq", sqlite_where=NOT_TAKEN, postgresql_where=NOT_TAKEN),
    )

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    actor: Mapped[str | None] = mapped_column(String(80), Computed("body"))
    about: Mapped[str | None] = mapped_column(String(160), Computed("body"))


class CheckpointRow(Base):
    """A signed checkpoint (`checkpoint.Checkpoint`). Triggers refuse UPDATE and DELETE."""

    __tablename__ = "checkpoint"

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    key: Mapped[bytes] = mapped_column(LargeBinary(32))
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))


class RemarkRow(Base):
    """What somebody wrote in free words about an act; the chain holds only its digest, as for a passage's details."""

    __tablename__ = "remark"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[str] = mapped_column(String(32), index=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    words: Mapped[str] = mapped_column(Text)


class PassageRow(Base):
    """One decided track, under the number of its row in the chain.

    `details` is JSON that the chain holds only as a digest (`chain.details_digest`). `plate` is an unregistered
    vehicle's, out of the details, and `plate_key` the same with lookalike characters folded (`plate_pattern.folded`).
    """

    __tablename__ = "passage"
    __table_args__ = (
        Index("passage_at", "at", "seq"),
        Index("passage_subject", "subject", "at", "seq"),
        Index("passage_verdict", "verdict", "at", "seq"),
        Index("passage_reason", "reason", "at", "seq"),
        Index("passage_lane", "lane", "at", "seq"),
        Index("passage_plate", "plate", "at", "seq"),
        Index("passage_plate_key", "plate_key", "plate"),
    )

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    at: Mapped[str] = mapped_column(String(32))
    lane: Mapped[str] = mapped_column(String(32))
    verdict: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str | None] = mapped_column(String(36))
    rules: Mapped[str] = mapped_column(String(40))
    snapshot: Mapped[str | None] = mapped_column(String(80))
    context: Mapped[str | None] = mapped_column(String(80))
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    details: Mapped[str] = mapped_column(Text)
    plate: Mapped[str | None] = mapped_column(String(16))
    plate_key: Mapped[str | None] = mapped_column(String(16))


class RulesVersionRow(Base):
    """The rules of one lane as they stood, under the digest of their text."""

    __tablename__ = "rules_version"

    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    lane: Mapped[str] = mapped_column(String(32), index=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    text: Mapped[str] = mapped_column(Text)


class SavedSearchRow(Base):
    """A search that an account keeps under a name. `query` is JSON; it may hold a name or a plate."""

    __tablename__ = "saved_search"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[str] = mapped_column(Text)
