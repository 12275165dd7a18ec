"""The photo: judged while it is taken, and looked at beside whoever it is too like."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from enrollment.consent import Purpose
from enrollment.entry import Resident
from enrollment.errors import EntryRefused, NotEnrolled, PhotoRefused
from enrollment.faces import Decision, FacePhoto, similar
from gate.console.access import TOKEN_HEADER
from gate.console.desk import Desk, Office, SignedIn, TheDesk
from gate.console.enrolment.office import (
    ResidentId,
    TheOffice,
    household_address,
    needed_person,
    refusal,
    see,
)
from gate.console.enrolment.photo_desk import PhotoDesk, Waiting
from gate.console.enrolment.steps import onward
from gate.console.envelope import WITH_CAMERA
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.texts import explain, t
from models.errors import PictureRefused

router = APIRouter()
LARGEST_PHOTO = 20 * 1024 * 1024
LARGEST_FRAME = 512 * 1024
ALMOST_SURE = 0.1
"""So much above the cosine from which faces are shown side by side, a likeness is called almost certain: of the pairs
of different people that `enrollment.faces.similar` tells of, only those reach it that look mislabelled."""

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


@router.get("/enrolment/people/{resident_id}/photo")
def photo_page(
    request: Request, desk: TheDesk, session: SignedIn, office: TheOffice, resident_id: ResidentId
) -> Response:
    """The page with the camera; without a living consent to entering by face it says so instead."""
    person = needed_person(office, resident_id)
    desk.looks.record(session, f"resident:{resident_id}")
    data = {
        "csrf": session.csrf,
        "csrf_header": TOKEN_HEADER,
        "judge": f"/enrolment/people/{resident_id}/judge",
        "photo": f"/enrolment/people/{resident_id}/photo",
        "largest": LARGEST_PHOTO,
        "texts": {name: t(f"photo_said.{name}", request.state.language) for name in SPOKEN},
    }
    answer = page(
        request,
        "photo.html",
        person=person,
        household=household_address(office, person.household),
        allowed=_agreed(desk, office, resident_id),
        cameras=office.photos is not None,
        data=data,
    )
    answer.headers["Permissions-Policy"] = WITH_CAMERA
    return answer


SPOKEN = ("good", "looking", "no_camera", "denied", "insecure", "sending", "lost", "too_heavy")
"""What the page's script says by itself, under `photo_said.<name>`."""


@router.post("/enrolment/people/{resident_id}/judge", max_body_size=LARGEST_FRAME)
async def judge_frame(
    request: Request,
    desk: TheDesk,
    office: TheOffice,
    resident_id: ResidentId,
    shown_width: Annotated[int, Query(ge=16, le=20_000)] = 640,
) -> JSONResponse:
    """What is wrong with the camera's picture of now, if anything. Nothing of it is kept, and nobody is looked for."""
    frame = await request.body()

    def judged() -> JSONResponse:
        needed_person(office, resident_id)
        photos = _photos(office)
        if not _agreed(desk, office, resident_id):
            return refusal(request, EntryRefused("console.photo.no_consent"), 409)
        try:
            return JSONResponse({"good": True} if photos.look(frame, shown_width) else {"busy": True})
        except (PhotoRefused, PictureRefused) as refused:
            return JSONResponse({"good": False, "message": explain(refused, request.state.language)})

    return await to_thread.run_sync(judged)


@router.post("/enrolment/people/{resident_id}/photo", max_body_size=LARGEST_PHOTO)
async def take_photo(
    request: Request, desk: TheDesk, session: SignedIn, office: TheOffice, resident_id: ResidentId
) -> JSONResponse:
    """Enrol somebody by the photo that is the request's body; where it is too like another's, a person decides."""
    encoded = await request.body()

    def taken() -> JSONResponse:
        person = needed_person(office, resident_id)
        photos = _photos(office)
        if not _agreed(desk, office, resident_id):
            return refusal(request, EntryRefused("console.photo.no_consent"), 409)
        try:
            address = _enrolled(desk, office, session.key, session.account, person, photos.take(encoded))
        except (PhotoRefused, PictureRefused, EntryRefused, NotEnrolled) as refused:
            return refusal(request, refused)
        return JSONResponse({"next": address})

    return await to_thread.run_sync(taken)


