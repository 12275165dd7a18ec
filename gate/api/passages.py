"""Passages: found by lane, time, verdict, reason, subject and plate, a page at a time by key, and one by its id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import select

from enrollment.database import reading
from enrollment.tables import VehicleRow
from gate.api import cursor
from gate.api.admission import InLanguage, KeyedRoute, TheCaller, TheParts, scope_needed
from gate.api.parts import Parts
from gate.api.problem_answers import Refused
from gate.api.scopes import Scope
from gate.console.audit.searches import LONGEST_FIELD, LONGEST_WORDS, Purpose, stated
from gate.decision.decision import Reason, Verdict
from gate.ledger.search import Found, Place, search_passages
from gate.ledger.search import Query as Search
from gate.ledger.tables import PassageRow
from gate.texts import Language, catalogue, t

router = APIRouter(route_class=KeyedRoute)
Order = Literal["newest", "oldest"]
PassageId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Short = Annotated[str, Query(min_length=1, max_length=LONGEST_FIELD)]


class Passage(BaseModel):
    """A decided passage. `subject` is a person's or vehicle's opaque id; `plate` is there for keys that may see it."""

    id: str
    at: datetime
    lane: str
    lane_name: str
    verdict: str
    reason: str = Field(description="a stable code")
    reason_text: str = Field(description="the same as a sentence, by Accept-Language")
    subject: str | None
    plate: str | None = None


class Passages(BaseModel):
    """A page. With `order=oldest`, `next` is there on the last page too, to ask later for what came since."""

    items: list[Passage]
    next: str | None
    more: bool = Field(description="whether there is another page now")


@router.get("/passages", response_model_exclude_unset=True)
def passages(
    request: Request,
    response: Response,
    parts: TheParts,
    caller: TheCaller,
    language: InLanguage,
    lane: Short | None = None,
    since: Annotated[AwareDatetime | None, Query(description="from then on, with its offset")] = None,
    until: Annotated[AwareDatetime | None, Query(description="before then, with its offset")] = None,
    verdict: Verdict | None = None,
    reason: Reason | None = None,
    subject: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9-]{1,36}$")] = None,
    plate: Annotated[str | None, Query(min_length=1, max_length=16, description="* stands for any characters")] = None,
    purpose: Annotated[Purpose | None, Query(description="needed for `subject` and `plate`")] = None,
    words: Annotated[str, Query(max_length=LONGEST_WORDS, description="needed for the purpose `other`")] = "",
    order: Order = "newest",
    limit: cursor.Limit = cursor.USUAL,
    next_page: cursor.Next = None,
) -> Passages:
    """A page of passages. Whoever asks for somebody's history says why, and that is on record first."""
    told: dict[str, Any] = {
        "since": since,
        "until": until,
        "lane": lane,
        "verdict": verdict,
        "reason": reason,
        "subject": subject,
    }
    told |= {"plate": plate}
    asked = {**told, "order": order}
    key = cursor.read(asked, next_page, 2)
    if plate is not None and not caller.may(Scope.PASSAGES_PLATES):
        raise scope_needed(Scope.PASSAGES_PLATES)
    if since and until and until <= since:
        raise Refused("api.ends_before_it_begins", 422, field="until")
    _record(parts, caller, {"subject": subject, "plate": plate}, purpose, words)
    search = Search(**{name: value for name, value in told.items() if value is not None})
    found, ends = _found(parts, search, _place(key), limit, oldest_first=order == "oldest")
    follows = cursor.written(asked, (ends.at, str(ends.seq))) if ends else None
    response.headers.update(cursor.following(request, follows if found.after else None))
    response.headers["Content-Language"] = language
    items = _told(parts, caller, language, found.rows)
    return Passages(items=items, next=follows, more=found.after is not None)


@router.get("/passages/{passage_id}", response_model_exclude_unset=True)
def passage(
    response: Response, parts: TheParts, caller: TheCaller, language: InLanguage, passage_id: PassageId
) -> Passage:
    """One passage."""
    with reading(parts.site.engine) as session:
        row = session.scalars(select(PassageRow).where(PassageRow.id == passage_id)).first()
        session.expunge_all()
    if row is None:
        raise Refused("api.no_passage", 404)
    parts.desk.looks.record_passage(caller, passage_id)
    response.headers["Content-Language"] = language
    return _told(parts, caller, language, [row])[0]


def _found(
    parts: Parts, search: Search, after: Place | None, limit: int, *, oldest_first: bool
) -> tuple[Found, Place | None]:
    """A page, and where it ends; for whoever comes back for what is new, the last page ends somewhere too."""
    found = search_passages(parts.site.engine, search, after, limit, oldest_first=oldest_first)
    if not oldest_first:
        return found, found.after
    return found, Place(found.rows[-1].at, found.rows[-1].seq) if found.rows else after


def _place(key: tuple[str, ...] | None) -> Place | None:
    if key is None:
        return None
    place = Place.parse("_".join(key))
    if place is None or place.seq >= 2**63:
        raise Refused("api.bad_cursor", 422, field="cursor")
    return place


def _record(
    parts: Parts, caller: TheCaller, asked: Mapping[str, str | None], purpose: Purpose | None, words: str
) -> None:
    by = [name for name, value in asked.items() if value is not None]
    if not by:
        parts.desk.looks.record(caller, "passages")
        return
    if purpose is None:
        raise Refused("api.purpose_needed", 422, field="purpose", known=", ".join(Purpose))
    archive = parts.desk.archive
    if archive is None:
        raise Refused("api.not_found", 404)
    # A plate is a remark, which can be erased; an opaque id may stand in the chain.
    why = stated(purpose, words)
    facts = {"actor": caller.account, "by": by, "purpose": purpose.value}
    facts |= {"about": asked["subject"]} if asked["subject"] else {}
    remark = "; ".join(filter(None, [asked["plate"], why.words]))
    record = partial(archive.record, "history.viewed", remark, **facts)
    parts.desk.looks.once(caller, f"history:{sorted(asked.items())}:{purpose}:{why.words}", record)


def _told(parts: Parts, caller: TheCaller, language: Language, rows: Iterable[PassageRow]) -> list[Passage]:
    rows, lanes = list(rows), parts.lanes
    plates = _plates(parts, rows) if caller.may(Scope.PASSAGES_PLATES) else None
    told = []
    for row in rows:
        shown = {} if plates is None else {"plate": plates.get(row.subject or "", row.plate)}
        told.append(
            Passage(
                id=row.id,
                at=datetime.fromisoformat(row.at).astimezone(UTC),
                lane=row.lane,
                lane_name=lanes.get(row.lane, row.lane),
                verdict=row.verdict,
                reason=row.reason,
                reason_text=_sentence(row.reason, language),
                subject=row.subject,
                **shown,
            )
        )
    return told


def _plates(parts: Parts, rows: Iterable[PassageRow]) -> dict[str, str | None]:
    """The plates of enrolled vehicles, by their ids."""
    subjects = {row.subject for row in rows if row.subject}
    enrolled = select(VehicleRow.id, VehicleRow.plate).where(VehicleRow.id.in_(subjects))
    with reading(parts.site.engine) as session:
        return dict(session.execute(enrolled).all()) if subjects else {}


def _sentence(reason: str, language: Language) -> str:
    code = f"reason.{reason}"
    return t(code, language) if code in catalogue() else reason
