"""Parking order for the guard: what is inside, who stays too long, what does not fit, and the form for a count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.errors import EntryRefused
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.parking.charts import HourBar
from gate.parking.room import CHART_DAYS, COUNTED_WITHIN, MOST_CARS, ODD_DAYS, ParkingRoom
from gate.parking.wording import lasted
from gate.texts import explain

EXAMPLE = """[parking]
places = 1             # cars of one household inside at a time
extra_car = "ask"      # the next one: ask the guard, or "open" and tell
free_minutes = 120     # a visitor without a pass

[[parking.zone]]
id = "yard"
name = "地面车位"
spaces = 120
takes = "both"         # residents, visitors or both
enter = ["north-in"]
leave = ["north-out"]
"""

router = APIRouter()
Typed = Annotated[str, Form(max_length=40)]


def _room(request: Request) -> ParkingRoom:
    room: ParkingRoom | None = request.app.state.desk.parking
    if room is None:
        raise RequestRefused("console.not_found", 404)
    return room


TheRoom = Annotated[ParkingRoom, Depends(_room)]


@router.get("/parking")
def parking_page(request: Request, desk: TheDesk, room: TheRoom, day: str = "") -> Response:
    """How things stand; looking is recorded, since plates and households are told."""
    return _parking(request, desk, room, day=day)


@router.post("/parking/count")
def count(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    room: TheRoom,
    zone: Typed = "",
    cars: Typed = "",
    at: Typed = "",
) -> Response:
    """Enter a count, on the record. The page again with what was wrong."""
    typed = {"zone": zone, "cars": cars, "at": at}
    try:
        room.count(zone, _number(cars), _moment(at, desk), session.account, desk.wall())
    except EntryRefused as refused:
        return _parking(request, desk, room, typed, explain(refused, request.state.language))
    return RedirectResponse("/parking?counted=yes#zones-title", 303)


def _number(typed: str) -> int:
    if not typed.strip().isdecimal():
        raise EntryRefused("parking.bad_number")
    return int(typed)


def _moment(typed: str, desk: Desk) -> datetime:
    """When it was counted, in the compound's time; unless anything is named, now."""
    if not typed.strip():
        return desk.wall()
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=desk.zone)
    except ValueError as wrong:
        raise EntryRefused("parking.bad_moment", hours=int(COUNTED_WITHIN.total_seconds() // 3600)) from wrong


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        return None


def _parking(
    request: Request,
    desk: Desk,
    room: ParkingRoom,
    typed: dict[str, str] | None = None,
    fault: str | None = None,
    day: str = "",
) -> Response:
    if not room.parking.zone:
        return page(request, "parking.html", 422 if fault else 200, view=None, example=EXAMPLE, fault=fault)
    desk.looks.record(request.state.session, "parking")
    now = desk.wall()
    view = room.view(now, _day(day))
    zones, shown = [one.zone.id for one in view.zones], view.day[0].day
    spaces = sum(one.zone.spaces for one in view.zones)
    most_late = max((count for _, count in view.weeks), default=0)
    return page(
        request,
        "parking.html",
        422 if fault else 200,
        view=view,
        fault=fault,
        typed=typed or {"zone": "", "cars": "", "at": ""},
        counted=request.query_params.get("counted") == "yes",
        now=f"{now.astimezone(desk.zone):%Y-%m-%dT%H:%M}",
        first=f"{(now - COUNTED_WITHIN).astimezone(desk.zone):%Y-%m-%dT%H:%M}",
        most=MOST_CARS,
        names={one.zone.id: one.zone.name for one in view.zones},
        lanes={lane.id: lane.name for lane in desk.watch.lanes()},
        zone=desk.zone,
        short=lambda at: f"{at.astimezone(desk.zone):%m-%d %H:%M}",
        late=lambda over_at: lasted(now - over_at, request.state.language),
        free_minutes=room.parking.free_minutes,
        odd_days=ODD_DAYS,
        chart_days=CHART_DAYS,
        day=shown,
        before=shown - timedelta(days=1),
        after=shown + timedelta(days=1),
        today=now.astimezone(desk.zone).date(),
        hours=_drawn(view.day, zones, spaces),
        days=_drawn(view.days, zones, spaces),
        weeks=[
            {"day": week, "count": count, "height": round(100 * count / (most_late or 1), 2)}
            for week, count in view.weeks
        ],
        most_late=most_late,
        spaces=spaces,
    )


def _drawn(bars: Sequence[HourBar], zones: Sequence[str], spaces: int) -> dict[str, Any]:
    """Bars for a drawing 100 high, each zone's part on that of the one before; `full` is where all spaces are taken."""
    most = max(spaces, *(bar.total for bar in bars))
    drawn = []
    for bar in bars:
        parts, below = [], 0.0
        for number, zone in enumerate(zones):
            height = 100 * bar.cars.get(zone, 0) / most
            parts.append({"number": number, "y": round(100 - below - height, 2), "height": round(height, 2)})
            below += height
        drawn.append({"day": bar.day, "hour": bar.hour, "cars": bar.cars, "total": bar.total, "parts": parts})
    return {"bars": drawn, "most": most, "full": round(100 - 100 * spaces / most, 2)}
