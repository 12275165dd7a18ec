"""The tables of the register, and `Base`, whose metadata every room's tables share: one database holds them all."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
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
    """A home of the compound, by building, unit and room.

    `places` is how many of its cars may be inside at a time, None for as many as every household may have; `hours` are
    its right's; `version` counts the changes. `notes` is staff's, whose digests in the record are made with `salt`.
    """

    __tablename__ = "household"
    __table_args__ = (UniqueConstraint("building", "unit", "room", name="uq_household_code"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    building: Mapped[str] = mapped_column(String(8))
    unit: Mapped[str] = mapped_column(String(8))
    room: Mapped[str] = mapped_column(String(8))
    places: Mapped[int | None] = mapped_column(Integer)
    hours: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    notes: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))


class _Enrolled:
    """What residents and vehicles have in common. `since` and `until` bound every right, `hours` are its own.

    `version` counts the changes, whose digests in the record are made with `salt`.
    """

    blocked: Mapped[bool] = mapped_column(Boolean, default=False)
    blocked_reason: Mapped[str | None] = mapped_column(Text)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcTime)
    blocked_by: Mapped[str | None] = mapped_column(String(80))
    blocked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    since: Mapped[datetime | None] = mapped_column(UtcTime)
    until: Mapped[datetime | None] = mapped_column(UtcTime)
    hours: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))


class ResidentRow(_Enrolled, Base):
    """A resident. Once ended, nothing is left but the opaque id, the version and the two dates.

    `minor_until` is the fourteenth birthday of a child, the only date of birth that is kept. `own_key` is a key of this
    resident's alone, sealed with the site's: what is long (photos, signatures) is sealed with it, so that no copy of
    those bytes in a page of the file can be read once the row is cleared.
    """

    __tablename__ = "resident"
    __table_args__ = (CheckConstraint("(ended_at IS NULL) = (name IS NOT NULL)", name="erased"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(50))
    household_id: Mapped[str | None] = mapped_column(ForeignKey("household.id"), index=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    minor_until: Mapped[date | None] = mapped_column(Date)
    own_key: Mapped[bytes | None] = mapped_column(LargeBinary)


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


class VehicleRow(_Enrolled, Base):
    """A vehicle. The plate is unique among living ones; once ended, the plate is gone and so is everything else.

    `resident_id` is the owner's, where one is named; the rest as for a resident.
    """

    __tablename__ = "vehicle"
    __table_args__ = (CheckConstraint("(ended_at IS NULL) = (plate IS NOT NULL)", name="erased"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    plate: Mapped[str | None] = mapped_column(String(16), unique=True)
    colour: Mapped[str | None] = mapped_column(String(16))
    household_id: Mapped[str | None] = mapped_column(ForeignKey("household.id"), index=True)
    type: Mapped[str] = mapped_column(String(16), default="car", server_default="car")
    resident_id: Mapped[str | None] = mapped_column(ForeignKey("resident.id"), index=True)


class RightRow(Base):
    """The right of a resident, vehicle or household to use a lane.

    Whoever has no row has the household's right, and may use every lane where that has none either.
    """

    __tablename__ = "access_right"

    subject_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    lane: Mapped[str] = mapped_column(String(32), primary_key=True)


class TenancyRow(Base):
    """That a resident lives in a household, and as what; `ends_at` None is open-ended."""

    __tablename__ = "tenancy"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    household_id: Mapped[str] = mapped_column(ForeignKey("household.id"), index=True)
    standing: Mapped[str] = mapped_column(String(8))
    starts_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcTime)


class CredentialRow(Base):
    """A way in besides the face. A card has a `mark` (keyed digest of its number), a PIN a `hash`, a QR code neither.

    A QR code is signed with the site's key (`gate_code`), which `key_id` names.

    `ending` is the last four characters of a card's number, for people to tell their cards apart. `step` is the half
    minute of the last QR code that was shown at a gate: none of it or of before is taken again.
    """

    __tablename__ = "credential"
    __table_args__ = (UniqueConstraint("mark", name="uq_credential_mark"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    mark: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(200))
    key_id: Mapped[str | None] = mapped_column(String(16))
    ending: Mapped[str | None] = mapped_column(String(4))
    step: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime | None] = mapped_column(UtcTime)


class ConsentRow(Base):
    """One consent to one purpose, or that it was `declined`: then `signed_at` is when somebody was asked.

    It outlives its resident without the sealed parts: who was asked for what stays provable.

    `guardian` (name and relation) and `signature` are sealed with the resident's own key.
    """

    __tablename__ = "consent"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(40))
    text_hash: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2))
    means: Mapped[str] = mapped_column(String(8))
    signed_at: Mapped[datetime] = mapped_column(UtcTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    recorded_by: Mapped[str] = mapped_column(String(80))
    by_guardian: Mapped[bool] = mapped_column(Boolean)
    guardian: Mapped[bytes | None] = mapped_column(LargeBinary)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    media_type: Mapped[str | None] = mapped_column(String(20))
    keep_photo: Mapped[bool] = mapped_column(Boolean)
    declined: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcTime)


class PhotoRow(Base):
    """The cut-out face that a resident was enrolled by, as JPEG sealed with the resident's own key."""

    __tablename__ = "reference_photo"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class VehiclePhotoRow(Base):
    """What a vehicle looks like, as JPEG sealed with the site's key; `id` is the vehicle's."""

    __tablename__ = "vehicle_photo"

    id: Mapped[str] = mapped_column(ForeignKey("vehicle.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class LinkRow(Base):
    """A code that signs a resident's phone in, once; `id` is what the site's key makes of it."""

    __tablename__ = "phone_link"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)


class PhoneRow(Base):
    """A phone that is signed in to its resident's own pages; `id` is what the site's key makes of its token."""

    __tablename__ = "phone"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    used_at: Mapped[datetime] = mapped_column(UtcTime)


class RequestRow(Base):
    """A resident's open request to be erased."""

    __tablename__ = "erasure_request"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), unique=True)
    asked_at: Mapped[datetime] = mapped_column(UtcTime)


class PadRow(Base):
    """A tablet at a lane's door. `code` lets it join, once, until `code_until`; `token` is what it holds then.

    Both are kept as what the site's key makes of them.
    """

    __tablename__ = "pad"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    lane: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(40))
    code: Mapped[str | None] = mapped_column(String(64), unique=True)
    code_until: Mapped[datetime | None] = mapped_column(UtcTime)
    token: Mapped[str | None] = mapped_column(String(64), unique=True)


class PassRow(Base):
    """A pass. Once forgotten, nothing is left but opaque ids, the dates and the count.

    `host_id` is the resident who made it, with the household whose quota it counts in; staff's passes have none. `seen`
    counts the uses that the host has been told of.
    """

    __tablename__ = "visitor_pass"
    __table_args__ = (CheckConstraint("used >= 0 AND used <= uses", name="uses"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    plate: Mapped[str | None] = mapped_column(String(16))
    pin: Mapped[str | None] = mapped_column(String(64), unique=True)
    code: Mapped[bool] = mapped_column(Boolean)
    lanes: Mapped[str | None] = mapped_column(Text)
    starts_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    uses: Mapped[int] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer)
    made_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    host_id: Mapped[str | None] = mapped_column(String(32), index=True)
    household_id: Mapped[str | None] = mapped_column(String(32), index=True)
    note: Mapped[str | None] = mapped_column(String(40))
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    seen: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


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
