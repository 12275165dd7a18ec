"""What a destination did not take: page by page, each as it would be sent, corrected, sent again or given up."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from gate.community.letters import PAGE, Which
from gate.community.names import Thing
from gate.community.postroom import NameRefused, Opened, PostRoom
from gate.console.access import ADMINS
from gate.console.community.pages import ThePostRoom
from gate.console.community.wording import kind_name, payload, why
from gate.console.desk import Desk, InLanguage, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.opening import LONGEST_REASON, checked_words
from gate.console.pages import page
from gate.texts import Language, explain

LARGEST_NUMBER = 2**63 - 1
Seq = Annotated[int, Path(ge=0, le=LARGEST_NUMBER)]
Code = Annotated[str, Query(max_length=60)]
Field = Annotated[str, Form(max_length=64)]
Words = Annotated[str, Form(max_length=LONGEST_REASON)]

router = APIRouter()


class LetterAct(StrEnum):
    """What a person does about letters."""

    RESEND = "resend"
    ASIDE = "aside"


class OneAct(StrEnum):
    """What a person does about one letter; `preview` shows it with other names, `save` keeps these and sends it."""

    RESEND = "resend"
    ASIDE = "aside"
    PREVIEW = "preview"
    SAVE = "save"


@router.get("/community/{destination_id}/letters")
def letters_page(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    room: ThePostRoom,
    destination_id: str,
    language: InLanguage,
    kind: Code = "",
    code: Code = "",
    before: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
    done: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
    act: LetterAct | None = None,
) -> Response:
    """Letters of a kind and reason or all, newest first. A peer may have put a name into its words: it is a look."""
    box = room.letters(_known(room, destination_id))
    desk.looks.record(session, f"letters:{destination_id}")
    found = box.page(Which(kind=kind or None, code=code or None), before or None, PAGE + 1)
    return page(
        request,
        "letters.html",
        destination=destination_id,
        groups=[(group, kind_name(group.kind, language)) for group in box.groups()],
        letters=[
            (letter, kind_name(letter.kind, language), why(letter.code, letter.facts, language))
            for letter in found[:PAGE]
        ],
        further=found[PAGE - 1].seq if len(found) > PAGE else None,
        kind=kind,
        code=code,
        paged=bool(before),
        done=done,
        act=act,
        zone=desk.zone,
        may_act=session.role in ADMINS.roles,
        longest=LONGEST_REASON,
    )


@router.post("/community/{destination_id}/letters")
def act_on_letters(
    desk: TheDesk,
    session: SignedIn,
    room: ThePostRoom,
    destination_id: str,
    act: Annotated[LetterAct, Form()],
    kind: Field = "",
    code: Field = "",
    words: Words = "",
) -> Response:
    """Send all letters of a kind and reason again, or give them up with a reason."""
    which = Which(kind=kind or None, code=code or None)
    count = _done(desk, room, _known(room, destination_id), which, act, session.account, words)
    return RedirectResponse(f"/community/{destination_id}/letters?act={act}&done={count}", 303)


@router.get("/community/{destination_id}/letters/{seq}")
def letter_page(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    room: ThePostRoom,
    destination_id: str,
    seq: Seq,
    language: InLanguage,
) -> Response:
    """One letter as it would be sent now. That it was looked at is on record."""
    return _letter(request, desk, session, room, destination_id, seq, language)


@router.post("/community/{destination_id}/letters/{seq}")
def act_on_letter(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    room: ThePostRoom,
    destination_id: str,
    seq: Seq,
    language: InLanguage,
    act: Annotated[OneAct, Form()],
    lane: Field = "",
    device: Field = "",
    words: Words = "",
) -> Response:
    """Show a letter with other names, keep them and send it, send it as it is, or give it up with a reason."""
    wanted: dict[Thing, str] = {"lane": lane, "device": device}
    if act is OneAct.PREVIEW:
        return _letter(request, desk, session, room, destination_id, seq, language, wanted)
    box = room.letters(_known(room, destination_id))
    if box.find(seq) is None:
        raise RequestRefused("community.letter_gone", 404)
    if act is OneAct.SAVE:
        try:
            room.correct(destination_id, seq, wanted, session.account, desk.wall())
        except NameRefused:
            return _letter(request, desk, session, room, destination_id, seq, language, wanted)
    deed = LetterAct.ASIDE if act is OneAct.ASIDE else LetterAct.RESEND
    count = _done(desk, room, destination_id, Which(seqs=(seq,)), deed, session.account, words)
    return RedirectResponse(f"/community/{destination_id}/letters?act={deed}&done={count}", 303)


def _done(desk: Desk, room: PostRoom, destination: str, which: Which, act: LetterAct, actor: str, words: str) -> int:
    box = room.letters(destination)
    if act is LetterAct.RESEND:
        return box.resend(which, actor, desk.wall())
    return box.set_aside(which, actor, checked_words(words, needed=True), desk.wall())


def _letter(
    request: Request,
    desk: Desk,
    session: SignedIn,
    room: PostRoom,
    destination: str,
    seq: int,
    language: Language,
    tried: Mapping[Thing, str] | None = None,
) -> Response:
    fault, opened = None, _opened(room, destination, seq, None)
    desk.looks.record(session, f"letter:{destination}:{seq}")
    if tried is not None:
        try:
            opened = _opened(room, destination, seq, tried)
        except NameRefused as refused:
            fault = explain(refused, language)
    letter = opened.letter
    return page(
        request,
        "letter.html",
        422 if fault else 200,
        destination=destination,
        opened=opened,
        kind=kind_name(letter.kind, language),
        why=why(letter.code, letter.facts, language),
        messages=[(message.where, payload(message.body, language)) for message in opened.messages],
        tried=tried if tried is not None else {},
        previewed=tried is not None and fault is None,
        fault=fault,
        zone=desk.zone,
        may_act=session.role in ADMINS.roles,
        longest=LONGEST_REASON,
    )


def _opened(room: PostRoom, destination: str, seq: int, tried: Mapping[Thing, str] | None) -> Opened:
    opened = room.open(_known(room, destination), seq, tried)
    if opened is None:
        raise RequestRefused("community.letter_gone", 404)
    return opened


def _known(room: PostRoom, destination: str) -> str:
    if destination not in room.parts:
        raise RequestRefused("community.destination_gone", 404)
    return destination
