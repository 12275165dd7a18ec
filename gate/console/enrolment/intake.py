"""The page that takes in a whole compound: a table and photos, tried first, then entered; the rest is handed back."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse

from enrollment.errors import EntryRefused
from gate.console.access import TOKEN_HEADER
from gate.console.desk import InLanguage, SignedIn, TheDesk
from gate.console.enrolment.intake_desk import RUNNING, FileKind, Import, IntakeDesk
from gate.console.enrolment.office import TheOffice, refusal
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.roster_table import as_xlsx, form_xlsx, register_rows, rejected_rows, summary
from gate.texts import Language, explain, t

router = APIRouter()
LARGEST_TABLE = 50_000_000
LARGEST_PACK = 4_000_000_000
"""Bytes; ten thousand photos made for passes are 1 billion, ten thousand from phones are more and come in parts."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 200
"""Problems that the page lists; the file of rejected rows has all."""

NAMED = 10
"""Photos that were nobody's, by name."""


def _intake(office: TheOffice) -> IntakeDesk:
    if office.intake is None:
        raise RequestRefused("console.not_found", 404)
    return office.intake


TheIntake = Annotated[IntakeDesk, Depends(_intake)]
FileName = Annotated[str, Header(alias="x-file-name", max_length=1000)]


@router.get("/enrolment/import")
def import_page(request: Request, session: SignedIn, intake: TheIntake) -> Response:
    """Two files to choose, and what came of them."""
    data = {
        "csrf": session.csrf,
        "csrf_header": TOKEN_HEADER,
        "state": _told(intake.of(session.account), request.state.language),
        "texts": {name: t(f"intake_said.{name}", request.state.language) for name in SPOKEN},
    }
    return page(request, "import.html", data=data, photos=intake.takes_photos, shown=SHOWN)


SPOKEN = ("sending", "lost", "broken_off")
"""What the page's script says by itself, under `intake_said.<name>`."""


@router.get("/enrolment/import/state")
def state(session: SignedIn, intake: TheIntake, language: InLanguage) -> JSONResponse:
    """How far it is, for the page's script."""
    return JSONResponse(_told(intake.of(session.account), language))


@router.get("/enrolment/import/form.xlsx")
def form(language: InLanguage) -> Response:
    """The empty form."""
    return _file(form_xlsx(language), "menwei-form.xlsx")


@router.get("/enrolment/import/rejected.xlsx")
def rejected(session: SignedIn, intake: TheIntake, language: InLanguage) -> Response:
    """The rows with a problem, each with why."""
    mine = intake.of(session.account)
    if mine is None or mine.intake is None or not mine.intake.problems:
        raise RequestRefused("console.not_found", 404)
    return _file(as_xlsx(rejected_rows(mine.intake, language)), "menwei-rejected.xlsx")


@router.post("/enrolment/import/table", max_body_size=LARGEST_TABLE)
async def take_table(request: Request, session: SignedIn, intake: TheIntake, name: FileName = "") -> JSONResponse:
    """The table is the request's body."""
    return await _taken(request, intake, session.account, FileKind.TABLE, name)


@router.post("/enrolment/import/photos", max_body_size=LARGEST_PACK)
async def take_photos(request: Request, session: SignedIn, intake: TheIntake, name: FileName = "") -> JSONResponse:
    """The zip is the request's body; it goes to the disk as it comes."""
    return await _taken(request, intake, session.account, FileKind.PHOTOS, name)


@router.post("/enrolment/import/check")
def check(session: SignedIn, intake: TheIntake, language: InLanguage) -> JSONResponse:
    """Try every row."""
    intake.check(session.account)
    return JSONResponse(_told(intake.of(session.account), language))


@router.post("/enrolment/import/enter")
def enter(desk: TheDesk, session: SignedIn, intake: TheIntake, language: InLanguage) -> JSONResponse:
    """Take in what fits."""
    desk.looks.record(session, "import")
    intake.enter(session.account)
    return JSONResponse(_told(intake.of(session.account), language))


@router.post("/enrolment/import/forget")
def forget(session: SignedIn, intake: TheIntake, language: InLanguage) -> JSONResponse:
    """Delete the files that were handed in."""
    intake.forget(session.account)
    return JSONResponse(_told(None, language))


@router.post("/enrolment/export")
def export(desk: TheDesk, session: SignedIn, office: TheOffice, language: InLanguage) -> Response:
    """The register in the same form; faces, consents and credentials stay where they are."""
    desk.looks.record(session, "register_export")
    return _file(as_xlsx(register_rows(office.register, desk.zone, language)), "menwei-register.xlsx")


async def _taken(request: Request, intake: IntakeDesk, account: str, kind: FileKind, name: str) -> JSONResponse:
    try:
        with intake.receive(account, kind, unquote(name)[-200:]) as file:
            async for chunk in request.stream():
                file.write(chunk)
    except EntryRefused as refused:
        return refusal(request, refused)
    return JSONResponse(_told(intake.of(account), request.state.language))


def _told(mine: Import | None, language: Language) -> dict[str, Any]:
    """An import as the page's script shows it."""
    if mine is None:
        return {"stage": "none"}
    told: dict[str, Any] = {
        "stage": mine.stage,
        "said": t(f"intake_stage.{mine.stage}", language),
        "running": mine.stage in RUNNING,
        "files": [mine.names[kind] for kind in FileKind if kind in mine.names],
        "done": mine.done,
        "total": mine.total,
        "fault": explain(mine.fault, language) if mine.fault else None,
    }
    if mine.intake is None or mine.stage in RUNNING or mine.fault:
        return told
    found = mine.intake
    told["summary"] = summary(found, language, dry=mine.stage != "entered")
    told["problems"] = [
        {
            "row": problem.row,
            "column": t(f"roster.column_{problem.column}", language) if problem.column else "-",
            "why": explain(problem.fault, language),
        }
        for problem in found.problems[:SHOWN]
    ]
    told["more"] = max(0, len(found.problems) - SHOWN)
    if found.unused:
        names = t("roster.separator", language).join(found.unused[:NAMED])
        told["unused"] = t("roster.unused_photos", language, count=len(found.unused), names=names)
    return told


def _file(content: bytes, name: str) -> Response:
    return Response(content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})
