"""Erasing a person or vehicle everywhere, and a signed certificate of it that holds nothing personal itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from enrollment.database import purge, rebuild, writing
from enrollment.entry import Entry, Resident
from enrollment.errors import EntryRefused, NotEnrolled
from gate.ledger.checkpoint import fingerprint
from gate.ledger.erased import INDEXES, TABLES, Emptied, empty
from gate.ledger.ledger import Chain
from gate.patrol.cases import TABLE as PATROL_TABLE
from gate.patrol.cases import forget_subject
from gate.site import Site
from gate.texts import Language, t

VERSION = "menwei-erasure/1"
CLASSES = (
    "details",
    "templates",
    "photos",
    "credentials",
    "tenancies",
    "links",
    "phones",
    "requests",
    "passes",
    "notices",
    "rights",
    "household_notes",
    "consents",
    "passages",
    "pictures",
    "remarks",
    "searches",
    "cases",
)
"""What is counted on a certificate, in its order."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was erased, when and by whom. `row` is the number of the record's row about it.

    `erased` counts by class; `purged` is False where old bytes may stay in the file until the next erasure. `key` and
    `signature` are lower-case hex (Ed25519), the signature over `statement`.
    """

    subject: str
    kind: str
    at: str
    by: str
    erased: Mapping[str, int]
    purged: bool
    row: int
    key: str
    signature: str = ""
    version: str = VERSION

    @property
    def statement(self) -> bytes:
        """What is signed: everything but the signature, as JSON with sorted keys and no spaces, in ASCII."""
        told = {name: value for name, value in asdict(self).items() if name != "signature"}
        return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()

    @property
    def genuine(self) -> bool:
        """Whether the signature is that of `key`; whose key it is must be known from elsewhere."""
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key))
            public.verify(bytes.fromhex(self.signature), self.statement)
        except (InvalidSignature, ValueError):
            return False
        return True

    def as_json(self) -> str:
        """For machines."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    def as_text(self, compound: str, language: Language | None = None) -> str:
        """For people, to be printed and handed over."""
        lines = [
            t("certificate.title", language, compound=compound),
            "",
            t("certificate.subject", language, kind=t(f"certificate.kind_{self.kind}", language), id=self.subject),
            t("certificate.when", language, at=self.at, by=self.by),
            "",
            t("certificate.erased", language),
        ]
        for name in CLASSES:
            if self.erased.get(name):
                what = t(f"certificate.class_{name}", language)
                lines.append(t("certificate.line", language, what=what, count=self.erased[name]))
        lines += ["", t("certificate.stays", language), t("certificate.backups", language)]
        if not self.purged:
            lines.append(t("certificate.not_purged", language))
        mark = fingerprint(bytes.fromhex(self.key))
        lines += ["", t("certificate.signed", language, row=self.row, fingerprint=mark), self.signature]
        return "\n".join(lines) + "\n"


def erase(site: Site, subject_id: str, actor: str, expected: int | None = None) -> Certificate:
    """Erase a living resident or vehicle from register, record, pictures and the bytes of the database.

    The record goes first: an erasure that is cut off leaves the subject enrolled, and is simply done again.

    Raises:
        NotEnrolled: `register.nobody`.
        EntryRefused: `register.changed_meanwhile`.
        EnrollmentError: `register.not_erased`.
    """
    entry = site.register.find(subject_id)
    if entry is None:
        raise NotEnrolled("register.nobody", id=subject_id)
    if expected is not None and entry.version != expected:
        raise EntryRefused("register.changed_meanwhile", id=subject_id, version=entry.version, expected=expected)
    with writing(site.engine) as session:
        words, plate = _called(entry)
        cases = forget_subject(session, site.snapshots, subject_id, words, plate)
        emptied = empty(session, site.snapshots, subject_id, words, plate, datetime.now(UTC))
        Chain(session).sign(site.signer, datetime.now(UTC))
    cleaned = rebuild(site.engine, INDEXES) and purge(site.engine, _tables(site))
    gone = site.register.remove(subject_id, actor, expected)
    unsigned = Certificate(
        subject=subject_id,
        kind=gone.kind,
        at=gone.at.isoformat(timespec="seconds"),
        by=actor,
        erased=_counts(gone.gone, emptied) | {"cases": cases},
        purged=gone.purged and cleaned,
        row=emptied.row,
        key=site.signer.public.hex(),
    )
    return _signed(unsigned, site)


def read_certificate(text: str) -> Certificate:
    """The certificate of a JSON text. Raises `EntryRefused` (`certificate.unreadable`)."""
    try:
        told: dict[str, Any] = json.loads(text)
        return Certificate(**told)
    except (ValueError, TypeError) as wrong:
        raise EntryRefused("certificate.unreadable") from wrong


def _tables(site: Site) -> tuple[str, ...]:
    tables = (*TABLES, PATROL_TABLE)
    return (*tables, "passage") if site.engine.dialect.name == "postgresql" else tables


def _called(entry: Entry) -> tuple[list[str], str | None]:
    if isinstance(entry, Resident):
        return [word for word in (entry.name, entry.phone) if word], None
    return [entry.plate], entry.plate


def _counts(gone: Mapping[str, int], emptied: Emptied) -> dict[str, int]:
    seen = {"passages": emptied.passages, "pictures": emptied.pictures}
    return {"details": 1, **gone, **seen, "remarks": emptied.remarks, "searches": emptied.searches}


def _signed(unsigned: Certificate, site: Site) -> Certificate:
    signature = site.signer.sign_bytes(unsigned.statement).hex()
    told = asdict(unsigned) | {"signature": signature}
    return Certificate(**told)
