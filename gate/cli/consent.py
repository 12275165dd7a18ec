"""`gate enroll consent` and `gate enroll withdraw`: what residents agreed to, from the command line of the box."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from enrollment.consent import ConsentForm, Guardian, Means, Purpose, Signature
from enrollment.credential import CredentialKind
from enrollment.errors import EntryRefused
from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.terminal import out
from gate.config import Config, load_config
from gate.site import open_site
from gate.texts import system_language, t

MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
}

HowConsented = Annotated[Means | None, typer.Option("--consent", help=t("enroll.option_consent"))]
SignedOn = Annotated[datetime | None, typer.Option("--signed-on", formats=["%Y-%m-%d"], help=t("enroll.option_signed"))]
ConsentUntil = Annotated[
    datetime | None, typer.Option("--consent-until", formats=["%Y-%m-%d"], help=t("enroll.option_consent_until"))
]
SignatureFile = Annotated[Path | None, typer.Option("--signature", help=t("enroll.option_signature"))]
GuardianName = Annotated[str | None, typer.Option("--guardian", help=t("enroll.option_guardian"))]
GuardianRelation = Annotated[str | None, typer.Option("--relation", help=t("enroll.option_relation"))]
KeepPhoto = Annotated[bool, typer.Option("--keep-photo", help=t("enroll.option_keep_photo"))]


@dataclass(frozen=True, slots=True)
class Signer:
    """How, when and by whom a consent was signed, as typed."""

    means: Means
    signed_on: datetime | None
    until: datetime | None
    signature: Path | None
    guardian: str | None
    relation: str | None


def consent(
    person: Annotated[str, typer.Option("--person", help=t("enroll.option_person"))],
    purpose: Annotated[Purpose, typer.Option("--purpose", help=t("enroll.option_purpose"))],
    how: Annotated[Means, typer.Option("--consent", help=t("enroll.option_consent"))],
    signed_on: SignedOn = None,
    until: ConsentUntil = None,
    signature: SignatureFile = None,
    guardian: GuardianName = None,
    relation: GuardianRelation = None,
    keep_photo: KeepPhoto = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Record a consent that an enrolled resident has signed."""
    loaded = load_config(config)
    form = signed(loaded, purpose, Signer(how, signed_on, until, signature, guardian, relation), keep_photo=keep_photo)
    with open_site(loaded) as site:
        site.register.consents.give(person, [form], local_actor())
    out.print(t("enroll.consented", purpose=t(f"purpose.{purpose}"), text=form.text.id), markup=False)


def decline(
    person: Annotated[str, typer.Option("--person", help=t("enroll.option_person"))],
    purpose: Annotated[Purpose, typer.Option("--purpose", help=t("enroll.option_purpose"))],
    asked_on: Annotated[datetime, typer.Option("--asked-on", formats=["%Y-%m-%d"], help=t("enroll.option_asked"))],
    how: Annotated[Means, typer.Option("--consent", help=t("enroll.option_consent"))] = Means.PAPER,
    guardian: GuardianName = None,
    relation: GuardianRelation = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Record that a resident was asked and said no."""
    loaded = load_config(config)
    form = replace(signed(loaded, purpose, Signer(how, asked_on, None, None, guardian, relation)), declined=True)
    with open_site(loaded) as site:
        site.register.consents.give(person, [form], local_actor())
    out.print(t("enroll.declined", purpose=t(f"purpose.{purpose}"), text=form.text.id), markup=False)


def withdraw(
    person: Annotated[str, typer.Option("--person", help=t("enroll.option_person"))],
    purpose: Annotated[Purpose, typer.Option("--purpose", help=t("enroll.option_purpose"))] = Purpose.FACE_ENTRY,
    instead: Annotated[CredentialKind | None, typer.Option("--instead", help=t("enroll.option_instead"))] = None,
    card: Annotated[str | None, typer.Option("--card", help=t("enroll.option_card"))] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Withdraw a consent, and hand out another way in."""
    with open_site(load_config(config)) as site:
        kind = CredentialKind.CARD if card is not None else instead
        ended = site.register.consents.withdraw(person, purpose, local_actor(), kind, card)
    gone = sum(ended.gone.values())
    out.print(t("enroll.withdrawn", purpose=t(f"purpose.{purpose}"), gone=gone), markup=False)
    if ended.issued and ended.issued.pin:
        out.print(t("enroll.pin_issued", pin=ended.issued.pin))
    elif ended.issued:
        out.print(t("enroll.credential_issued", kind=t(f"credential.kind_{ended.issued.credential.kind}")))
    elif purpose is Purpose.FACE_ENTRY:
        out.print(t("enroll.nothing_instead"))
    if not ended.purged:
        out.print(t("enroll.not_purged"))


def signed(config: Config, purpose: Purpose, signer: Signer, *, keep_photo: bool = False) -> ConsentForm:
    """The consent as typed; days are days of the compound. Raises `EntryRefused` for what does not fit together."""
    if (signer.guardian is None) != (signer.relation is None):
        raise EntryRefused("enroll.guardian_and_relation")
    if signer.signed_on is None:
        raise EntryRefused("enroll.signed_on_needed")
    zone = ZoneInfo(config.compound.timezone)
    return ConsentForm(
        purpose=purpose,
        means=signer.means,
        signed_at=datetime.combine(signer.signed_on, time(), zone),
        language=system_language(),
        expires_at=datetime.combine(signer.until, time.max, zone) if signer.until else None,
        signature=_signature(signer.signature) if signer.signature else None,
        guardian=Guardian(signer.guardian, signer.relation) if signer.guardian and signer.relation else None,
        keep_photo=keep_photo,
    )


def _signature(path: Path) -> Signature:
    try:
        data = path.read_bytes()
    except OSError as failed:
        raise EntryRefused("enroll.signature_unreadable", path=path, why=failed.strerror) from failed
    return Signature(MEDIA_TYPES.get(path.suffix.lower(), ""), data)
