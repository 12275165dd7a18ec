"""The tables of the record: the chain itself, and the passages with the details that may have to be erased."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from enrollment.tables import Base

MIGRATIONS = Path(__file__).parent / "migrations"


class LedgerRow(Base):
    """A row of the chain. Triggers refuse UPDATE and DELETE."""

    __tablename__ = "ledger"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class RemarkRow(Base):
    """What somebody wrote in free words about an act; the chain holds only its digest, as for a passage's details."""

    __tablename__ = "remark"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[str] = mapped_column(String(32))
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    words: Mapped[str] = mapped_column(Text)


class PassageRow(Base):
    """One decided track. `details` is JSON that the chain holds only as a digest (`chain.details_digest`)."""

    __tablename__ = "passage"
    __table_args__ = (Index("passage_at", "at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[str] = mapped_column(String(32))
    lane: Mapped[str] = mapped_column(String(32))
    verdict: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str | None] = mapped_column(String(36))
    snapshot: Mapped[str | None] = mapped_column(String(80))
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    details: Mapped[str] = mapped_column(Text)
