"""Who of the staff is signed in, for the time in which a gate is started again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from enrollment.tables import Base, UtcTime


class SignInRow(Base):
    """A sign-in at a box. `id` is a digest of its token, and `version` the account's when it began.

    `used_at` and `ends_at` were reckoned from the clock as it stood at `seen_at`.
    """

    __tablename__ = "sign_in"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    version: Mapped[int] = mapped_column(Integer)
    box: Mapped[str] = mapped_column(String(32))
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
