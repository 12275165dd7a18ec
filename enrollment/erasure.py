"""What goes when somebody is erased, and that nothing of it is left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from enrollment import directory
from enrollment.errors import EnrollmentError
from enrollment.household_note import called_by, forget_notes, homes_of
from enrollment.notice_tables import NoticeRow
from enrollment.notices import forget_subject, tells_of
from enrollment.source_tables import SourceEntryRow
from enrollment.tables import (
    ConsentRow,
    CredentialRow,
    LinkRow,
    PassRow,
    PhoneRow,
    PhotoRow,
    RequestRow,
    ResidentRow,
    RightRow,
    TemplateRow,
    TenancyRow,
    VehiclePhotoRow,
    VehicleRow,
)

PERSONAL = (
    "face_template",
    "resident",
    "vehicle",
    "credential",
    "tenancy",
    "register_source_entry",
    "visitor_pass",
    "vehicle_photo",
    "notice",
    "household",
)
"""The tables that are written anew when somebody was erased (`database.purge`).

Consents and photos are not: what is personal in them is sealed with the key in the resident's own row.
"""

_OWNED: dict[str, type[TemplateRow | PhotoRow | CredentialRow | TenancyRow | LinkRow | PhoneRow | RequestRow]] = {
    "templates": TemplateRow,
    "photos": PhotoRow,
    "credentials": CredentialRow,
    "tenancies": TenancyRow,
    "links": LinkRow,
    "phones": PhoneRow,
    "requests": RequestRow,
}
"""What a resident's id leads to, by what it is called on a certificate."""


def drop_face(session: Session, resident_id: str) -> dict[str, int]:
    """Delete a resident's templates and reference photos; how many of each went."""
    return {
        name: _deleted(session.execute(delete(table).where(table.resident_id == resident_id)))
        for name, table in _OWNED.items()
        if table in {TemplateRow, PhotoRow}
    }


def clear(session: Session, row: directory.Row, at: datetime) -> dict[str, int]:
    """End a row, empty it, and delete what belongs to it; how many rows of each class went.

    A resident's consents stay, without signature and guardian. Cars of theirs stay with the household, ownerless. The
    household's note goes with the last of them, and with whoever it names.
    """
    homes, called = homes_of(session, row), called_by(row)
    _forget_told(session, row.id)
    gone = {"rights": _deleted(session.execute(delete(RightRow).where(RightRow.subject_id == row.id)))}
    gone["notices"] = forget_subject(session, row.id)
    if isinstance(row, ResidentRow):
        for name, table in _OWNED.items():
            gone[name] = _deleted(session.execute(delete(table).where(table.resident_id == row.id)))
        gone["consents"] = _forget_signers(session, row.id)
        gone["passes"] = _end_passes(session, row.id, at)
        session.execute(update(VehicleRow).where(VehicleRow.resident_id == row.id).values(resident_id=None))
        row.name = row.phone = row.minor_until = row.own_key = None
    else:
        gone["photos"] = _deleted(session.execute(delete(VehiclePhotoRow).where(VehiclePhotoRow.id == row.id)))
        row.plate = row.colour = row.resident_id = None
        row.type = "car"
    row.household_id = row.blocked_reason = row.blocked_until = None
    row.blocked_by = row.blocked_at = None
    row.since = row.until = row.hours = row.notes = row.salt = None
    row.blocked, row.ended_at = False, at
    session.flush()
    gone["household_notes"] = forget_notes(session, homes, type(row), called)
    return gone


def prove_erased(session: Session, subject_id: str) -> None:
    """Raise `EnrollmentError` (`register.not_erased`) where something of a subject is still stored."""
    counted = [select(func.count()).select_from(RightRow).where(RightRow.subject_id == subject_id)]
    counted += [select(func.count()).select_from(of).where(of.resident_id == subject_id) for of in _OWNED.values()]
    counted.append(select(func.count()).select_from(PassRow).where(PassRow.host_id == subject_id))
    counted.append(select(func.count()).select_from(VehiclePhotoRow).where(VehiclePhotoRow.id == subject_id))
    counted.append(select(func.count()).select_from(NoticeRow).where(tells_of(subject_id)))
    left = sum(session.scalar(count) or 0 for count in counted)
    if left or directory.living(session, subject_id):
        raise EnrollmentError("register.not_erased", id=subject_id, left=left)


def _forget_signers(session: Session, resident_id: str) -> int:
    forgotten = {"guardian": None, "signature": None, "media_type": None}
    return _deleted(
        session.execute(update(ConsentRow).where(ConsentRow.resident_id == resident_id).values(**forgotten))
    )


def _forget_told(session: Session, subject_id: str) -> None:
    """What a source tells of the subject goes; that it tells it stays, so that the next import enters nobody anew."""
    mine = SourceEntryRow.subject == subject_id
    session.execute(update(SourceEntryRow).where(mine).values(said="{}"))
    session.execute(update(SourceEntryRow).where(mine, SourceEntryRow.told.is_not(None)).values(told=b""))


def _end_passes(session: Session, resident_id: str, at: datetime) -> int:
    """Guests of somebody who is gone are nobody's guests, and what was told about them goes."""
    empty = {"plate": None, "pin": None, "code": False, "note": None, "host_id": None, "household_id": None}
    mine = PassRow.host_id == resident_id
    session.execute(update(PassRow).where(mine, PassRow.ended_at.is_(None)).values(ended_at=at))
    return _deleted(session.execute(update(PassRow).where(mine).values(**empty, forgotten_at=at)))


def _deleted(result: object) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
