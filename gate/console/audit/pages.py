"""Searching the record, and a passage's whole story."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.errors import EntryRefused
from gate.archive import Archive
from gate.console.audit.searches import LONGEST_FIELD, LONGEST_WORDS, Purpose, Searches, moment, stated
from gate.console.audit.wording import act_name, details_of, facts_of
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.decision.decision import Reason, Verdict
from gate.ledger.kinds import GROUPS
from gate.ledger.search import Place, Query
from gate.texts import explain

router = APIRouter()
Field = Annotated[str, Form(max_length=LONGEST_FIELD)]
Words = Annotated[str, Form(max_length=LONGEST_WORDS)]
PassageId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$")]


def _archive(request: Request) -> Archive:
    archive: Archive | None = request.app.state.desk.archive
    if archive is None:
        raise RequestRefused("console.not_found", 404)
    return archive


TheArchive = Annotated[Archive, Depends(_archive)]


def lanes_of(desk: Desk) -> dict[str, str]:
    """The lanes' names by id."""
    return {lane.id: lane.name for lane in desk.watch.lanes()}


@router.get("/audit")
def search_page(request: Request, desk: TheDesk, session: SignedIn, archive: TheArchive) -> Response:
    """The form, and the searches that this account keeps."""
    return _form(request, desk, archive, session.account, Query())


@router.post("/audit/search")
def search(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    archive: TheArchive,
    since: Field = "",
    until: Field = "",
    lane: Field = "",
    person: Field = "",
    household: Field = "",
    plate: Field = "",
    verdict: Field = "",
    reason: Field = "",
    operator: Field = "",
    purpose: Field = "",
    words: Words = "",
    name: Field = "",
) -> Response:
    """Begin a search, on the record; with a `name` it is kept too. The form again with what was wrong."""
    typed = {"since": since, "until": until, "lane": lane, "person": person, "household": household, "plate": plate}
    typed |= {"verdict": verdict, "reason": reason, "operator": operator}
    try:
        told: dict[str, Any] = {field: value.strip() for field, value in typed.items()}
        told |= {"since": moment(since, desk.zone), "until": moment(until, desk.zone, end=True)}
        query = Query(**told)
        if name.strip():
            archive.save(session.account, name.strip()[:40], query)
        return _begin(desk, archive, session, query, purpose, words)
    except (RequestRefused, EntryRefused) as refused:
        fault = explain(refused, request.state.language)
        return _form(request, desk, archive, session.account, Query(), typed, fault=fault, status=422)


def _begin(desk: Desk, archive: Archive, session: SignedIn, query: Query, purpose: str, words: str) -> RedirectResponse:
    """Record what is looked for and lead to the results. Who asks for somebody's history says why."""
    archive.passages(query, None)  # what means nothing is said before anything is recorded
    if query.personal:
        why = stated(purpose, words)
        by = [field for field in ("person", "household", "plate") if getattr(query, field)]
        remark = "; ".join(filter(None, [*(getattr(query, field) for field in by), why.words]))
        archive.record("history.viewed", remark, actor=session.account, by=by, purpose=why.purpose.value)
    else:
        desk.looks.record(session, "search")
    return RedirectResponse(f"/audit/found/{searches_of(desk).keep(session.key, query)}", 303)


def searches_of(desk: Desk) -> Searches:
    """The searches under way."""
    return desk.searches


@router.get("/audit/found/{token}")
def found(
    request: Request, desk: TheDesk, session: SignedIn, archive: TheArchive, token: str, after: str = ""
) -> Response:
    """A page of results."""
    query = searches_of(desk).find(session.key, token)
    entries, further = archive.passages(query, Place.parse(after))
    return _form(
        request, desk, archive, session.account, query, token=token, entries=entries, further=further, paged=bool(after)
    )


