"""Cars that stood in the way: a row for each case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from enrollment.tables import Base, UtcTime


class PatrolCaseRow(Base):
    """A case. `plate_read` is what the reader made of the photo, None for a plate that was typed.

    `subject_id` is the vehicle or the pass that the plate belonged to when the case was opened. Only a passage out
    after `since` closes the case; the row of the passage is in the record, `left_by` is its id.
    """

    __tablename__ = "patrol_case"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    plate: Mapped[str] = mapped_column(String(16))
    plate_read: Mapped[str | None] = mapped_column(String(16))
    standing: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[str | None] = mapped_column(String(32))
    place: Mapped[str] = mapped_column(String(12))
    place_words: Mapped[str | None] = mapped_column(String(40))
    snapshot: Mapped[str | None] = mapped_column(String(80))
    opened_by: Mapped[str] = mapped_column(String(80))
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    since: Mapped[datetime] = mapped_column(UtcTime)
    notice_id: Mapped[str | None] = mapped_column(String(32))
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    closed_by: Mapped[str | None] = mapped_column(String(80))
    closed_why: Mapped[str | None] = mapped_column(String(16))
    closed_words: Mapped[str | None] = mapped_column(String(100))
    left_by: Mapped[str | None] = mapped_column(String(32))
    reopened: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
