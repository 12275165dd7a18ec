"""The form that a visitor's pass is made with, by residents and by staff."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated

import segno
from fastapi import Form, Path

from enrollment.errors import EntryRefused
from enrollment.gate_code import GateCodes

SPANS_H = (2, 6, 24, 72)
MOST_TYPED = 60
QUIET = 4
PIXELS = 10

PassId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Typed = Annotated[str, Form(max_length=MOST_TYPED)]


class By(StrEnum):
    """What the visitor shows."""

    QR = "qr"
    PLATE = "plate"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class GuestForm:
    """What was typed, in the strings that it came in."""

    by: By
    plate: str = ""
    note: str = ""
    begins: str = ""
    hours: int = SPANS_H[1]
    uses: int = 1

    def span(self, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
        """From when until when, in the compound's time; nothing typed is now. Raises `EntryRefused` (`pass.when`)."""
        try:
            begins = datetime.fromisoformat(self.begins).replace(tzinfo=zone) if self.begins else now
            # The minute that is typed may have begun already.
            starts = now if timedelta() < now - begins < timedelta(minutes=5) else begins
            return starts, starts + timedelta(hours=self.hours)
        except (ValueError, OverflowError) as wrong:
            raise EntryRefused("pass.when") from wrong


def guest_form(
    by: By = Form(default=By.QR),
    plate: Typed = "",
    note: Typed = "",
    begins: Typed = "",
    hours: int = Form(default=SPANS_H[1], ge=1, le=744),
    uses: int = Form(default=1, ge=1, le=100),
) -> GuestForm:
    """The form of a request."""
    return GuestForm(by, plate, note, begins, hours, uses)


def code_png(codes: GateCodes, pass_id: str) -> bytes:
    """A visitor's QR code as a picture to send on."""
    drawn = io.BytesIO()
    segno.make(codes.lasting(pass_id), error="m", micro=False).save(drawn, kind="png", scale=PIXELS, border=QUIET)
    return drawn.getvalue()