@router.post("/audit/saved/{search_id}")
def run_saved(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    archive: TheArchive,
    search_id: PassageId,
    act: Field = "run",
    purpose: Field = "",
    words: Words = "",
) -> Response:
    """Run a saved search again, with its reason stated anew, or let go of it."""
    if act == "forget":
        archive.forget(session.account, search_id)
        return RedirectResponse("/audit", 303)
    query = next(
        (Query.of_dict(_loads(row.query)) for row in archive.saved(session.account) if row.id == search_id), None
    )
    if query is None:
        raise RequestRefused("audit.search_gone", 404)
    try:
        return _begin(desk, archive, session, query, purpose, words)
    except (RequestRefused, EntryRefused) as refused:
        fault = explain(refused, request.state.language)
        return _form(request, desk, archive, session.account, query, fault=fault, status=422)


@router.get("/audit/passages/{passage_id}")
def story(request: Request, desk: TheDesk, session: SignedIn, archive: TheArchive, passage_id: PassageId) -> Response:
    """A passage's whole story. That it was looked at is a row of it."""
    found = archive.story(passage_id)
    if found is None:
        raise RequestRefused("audit.no_passage", 404)
    desk.looks.record_passage(session, passage_id)
    language = request.state.language
    told: dict[str, Any] = {"details": details_of(language, found.entry.details), "kind": partial(act_name, language)}
    return page(request, "audit_story.html", story=found, lanes=lanes_of(desk), zone=desk.zone, **told)


@router.post("/audit/passages/{passage_id}/complaint")
def complain(
    session: SignedIn, archive: TheArchive, passage_id: PassageId, words: Words = "", outcome: Field = ""
) -> Response:
    """File a complaint about a passage, or say what came of it with an `outcome`."""
    said = " ".join(words.split())
    if len(said) < 2:
        raise RequestRefused("audit.words_needed", 422)
    if archive.story(passage_id) is None:
        raise RequestRefused("audit.no_passage", 404)
    if outcome and outcome not in OUTCOMES:
        raise RequestRefused("console.bad_request", 422)
    facts = {"outcome": outcome} if outcome else {}
    kind = "complaint.closed" if outcome else "complaint.filed"
    archive.record(kind, said, actor=session.account, about=passage_id, **facts)
    return RedirectResponse(f"/audit/passages/{passage_id}", 303)


OUTCOMES = ("upheld", "rejected")


@router.get("/audit/rows")
def rows(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    archive: TheArchive,
    group: str = "",
    operator: str = "",
    since: str = "",
    until: str = "",
    after: str = "",
) -> Response:
    """The rows of the chain themselves: by group, operator and time."""
    desk.looks.record(session, "rows")
    typed = {"group": group[:20], "operator": operator[:32], "since": since[:16], "until": until[:16]}
    query = Query(
        since=moment(since, desk.zone),
        until=moment(until, desk.zone, end=True),
        kinds=group if group in GROUPS else "",
        operator=operator.strip()[:32],
    )
    acts, further = archive.rows(query, Place.parse(after))
    return page(
        request,
        "audit_rows.html",
        acts=acts,
        further=further,
        typed=typed,
        groups=tuple(GROUPS),
        lanes=lanes_of(desk),
        zone=desk.zone,
        kind=partial(act_name, request.state.language),
        told=facts_of,
    )


def _form(
    request: Request,
    desk: Desk,
    archive: Archive,
    account: str,
    query: Query,
    typed: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    **facts: Any,
) -> Response:
    shown = {"fault": None, "token": "", "entries": None, "further": None, "paged": False, **facts}
    return page(
        request,
        "audit_search.html",
        status,
        query=query,
        typed=typed or _typed(query, desk),
        saved=[(row.id, row.name, Query.of_dict(_loads(row.query)).personal) for row in archive.saved(account)],
        lanes=lanes_of(desk),
        zone=desk.zone,
        verdicts=[verdict for verdict in Verdict if verdict is not Verdict.IGNORE],
        reasons=list(Reason),
        purposes=list(Purpose),
        **shown,
    )


def _typed(query: Query, desk: Desk) -> dict[str, str]:
    """A query as its form was filled in."""
    typed = {
        field: getattr(query, field) for field in query.__slots__ if field not in {"since", "until", "kinds", "subject"}
    }
    for field in ("since", "until"):
        at = getattr(query, field)
        typed[field] = f"{at.astimezone(desk.zone):%Y-%m-%dT%H:%M}" if at else ""
    return typed


def _loads(text: str) -> dict[str, str]:

    return dict(json.loads(text))
