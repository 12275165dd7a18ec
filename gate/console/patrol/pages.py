"""The patrol page: a photo of a car, the plate as read and corrected, whose it is, and the case that is opened."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from enrollment.accounts import Role
from enrollment.errors import EntryRefused, NotEnrolled
from gate.console.access import TOKEN_HEADER
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.console.patrol.desk import ACTS, SEES_HOMES, CaseId, PatrolDesk, Sighted, ThePatrol
from gate.console.sessions import Session
from gate.errors import GateError
from gate.patrol.case import LONGEST_PLACE, CaseForm, Place, Whose
from gate.patrol.wording import where
from gate.texts import Language, explain, t
from models.errors import Fault, PictureRefused
from models.plate.grammar import classify, normalise
from models.sighting import PlateColour

OVER = "over"

router = APIRouter()
LARGEST_PHOTO = 20 * 1024 * 1024
SPOKEN = ("sending", "lost", "too_heavy", "waiting")
"""What the page's script says by itself, under `patrol_said.<name>`."""

Number = Annotated[int, Path(ge=0, le=9)]
Plate = Annotated[str, Form(max_length=20)]


@router.get("/patrol")
def patrol_page(request: Request, desk: TheDesk, patrol: ThePatrol, session: SignedIn) -> Response:
    """The camera's button, the open cases and this week's; looking at them is recorded."""
    return _front(request, desk, patrol, session)


@router.post("/patrol/photo", max_body_size=LARGEST_PHOTO)
async def read_photo(request: Request, patrol: ThePatrol, session: SignedIn) -> Response:
    """Read the plates of the picture that is the request's body; it is kept nowhere, its crops for a while."""
    encoded = await request.body()

    def read() -> Response:
        if patrol.photos is None:
            return _refusal(request, GateError("patrol.no_model"), 409)
        try:
            readings = patrol.photos.read(encoded)
        except PictureRefused as refused:
            return _refusal(request, refused)
        if not readings:
            return _refusal(request, GateError("patrol.no_plate"))
        return JSONResponse({"next": f"/patrol/found/{patrol.waiting.keep(session.account, readings).id}"})

    return await to_thread.run_sync(read)


@router.post("/patrol/typed")
def take_typed(request: Request, desk: TheDesk, patrol: ThePatrol, session: SignedIn, plate: Plate = "") -> Response:
    """A plate that is typed, where no photo can be read."""
    try:
        kept = patrol.waiting.keep(session.account, plate=_plate(plate))
    except EntryRefused as refused:
        return _front(request, desk, patrol, session, fault=refused, typed=plate)
    return RedirectResponse(f"/patrol/found/{kept.id}", 303)


@router.get("/patrol/found/{case_id}")
def found_page(request: Request, desk: TheDesk, patrol: ThePatrol, session: SignedIn, case_id: CaseId) -> Response:
    """What was read, whose it is, and the form for a case; whose it is counts as a look at that car's data."""
    return _found(request, desk, patrol, session, patrol.waiting.find(case_id, session.account))


@router.get("/patrol/found/{case_id}/{number}.jpg")
def found_crop(patrol: ThePatrol, session: SignedIn, case_id: CaseId, number: Number) -> Response:
    """The crop of one of the plates that were read just now, for whoever took the photo."""
    readings = patrol.waiting.find(case_id, session.account).readings
    if number >= len(readings):
        raise RequestRefused("console.not_found", 404)
    return Response(readings[number].jpeg, media_type="image/jpeg")


@router.post("/patrol/found/{case_id}")
def choose(
    request: Request,
    desk: TheDesk,
    patrol: ThePatrol,
    session: SignedIn,
    case_id: CaseId,
    number: Annotated[int | None, Form(ge=0, le=9)] = None,
    plate: Plate = "",
) -> Response:
    """Choose one of several plates, or correct the one that counts."""
    sighted = patrol.waiting.find(case_id, session.account)
    if number is not None and number < len(sighted.readings):
        patrol.waiting.choose(sighted, number, sighted.readings[number].text)
        return RedirectResponse(f"/patrol/found/{case_id}", 303)
    try:
        patrol.waiting.choose(sighted, None, _plate(plate))
    except EntryRefused as refused:
        return _found(request, desk, patrol, session, sighted, fault=refused, typed=plate)
    return RedirectResponse(f"/patrol/found/{case_id}", 303)


