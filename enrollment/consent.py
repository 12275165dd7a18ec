"""What somebody agrees to: purposes, the texts that were signed, and which consents are alive."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from enrollment.errors import EnrollmentError, EntryRefused
from enrollment.name import clean_name
from enrollment.tables import ConsentRow

Language: TypeAlias = Literal["zh", "en"]

LARGEST_SIGNATURE = 2_000_000
"""Bytes of a signature or of the scan of a sheet."""


class Purpose(StrEnum):
    """What is agreed to: each one separately, none bundled with another."""

    FACE_ENTRY = "face_entry"
    PLATE_ENTRY = "plate_entry"
    CARE_ALERTS = "care_alerts"
    COMMUNITY_SHARING = "community_sharing"


class Means(StrEnum):
    """How it was signed: drawn on the screen, on paper, or on the person's own phone."""

    SCREEN = "screen"
    PAPER = "paper"
    PHONE = "phone"


_BEGINNINGS: Mapping[str, bytes] = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/svg+xml": b"<svg",
    "application/pdf": b"%PDF-",
}
"""With what bytes a signature of a media type begins."""


@dataclass(frozen=True, slots=True)
class ConsentText:
    """A text that people sign. A published one never changes: another wording is another version.

    `id` is `<purpose>-<version>`, `hash` the SHA-256 of the text in this language, 64 hex digits.
    """

    purpose: Purpose
    version: int
    language: Language
    text: str
    hash: str

    @property
    def id(self) -> str:
        """Names the text in every language."""
        return f"{self.purpose}-{self.version}"


@dataclass(frozen=True, slots=True)
class Signature:
    """The drawn signature or the scanned sheet: PNG, JPEG, SVG or PDF.

    Raises:
        EntryRefused: `consent.signature_kind`, `consent.signature_large`.
    """

    media_type: str
    data: bytes

    def __post_init__(self) -> None:
        if len(self.data) > LARGEST_SIGNATURE:
            raise EntryRefused("consent.signature_large", size=len(self.data), largest=LARGEST_SIGNATURE)
        if not self.data.startswith(_BEGINNINGS.get(self.media_type, b"\0\0no such kind")):
            raise EntryRefused("consent.signature_kind", known=", ".join(_BEGINNINGS))


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who consents for a child under fourteen, and as what ("母亲"). Raises `EntryRefused` for names that are none."""

    name: str
    relation: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name))
        object.__setattr__(self, "relation", clean_name(self.relation))


@dataclass(frozen=True, slots=True)
class ConsentForm:
    """A consent as signed. `keep_photo` is the separate tick under a consent to faces.

    With `declined` it is none: somebody was asked at `signed_at`, said no, and need not sign that. `version` None is
    the newest text of the purpose. Moments are aware; `expires_at` None lasts until withdrawal.
    """

    purpose: Purpose
    means: Means
    signed_at: datetime
    language: Language = "zh"
    version: int | None = None
    expires_at: datetime | None = None
    signature: Signature | None = None
    guardian: Guardian | None = None
    keep_photo: bool = False
    declined: bool = False

    @property
    def text(self) -> ConsentText:
        """What was signed. Raises `EntryRefused` (`consent.no_such_text`)."""
        return consent_text(self.purpose, self.language, self.version)

    def checked(self, now: datetime) -> ConsentForm:
        """The same, where it can be recorded at all.

        Raises:
            EntryRefused: `consent.signed_later` (in the future), `consent.over` (it has ended already),
                `consent.signature_needed` (drawn on the screen, and there is no drawing), `consent.no_such_text`.
        """
        if self.signed_at > now:
            raise EntryRefused("consent.signed_later")
        if self.expires_at is not None and self.expires_at <= now:
            raise EntryRefused("consent.over")
        if self.means is Means.SCREEN and self.signature is None and not self.declined:
            raise EntryRefused("consent.signature_needed")
        _ = self.text
        return self


@dataclass(frozen=True, slots=True)
class Consent:
    """A recorded consent, or that it was `declined`.

    `guardian` is there where one signed and the resident was not erased since. `recorded_by` is the actor of staff,
    `text` the id of the text and `text_hash` its digest.
    """

    id: str
    resident_id: str
    purpose: Purpose
    text: str
    text_hash: str
    language: str
    means: Means
    signed_at: datetime
    recorded_at: datetime
    recorded_by: str
    by_guardian: bool
    guardian: Guardian | None
    signed: bool
    keep_photo: bool
    expires_at: datetime | None
    withdrawn_at: datetime | None
    declined: bool = False

    def alive(self, now: datetime) -> bool:
        """Whether it holds at this moment."""
        ended = self.withdrawn_at is not None or (self.expires_at is not None and self.expires_at <= now)
        return not (self.declined or ended)


def declined_at(known: Sequence[Consent], now: datetime) -> dict[Purpose, datetime]:
    """When each purpose that nothing lives for was declined last, where nothing was said about it since."""
    newest: dict[Purpose, Consent] = {}
    for one in sorted(known, key=lambda one: one.recorded_at):
        newest[one.purpose] = one
    living = {one.purpose for one in known if one.alive(now)}
    return {purpose: one.signed_at for purpose, one in newest.items() if one.declined and purpose not in living}


@cache
def consent_texts() -> Mapping[tuple[Purpose, int, Language], ConsentText]:
    """Every text that was ever published, by purpose, version and language.

    Raises:
        EnrollmentError: `consent.text_altered`, a file is not the one that was published.
    """
    folder = resources.files("enrollment").joinpath("consents")
    texts = {}
    for line in folder.joinpath("SHA256SUMS").read_text("utf-8").splitlines():
        published, name = line.split()
        stem, language, _ = name.split(".")
        purpose, _, version = stem.rpartition("-")
        raw = folder.joinpath(name).read_bytes()
        if hashlib.sha256(raw).hexdigest() != published:
            raise EnrollmentError("consent.text_altered", name=name)
        spoken: Language = "zh" if language == "zh" else "en"
        text = ConsentText(Purpose(purpose), int(version), spoken, raw.decode("utf-8"), published)
        texts[text.purpose, text.version, text.language] = text
    return texts


def consent_text(purpose: Purpose, language: Language, version: int | None = None) -> ConsentText:
    """A text, the newest of its purpose by default. Raises `EntryRefused` (`consent.no_such_text`)."""
    texts = consent_texts()
    newest = version or max(number for of, number, _ in texts if of is purpose)
    text = texts.get((purpose, newest, language))
    if text is None:
        raise EntryRefused("consent.no_such_text", purpose=purpose, version=newest, language=language)
    return text


def alive(purpose: Purpose, now: datetime) -> ColumnElement[bool]:
    """The consents to a purpose that hold at a moment, as a condition."""
    open_ended = ConsentRow.expires_at.is_(None)
    return and_(
        ConsentRow.purpose == purpose,
        ConsentRow.declined.is_(False),
        ConsentRow.withdrawn_at.is_(None),
        or_(open_ended, ConsentRow.expires_at > now),
    )


def needs_face_consent(session: Session, resident_id: str, now: datetime) -> ConsentRow:
    """The resident's living consent to entering by face: the one place that a template has to pass.

    Raises:
        EntryRefused: `consent.face_needed`.
    """
    found = select(ConsentRow).where(ConsentRow.resident_id == resident_id, alive(Purpose.FACE_ENTRY, now))
    row = session.scalars(found.order_by(ConsentRow.signed_at.desc()).limit(1)).first()
    if row is None:
        raise EntryRefused("consent.face_needed")
    return row
