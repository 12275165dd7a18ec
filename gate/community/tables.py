"""The tables of the way out: what waits, what was not taken, and how each destination stands. Opaque ids only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Float, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from enrollment.tables import Base, UtcTime
from gate.ledger.tables import SEQ


class OutboxRow(Base):
    """A row of the chain that a destination has not taken yet; it is deleted once it has.

    `subject` is what the order is kept for (`outbox.order_key`); the row's content is read from the record when it is
    sent, so what was erased meanwhile is not sent. `due_ms` is milliseconds since 1970.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_subject", "destination", "subject", "seq"),
        Index("outbox_put_off", "destination", "due_ms"),
    )

    destination: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(Integer)
    due_ms: Mapped[int] = mapped_column(BigInteger)


class DeadLetterRow(Base):
    """What a destination did not take although it took others: a person looks at it and sends it again."""

    __tablename__ = "dead_letter"
    __table_args__ = (Index("dead_letter_why", "destination", "kind", "code", "seq"),)

    destination: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(Integer)
    died: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(60))
    facts: Mapped[str] = mapped_column(Text)


class DestinationRow(Base):
    """How a destination stands, for whoever asks from another process, and which box serves it now.

    `delivered_day` were taken on the compound's `day`; `rate_count` since `rate_from_ms`, and `rate_per_s` before that.
    """

    __tablename__ = "destination"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    held_until_ms: Mapped[int] = mapped_column(BigInteger)
    delivered: Mapped[int] = mapped_column(BigInteger)
    dropped: Mapped[int] = mapped_column(BigInteger)
    delivered_at: Mapped[str | None] = mapped_column(String(32))
    code: Mapped[str | None] = mapped_column(String(60))
    facts: Mapped[str] = mapped_column(Text)
    failing_since: Mapped[str | None] = mapped_column(String(32))
    day: Mapped[str | None] = mapped_column(String(10))
    delivered_day: Mapped[int] = mapped_column(BigInteger)
    rate_from_ms: Mapped[int] = mapped_column(BigInteger)
    rate_count: Mapped[int] = mapped_column(BigInteger)
    rate_per_s: Mapped[float | None] = mapped_column(Float)


class NamesRow(Base):
    """A version of what a destination calls our lanes and devices, as JSON; the newest holds, all are kept."""

    __tablename__ = "destination_names"

    destination: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(80))
    names: Mapped[str] = mapped_column(Text)


class WebhookRow(Base):
    """A webhook that was set up through the API (`registered.Webhooks`). `events` is JSON, `secret` is sealed."""

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[str] = mapped_column(Text)
    plates: Mapped[bool] = mapped_column(Boolean)
    paused: Mapped[bool] = mapped_column(Boolean)
    certificate: Mapped[str | None] = mapped_column(Text)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