@router.post("/patrol/found/{case_id}/open")
def open_case(
    request: Request,
    desk: TheDesk,
    patrol: ThePatrol,
    session: SignedIn,
    case_id: CaseId,
    plate: Plate = "",
    place: Annotated[Place | None, Form()] = None,
    words: Annotated[str, Form(max_length=200)] = "",
    ask: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Open the case, and ask the household where that is wanted; pressed twice, it is one case and one notice."""
    if patrol.cases.find(case_id) is not None:
        return RedirectResponse(f"/patrol/cases/{case_id}", 303)
    sighted, entered = patrol.waiting.find(case_id, session.account), {"typed": plate, "place": place, "words": words}
    try:
        text = _plate(plate)
        if text == sighted.plate:
            patrol.cases.open(_form(desk, patrol, sighted, place or Place.OTHER, words), session.account)
    except EntryRefused as refused:
        return _found(request, desk, patrol, session, sighted, fault=refused, **entered)
    if text != sighted.plate:
        sighted, changed = patrol.waiting.choose(sighted, None, text), EntryRefused("patrol.plate_changed")
        return _found(request, desk, patrol, session, sighted, fault=changed, **entered)
    asked = ask_household(patrol, session, case_id) if ask else ""
    return RedirectResponse(f"/patrol/cases/{case_id}?done={asked or 'opened'}", 303)


def ask_household(patrol: PatrolDesk, session: Session, case_id: str) -> str:
    """Send the notice; `asked`, `OVER` for a case that is closed by now, or the last part of the refusal's code.

    What to say of it is the matter of the case's page.
    """
    case = patrol.cases.needed(case_id)
    try:
        # In the language that the compound speaks: whoever reads it there is not known.
        patrol.cases.ask(case_id, where(case, "zh"), session.account)
    except (EntryRefused, NotEnrolled) as refused:
        return OVER if refused.code == "patrol.closed" else refused.code.rpartition(".")[2]
    return "asked"


def _form(desk: Desk, patrol: PatrolDesk, sighted: Sighted, place: Place, words: str) -> CaseForm:
    chosen, whose = sighted.chosen, patrol.whose(sighted.plate, desk.wall())
    return CaseForm(
        id=sighted.id,
        plate=sighted.plate,
        whose=whose,
        place=place,
        words=words,
        read=chosen.text if chosen else None,
        jpeg=chosen.jpeg if chosen else None,
    )


def _found(
    request: Request,
    desk: Desk,
    patrol: PatrolDesk,
    session: Session,
    sighted: Sighted,
    *,
    fault: Fault | None = None,
    **entered: Any,
) -> Response:
    readable = _is_plate(sighted.plate)
    whose = patrol.whose(sighted.plate, desk.wall()) if readable else None
    if whose is not None:
        record_look(desk, session, whose)
    return page(
        request,
        "patrol_found.html",
        422 if fault else 200,
        sighted=sighted,
        whose=whose,
        homes=session.role in SEES_HOMES,
        other=patrol.cases.open_of(sighted.plate) if readable else None,
        places=list(Place),
        entered={"typed": sighted.plate, "place": None, "words": "", **entered},
        longest=LONGEST_PLACE,
        fault=explain(fault, request.state.language) if fault else None,
        zone=desk.zone,
    )


def record_look(desk: Desk, session: Session, whose: Whose) -> None:
    """Put on record that somebody was told whose a plate is, also where it is nobody's."""
    kind = "vehicle" if whose.until is None else "pass"
    desk.looks.record(session, f"{kind}:{whose.subject_id}" if whose.subject_id else f"patrol:{whose.standing}")


def _front(
    request: Request,
    desk: Desk,
    patrol: PatrolDesk,
    session: Session,
    *,
    fault: Fault | None = None,
    typed: str = "",
) -> Response:
    patrol.cases.settle()
    mine = session.account if session.role is Role.PATROL else None
    cases = patrol.cases.listed(closed_by_whom=mine)
    if cases:
        desk.looks.record(session, "patrol_cases")
    return page(
        request,
        "patrol.html",
        422 if fault else 200,
        standing=[case for case in cases if case.open],
        closed=[case for case in cases if not case.open],
        acts=session.role in ACTS,
        homes=session.role in SEES_HOMES,
        reads=patrol.photos is not None,
        typed=typed,
        fault=explain(fault, request.state.language) if fault else None,
        zone=desk.zone,
        data=_data(session, request.state.language),
    )


def _data(session: Session, language: Language) -> dict[str, object]:
    texts = {name: t(f"patrol_said.{name}", language) for name in SPOKEN}
    return {"csrf": session.csrf, "csrf_header": TOKEN_HEADER, "largest": LARGEST_PHOTO, "texts": texts}


def _plate(typed: str) -> str:
    """The normalised plate. Raises `EntryRefused` (`register.not_a_plate`)."""
    text = normalise(typed)
    if not _is_plate(text):
        raise EntryRefused("register.not_a_plate", plate=text)
    return text


def _is_plate(text: str) -> bool:
    return classify(text, PlateColour.UNKNOWN) is not None


def _refusal(request: Request, fault: Fault, status: int = 422) -> JSONResponse:
    return JSONResponse({"code": fault.code, "message": explain(fault, request.state.language)}, status)
