"""A resident's consents: each is withdrawn with one press, and given with one press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.consent import Consent, ConsentForm, ConsentText, Means, Purpose, consent_text, declined_at
from enrollment.credential import CredentialKind
from enrollment.entry import Withdrawal
from enrollment.errors import EntryRefused
from gate.console.desk import Desk, InLanguage, TheDesk
from gate.console.lobby import Caller, Calling, Lobby, TheLobby
from gate.console.pages import page
from gate.texts import Language, explain

router = APIRouter()
DONE = frozenset({"given", "declined"})
Instead = Annotated[CredentialKind | None, Form()]


@dataclass(frozen=True, slots=True)
class Standing:
    """One purpose as it stands: the living consent, where there is one, when it was declined, the text to agree to."""

    purpose: Purpose
    living: Consent | None
    declined_at: datetime | None
    text: ConsentText


@router.get("/me/consents")
def consents_page(request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling, done: str = "") -> Response:
    """Each purpose: agreed to or not, since when, with the words that were agreed to."""
    return _consents(request, desk, lobby, caller, done=done if done in DONE else "")


@router.post("/me/consents/{purpose}/withdraw")
def withdraw(
    request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling, purpose: Purpose, instead: Instead = None
) -> Response:
    """End a consent and hand out another way in with the same press; the page that follows shows it."""
    resident, held = caller.resident, {one.kind for one in lobby.register.credentials.of(caller.resident.id)}
    kind = None if instead is CredentialKind.CARD or instead in held else instead
    try:
        ended = lobby.register.consents.withdraw(resident.id, purpose, resident.id, kind)
    except EntryRefused as refused:
        return _consents(request, desk, lobby, caller, fault=explain(refused, request.state.language))
    return _withdrawn(request, caller, ended, has_code=CredentialKind.QR in {*held, kind})


@router.post("/me/consents/{purpose}/give")
def give(
    request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling, purpose: Purpose, language: InLanguage
) -> Response:
    """Agree on the own phone; for a child under fourteen a guardian does, at the office."""
    form = ConsentForm(purpose, Means.PHONE, desk.wall(), language)
    try:
        lobby.register.consents.give(caller.resident.id, [form], caller.resident.id)
    except EntryRefused as refused:
        return _consents(request, desk, lobby, caller, fault=explain(refused, language))
    return RedirectResponse("/me/consents?done=given", 303)


@router.post("/me/consents/{purpose}/decline")
def decline(
    request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling, purpose: Purpose, language: InLanguage
) -> Response:
    """Say no, which is on record: so it can be shown that the answer was free. Nobody has to."""
    form = ConsentForm(purpose, Means.PHONE, desk.wall(), language, declined=True)
    try:
        lobby.register.consents.give(caller.resident.id, [form], caller.resident.id)
    except EntryRefused as refused:
        return _consents(request, desk, lobby, caller, fault=explain(refused, language))
    return RedirectResponse("/me/consents?done=declined", 303)


def _consents(
    request: Request, desk: Desk, lobby: Lobby, caller: Caller, *, done: str = "", fault: str | None = None
) -> Response:
    given = lobby.register.consents.of(caller.resident.id)
    now, language = desk.wall(), request.state.language
    held = {one.kind for one in lobby.register.credentials.of(caller.resident.id)}
    return page(
        request,
        "me_consents.html",
        422 if fault else 200,
        standings=[_standing(purpose, given, now, language) for purpose in Purpose],
        cars=bool(lobby.register.vehicles_of(caller.resident.id)),
        held=held,
        kinds=(CredentialKind.QR, CredentialKind.PIN),
        done=done,
        fault=fault,
        zone=desk.zone,
    )


def _standing(purpose: Purpose, given: Sequence[Consent], now: datetime, language: Language) -> Standing:
    living = next((one for one in given if one.purpose is purpose and one.alive(now)), None)
    version = int(living.text.rpartition("-")[2]) if living else None
    return Standing(purpose, living, declined_at(given, now).get(purpose), consent_text(purpose, language, version))


def _withdrawn(request: Request, caller: Caller, ended: Withdrawal, *, has_code: bool) -> Response:
    pin = ended.issued.pin if ended.issued else None
    return page(request, "me_withdrawn.html", ended=ended, pin=pin, code=caller.resident.household, has_code=has_code)
