"""Handing passages out: a spreadsheet or a signed bundle, with the purpose asked and on record first."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from gate.console.audit.pages import Field, TheArchive, Words, lanes_of, searches_of
from gate.console.audit.searches import stated
from gate.console.desk import InLanguage, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.sheets import as_csv, as_xlsx
from gate.texts import LANGUAGES, t

router = APIRouter()
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "bundle": "application/zip",
}


@router.post("/audit/export")
def export(
    desk: TheDesk,
    session: SignedIn,
    language: InLanguage,
    archive: TheArchive,
    token: Field = "",
    form: Field = "csv",
    purpose: Field = "",
    words: Words = "",
    pictures: Field = "",
) -> Response:
    """The passages of a search as a file. Raises `RequestRefused` without a purpose, or where nothing is found."""
    query = searches_of(desk).find(session.key, token)
    if form not in MEDIA:
        raise RequestRefused("console.bad_request", 422)
    why = stated(purpose, words)
    exported = archive.export(query, session.account, form, why.purpose.value, why.words)
    if not exported.entries:
        raise RequestRefused("audit.nothing_found", 404)
    name = f"menwei-{datetime.now(UTC).astimezone(desk.zone):%Y%m%d-%H%M%S}"
    if form == "bundle":
        with tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as file:
            path = Path(file.name)
        readme = "\n\n".join(t("audit.readme", one, compound=desk.watch.compound) for one in LANGUAGES)
        archive.bundle(path, exported, readme, pictures=bool(pictures))
        gone = BackgroundTask(path.unlink)
        return FileResponse(path, media_type=MEDIA[form], filename=f"{name}.zip", background=gone)
    write = as_csv if form == "csv" else as_xlsx
    content = write(exported.entries, lanes_of(desk), desk.zone, language)
    attached = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(content, media_type=MEDIA[form], headers=attached)
