"""The live page's stream of news, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from gate.console.access import in_service
from gate.console.desk import Desk, InLanguage, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.looks import LIVE
from gate.console.sessions import Session
from gate.console.wire import news_wire
from gate.texts import Language

RETRY_MS = 2000

router = APIRouter()


@router.get("/events")
async def events(
    request: Request, desk: TheDesk, session: SignedIn, language: InLanguage, after: str = ""
) -> StreamingResponse:
    """News after `Last-Event-ID`, else after the position `after`, until the session or the gate ends.

    The events are the feed's topics; `beat` as a sign of life; `reload` where news are missing, because the gate
    was started again or the ring has passed them by; and `signed-out` as the last one of a session.
    """
    if desk.listeners.full:
        raise RequestRefused("console.too_many_listeners", 503, seconds=RETRY_MS // 1000)
    await run_in_threadpool(desk.looks.record, session, LIVE)
    heard = desk.listeners.number(request.headers.get("last-event-id") or after)
    return StreamingResponse(
        news_stream(desk, session, language, heard),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def news_stream(desk: Desk, session: Session, language: Language, heard: int | None) -> AsyncIterator[str]:
    """The text of the stream; `heard` is the number of the last news that the browser has, None if unknown."""
    feed, listeners = desk.watch.feed, desk.listeners
    with listeners.join() as woken:
        yield f"retry: {RETRY_MS}\n\n"
        if heard is None:
            heard = feed.latest
            yield event("reload", {}, listeners.mark(heard))
        while not listeners.ended:
            left_s = desk.sessions.left_s(session.key)
            if left_s <= 0 or not await in_service(desk, session):
                yield event("signed-out", {})
                return
            woken.clear()
            fresh = feed.after(heard, 0)
            if fresh and fresh[0].number > heard + 1:
                yield event("reload", {}, listeners.mark(fresh[-1].number))
            for news in fresh:
                yield event(news.topic, news_wire(news, desk.zone, language), listeners.mark(news.number))
                heard = news.number
            if not fresh and not await _set_within(woken, min(desk.bounds.beat_s, left_s)):
                yield event("beat", {})


async def _set_within(woken: asyncio.Event, timeout_s: float) -> bool:
    try:
        await asyncio.wait_for(woken.wait(), timeout_s)
    except TimeoutError:
        return False
    return True


def event(name: str, body: Mapping[str, Any], mark: str | None = None) -> str:
    """One event in the stream's format; JSON has no line breaks of its own."""
    head = f"id: {mark}\n" if mark else ""
    return f"{head}event: {name}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
