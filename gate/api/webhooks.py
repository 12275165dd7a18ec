"""Webhooks: addresses that get what happens as signed CloudEvents, set up by the system that wants them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from gate.api.admission import KeyedRoute, TheCaller, TheParts, scope_needed
from gate.api.parts import Parts
from gate.api.scopes import Scope
from gate.community.queue import Queue
from gate.community.registered import LONGEST_CERTIFICATE, LONGEST_URL, Hook

router = APIRouter(route_class=KeyedRoute)
HookId = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,32}$")]
Event = Literal["passages", "openings", "doors", "alarms"]


class WebhookEntry(BaseModel):
    """A webhook to be set up: https alone, and `plates` only for a key that may see them."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=LONGEST_URL)
    events: list[Event] = Field(default=["passages"], min_length=1, max_length=4)
    plates: bool = False
    certificate: str | None = Field(
        default=None, max_length=LONGEST_CERTIFICATE, description="PEM, where no public authority vouches for the peer"
    )


class Paused(BaseModel):
    """What may be changed."""

    model_config = ConfigDict(extra="forbid")

    paused: bool


class Webhook(BaseModel):
    """A webhook and how it stands. `fault` is the code of what is wrong now; while it is paused, events wait."""

    id: str
    url: str
    events: list[str]
    plates: bool
    paused: bool
    made_by: str
    made_at: datetime
    waiting: int
    dead: int
    delivered: int
    fault: str | None


class NewWebhook(Webhook):
    """The same with the secret that the events are signed with; it is told this once."""

    secret: str


class WebhookList(BaseModel):
    """All of them, the first made first."""

    items: list[Webhook]


@router.get("/webhooks")
def webhooks(parts: TheParts, _caller: TheCaller) -> WebhookList:
    """Every webhook that was set up here; those of gate.toml are the operator's own."""
    return WebhookList(items=[_told(parts, hook) for hook in parts.webhooks.list()])


@router.post("/webhooks", status_code=201)
def add_webhook(response: Response, parts: TheParts, caller: TheCaller, entry: WebhookEntry) -> NewWebhook:
    """Set up a webhook. Names and pictures never go to it: only gate.toml allows that."""
    if entry.plates and not caller.may(Scope.PASSAGES_PLATES):
        raise scope_needed(Scope.PASSAGES_PLATES)
    hook, secret = parts.webhooks.add(
        entry.url, entry.events, caller.account, plates=entry.plates, certificate=entry.certificate
    )
    response.headers["Location"] = f"/api/v1/webhooks/{hook.id}"
    return NewWebhook(**_told(parts, hook).model_dump(), secret=secret)


@router.get("/webhooks/{webhook_id}")
def webhook(parts: TheParts, _caller: TheCaller, webhook_id: HookId) -> Webhook:
    """One webhook."""
    return _told(parts, parts.webhooks.find(webhook_id))


@router.patch("/webhooks/{webhook_id}")
def pause_webhook(parts: TheParts, caller: TheCaller, webhook_id: HookId, change: Paused) -> Webhook:
    """Pause a webhook, or let it go on with what waited meanwhile."""
    return _told(parts, parts.webhooks.pause(webhook_id, caller.account, paused=change.paused))


@router.delete("/webhooks/{webhook_id}", status_code=204)
def remove_webhook(parts: TheParts, caller: TheCaller, webhook_id: HookId) -> None:
    """Take a webhook away with all that waits for it."""
    parts.webhooks.remove(webhook_id, caller.account)


def _told(parts: Parts, hook: Hook) -> Webhook:
    standing = Queue(parts.site.engine, hook.id).standing(parts.desk.wall())
    return Webhook(
        id=hook.id,
        url=hook.url,
        events=list(hook.events),
        plates=hook.plates,
        paused=hook.paused,
        made_by=hook.made_by,
        made_at=hook.made_at,
        waiting=standing.waiting,
        dead=standing.dead,
        delivered=standing.delivered,
        fault=standing.code,
    )
