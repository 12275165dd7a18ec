"""What is asked of a household: a row for each notice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from enrollment.tables import Base, UtcTime


class NoticeRow(Base):
    """A notice to a household. `lane` is a call's, `vehicle_id` and `place` are those of a car to be moved.

    `ends_at` is when it is over by itself and `closed_at` when somebody closed it; the first answer stands.
    """

    __tablename__ = "notice"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    household_id: Mapped[str] = mapped_column(ForeignKey("household.id"), index=True)
    vehicle_id: Mapped[str | None] = mapped_column(String(32))
    lane: Mapped[str | None] = mapped_column(String(32))
    place: Mapped[str | None] = mapped_column(String(60))
    sent_by: Mapped[str] = mapped_column(String(80))
    sent_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    answer: Mapped[str | None] = mapped_column(String(10))
    answered_by: Mapped[str | None] = mapped_column(String(32))
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
