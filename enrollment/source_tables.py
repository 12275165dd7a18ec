"""What registers elsewhere tell, and what of it was taken over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from enrollment.tables import Base, UtcTime


class SourceRow(Base):
    """A register elsewhere that ours is filled from, by the name it has in gate.toml, and how it stands.

    `tags` is JSON, what each of its addresses called its last answer; `wrong` is sealed JSON, what could not be read.
    `lists` counts the changes of its blocked and allowed plates. The rest tells other processes how it stands.
    """

    __tablename__ = "register_source"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tags: Mapped[str] = mapped_column(Text, default="{}")
    wrong: Mapped[bytes | None] = mapped_column(LargeBinary)
    lists: Mapped[int] = mapped_column(Integer, default=0)
    asked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcTime)
    code: Mapped[str | None] = mapped_column(String(60))
    facts: Mapped[str] = mapped_column(Text, default="{}")
    failing_since: Mapped[datetime | None] = mapped_column(UtcTime)


class SourceEntryRow(Base):
    """One entry of a source, found by the keyed digest of the id that it has there, and whom it is here.

    `told` is sealed JSON of what the source says of it now, empty where the subject was erased here, None where the
    source tells it no more. `said` is JSON: the keyed digest of each field as it was taken over last, so that nothing
    personal stands here that an erasure of `subject` would have to look for twice. `ended_at` is when it ended here.
    """

    __tablename__ = "register_source_entry"

    source: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    told: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject: Mapped[str | None] = mapped_column(String(32), index=True)
    said: Mapped[str] = mapped_column(Text, default="{}")
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class SourcePlateRow(Base):
    """A plate that a source has on its list of blocked or of always allowed ones, as taken over."""

    __tablename__ = "register_source_plate"

    source: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    plate: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime | None] = mapped_column(UtcTime)
    until: Mapped[datetime | None] = mapped_column(UtcTime)