@router.get("/enrolment/people/{resident_id}/photo.jpg")
def kept_photo(desk: TheDesk, session: SignedIn, office: TheOffice, resident_id: ResidentId) -> Response:
    """The kept photo of a person; looking is recorded."""
    needed_person(office, resident_id)
    photos = office.register.reembedding.photos(resident_id)
    if not photos:
        raise RequestRefused("console.not_found", 404)
    desk.looks.record(session, f"photo:{resident_id}")
    return Response(photos[-1], media_type="image/jpeg")


@router.get("/enrolment/likeness/{token}")
def likeness_page(request: Request, desk: TheDesk, session: SignedIn, office: TheOffice, token: Token) -> Response:
    """Two very similar faces side by side; the look at the other person is recorded."""
    waiting = _waiting(office, session.key, token)
    person, other = needed_person(office, waiting.resident_id), needed_person(office, waiting.other_id)
    desk.looks.record(session, f"resident:{other.id}")
    sure = float(waiting.score) >= similar(waiting.photo.model_id) + ALMOST_SURE
    return page(
        request,
        "likeness.html",
        waiting=token,
        person=person,
        other=other,
        other_kept=bool(office.register.reembedding.photos(other.id)),
        words="almost_sure" if sure else "very_alike",
        score=waiting.score,
    )


@router.get("/enrolment/likeness/{token}/new.jpg")
def new_photo(session: SignedIn, office: TheOffice, token: Token) -> Response:
    """The photo that waits for the decision."""
    return Response(_waiting(office, session.key, token).photo.jpeg or b"", media_type="image/jpeg")


@router.post("/enrolment/likeness/{token}")
def decide(
    desk: TheDesk,
    session: SignedIn,
    office: TheOffice,
    token: Token,
    decision: Decision = Form(default=Decision.CANCELLED),
) -> Response:
    """What a person decided about two similar faces. Only of two people's is the new one kept."""
    waiting = _waiting(office, session.key, token)
    _photos(office).drop(token)
    person, faces = needed_person(office, waiting.resident_id), office.register.faces
    if decision is Decision.DIFFERENT:
        photo = replace(waiting.photo, apart_from=waiting.photo.apart_from | {waiting.other_id})
        try:
            return see(_enrolled(desk, office, session.key, session.account, person, photo))
        except (EntryRefused, NotEnrolled):
            # The consent has ended meanwhile, which the page of the photo says.
            return see(f"/enrolment/people/{person.id}/photo")
    needed_person(office, waiting.other_id)
    faces.note_decision(person.id, waiting.other_id, waiting.score, decision, session.account)
    if decision is Decision.SAME:
        return see(f"/enrolment/people/{waiting.other_id}?notice=same")
    return see(f"/enrolment/people/{person.id}/photo")


def _enrolled(desk: Desk, office: Office, owner: str, actor: str, person: Resident, photo: FacePhoto) -> str:
    """Where to go on: what is next once the face is kept, or the decision about a similar one."""
    try:
        office.register.add_photo(person.id, photo, actor)
    except EntryRefused as refused:
        if refused.code != "register.face_already_enrolled":
            raise
        other, score = str(refused.facts["person"]), str(refused.facts["score"])
        return f"/enrolment/likeness/{_photos(office).keep(Waiting(owner, person.id, other, score, photo))}"
    return onward(desk, office, person.id, household_address(office, person.household))


def _photos(office: Office) -> PhotoDesk:
    if office.photos is None:
        raise RequestRefused("console.photo.no_face_lane", 404)
    return office.photos


def _waiting(office: Office, owner: str, token: str) -> Waiting:
    waiting = _photos(office).find(token, owner)
    if waiting is None:
        raise RequestRefused("console.photo.over", 404)
    return waiting


def _agreed(desk: Desk, office: Office, resident_id: str) -> bool:
    now = desk.wall()
    return any(one.purpose is Purpose.FACE_ENTRY and one.alive(now) for one in office.register.consents.of(resident_id))
