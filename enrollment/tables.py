"""The tables of the register, and `Base`, whose metadata every room's tables share: one database holds them all."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, kept as ISO 8601 text in UTC of fixed width, so that text order is time order.

    A naive datetime is refused with ValueError.
    """

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To text."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a record needs an aware time")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From text."""
        return None if value is None else datetime.fromisoformat(value)


class Base(DeclarativeBase):
    """The root of all mapped classes. Constraints are named, since SQLite can only alter what has a name."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class HouseholdRow(Base):
    """A home of the compound, by building, unit and room."""

    __tablename__ = "household"
    __table_args__ = (UniqueConstraint("building", "unit", "room", name="uq_household_code"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    building: Mapped[str] = mapped_column(String(8))
    unit: Mapped[str] = mapped_column(String(8))
    room: Mapped[str] = mapped_column(String(8))


class ResidentRow(Base):
    """A resident. Once ended, nothing is left but the opaque id and the two dates."""

    __tablename__ = "resident"
    __table_args__ = (CheckConstraint("(ended_at IS NULL) = (name IS NOT NULL)", name="erased"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(50))
    household_id: Mapped[str | None] = mapped_column(ForeignKey("household.id"), index=True)
    blocked: Mapped[bool] = mapped_column(Boolean, default=False)
    blocked_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class TemplateRow(Base):
    """A resident's face as numbers. `sealed` is the embedding encrypted for this row; `key_id` names the key."""

    __tablename__ = "face_template"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    model_id: Mapped[str] = mapped_column(String(80))
    key_id: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    quality: Mapped[float] = mapped_column(Float)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class VehicleRow(Base):
    """A vehicle. The plate is unique among living ones; once ended, the plate is gone and so is everything else."""

    __tablename__ = "vehicle"
    __table_args__ = (CheckConstraint("(ended_at IS NULL) = (plate IS NOT NULL)", name="erased"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    plate: Mapped[str | None] = mapped_column(String(16), unique=True)
    colour: Mapped[str | None] = mapped_column(String(16))
    household_id: Mapped[str | None] = mapped_column(ForeignKey("household.id"), index=True)
    blocked: Mapped[bool] = mapped_column(Boolean, default=False)
    blocked_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RightRow(Base):
    """The right of a resident or vehicle to use a lane. A subject without a row may use every lane."""

    __tablename__ = "access_right"

    subject_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    lane: Mapped[str] = mapped_column(String(32), primary_key=True)


class AccountRow(Base):
    """A member of staff who signs in. `hash` is an Argon2id string with its own salt and parameters.

    `version` counts what ends the sign-ins of before; until `temporary_until` the password is one that somebody else
    chose; `totp_sealed` is the secret of the second factor, and `totp_step` the last step whose code was taken.
    """

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    username: Mapped[str] = mapped_column(String(32), unique=True)
    hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(10))
    disabled: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    temporary_until: Mapped[datetime | None] = mapped_column(UtcTime)
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int | None] = mapped_column(Integer)


class RecoveryRow(Base):
    """A recovery code that was not used yet, as a digest."""

    __tablename__ = "account_recovery"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)


class RegisterVersionRow(Base):
    """One row that counts the changes of the register, for a gate that runs in another process."""

    __tablename__ = "register_version"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(Integer)
