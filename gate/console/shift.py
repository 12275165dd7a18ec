"""What one shift leaves for the next: writing it, taking note of it, and the end of a shift."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.errors import NotEnrolled, StoreBusy
from gate.console.access import OPENERS
from gate.console.desk import Desk, InLanguage, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.opening import printable
from gate.console.pages import page
from gate.console.sign_in import signed_out
from gate.console.wire import moment
from gate.shift_notes import ShiftNote, ShiftNotes
from gate.texts import Language, explain
from models.errors import Fault

LONGEST_NOTE = 1000
LOOK_NOTES = "shift_notes"
NoteId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]

router = APIRouter()


@router.get("/shift")
def shift_page(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """The form for a note, what nobody has taken note of, and the notes of before; looking is recorded."""
    return _shift(request, desk, session)


@router.post("/shift/notes")
def leave_note(request: Request, desk: TheDesk, session: SignedIn, words: str = Form(default="")) -> Response:
    """Leave a note."""
    try:
        _notes(desk).write(_checked(words), session.account)
    except (RequestRefused, StoreBusy) as refused:
        return _shift(request, desk, session, typed=words, fault=refused)
    _tell(desk)
    return RedirectResponse("/shift", 303)


@router.post("/shift/end")
def end_shift(request: Request, desk: TheDesk, session: SignedIn, words: str = Form(default="")) -> Response:
    """Leave a note, where there is one, and sign out: the next guard signs in with an account of their own."""
    notes = _notes(desk)
    try:
        notes.end(session.account, _checked(words) if words.strip() else "")
    except (RequestRefused, StoreBusy) as refused:
        return _shift(request, desk, session, typed=words, fault=refused)
    _tell(desk)
    return signed_out(desk, session, "/sign-in?why=over")


@router.post("/shift/notes/{note_id}/read")
def take_note(desk: TheDesk, session: SignedIn, note_id: NoteId) -> Response:
    """Take note of one; the record says who did."""
    try:
        _notes(desk).read(note_id, session.account)
    except NotEnrolled as gone:
        raise RequestRefused("console.not_found", 404) from gone
    _tell(desk)
    return RedirectResponse("/shift", 303)


def notes_wire(desk: Desk, language: Language) -> list[dict[str, Any]]:
    """What nobody has taken note of yet, as the live page shows it; nothing while the database does not answer."""
    if desk.shift_notes is None:
        return []
    try:
        notes = desk.shift_notes.unread()
    except Fault:
        return []
    return [
        {"id": note.id, "by": note.by, "words": note.words, **moment(note.at, desk.zone, language)} for note in notes
    ]


def _shift(request: Request, desk: Desk, session: SignedIn, typed: str = "", fault: Fault | None = None) -> Response:
    notes = _notes(desk)
    past: tuple[ShiftNote, ...] = ()
    desk.looks.record(session, LOOK_NOTES)
    try:
        past = notes.past()
    except StoreBusy as busy:
        fault = fault or busy
    language: InLanguage = request.state.language
    return page(
        request,
        "shift.html",
        _status(fault),
        past=past,
        may_write=session.role in OPENERS.roles,
        typed=typed,
        longest=LONGEST_NOTE,
        fault=explain(fault, language) if fault else None,
        zone=desk.zone,
    )


def _status(fault: Fault | None) -> int:
    if fault is None:
        return 200
    return fault.status if isinstance(fault, RequestRefused) else 503


def _checked(words: str) -> str:
    words = words.replace("\r\n", "\n").strip()
    if not 0 < len(words) <= LONGEST_NOTE or not printable(words.replace("\n", "")):
        raise RequestRefused("console.shift.length", 422, most=LONGEST_NOTE)
    return words


def _notes(desk: Desk) -> ShiftNotes:
    if desk.shift_notes is None:
        raise RequestRefused("console.not_found", 404)
    return desk.shift_notes


def _tell(desk: Desk) -> None:
    desk.watch.feed.publish("notes", None, desk.wall())
