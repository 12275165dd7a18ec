"""The form for a right and for a block, as the pages of a person, a vehicle and a household show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Form

from enrollment.entry import Entry
from enrollment.errors import EnrollmentError
from enrollment.hours import LONGEST_LINE
from enrollment.rights import NO_RIGHT, Right
from gate.console.desk import Desk
from gate.rights import hours_line, known_lanes, lanes_line, right_line
from gate.texts import Language, explain, t

MOST_LANES = 100


@dataclass(frozen=True, slots=True)
class RightForm:
    """A right as typed."""

    lanes: tuple[str, ...] = ()
    hours: str = ""

    @classmethod
    def of(cls, right: Right, language: Language) -> RightForm:
        """As it stands in the register."""
        return cls(right.lanes or (), hours_line(right.hours, language))

    def checked(self, desk: Desk, before: Right) -> Right:
        """The right that is meant; a lane that is gone may stay in it. Raises `EntryRefused`."""
        known_lanes([lane for lane in self.lanes if lane not in (before.lanes or ())], lane_names(desk))
        return Right.of(self.lanes, self.hours)


@dataclass(frozen=True, slots=True)
class BlockForm:
    """A block as typed; `last_day` is empty for no end."""

    reason: str = ""
    last_day: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused, with what was typed: each form keeps its own."""

    fault: EnrollmentError
    right: RightForm | None = None
    block: BlockForm | None = None
    note: str | None = None

    @property
    def conflict(self) -> bool:
        """Whether somebody else was faster with a right or a household's note, so that both are shown."""
        typed = self.right is not None or self.note is not None
        return typed and self.fault.code == "register.changed_meanwhile"


def _right_typed(
    lane: Annotated[list[Annotated[str, Form(max_length=32)]], Form(max_length=MOST_LANES)] = [],  # noqa: B006
    hours: Annotated[str, Form(max_length=LONGEST_LINE)] = "",
) -> RightForm:
    return RightForm(tuple(lane), hours)


RightTyped = Annotated[RightForm, Depends(_right_typed)]


def lane_names(desk: Desk) -> dict[str, str]:
    """What the lanes are called, by id."""
    return {lane.id: lane.name for lane in desk.watch.lanes()}


def right_facts(
    desk: Desk, language: Language, own: Right, home: Right | None, refused: Refusal | None
) -> dict[str, Any]:
    """What the form is drawn from; `home` is the household's right, None on the household's own page."""
    names, entered = lane_names(desk), RightForm.of(own, language)
    typed = refused.right if refused and refused.right else entered
    offered = dict.fromkeys([*names, *(own.lanes or ())])
    return {
        "lanes": [(lane, names.get(lane, lane), lane in typed.lanes) for lane in offered],
        "hours": typed.hours,
        "conflict": refused is not None and refused.right is not None and refused.conflict,
        "entered": _told(entered, names, language),
        "typed": _told(typed, names, language),
        "now": right_line(own, home or NO_RIGHT, names, language),
    }


def block_facts(desk: Desk, language: Language, entry: Entry, refused: Refusal | None) -> dict[str, Any]:
    """Whether, why, until when and by whom somebody is blocked, and what was typed about it."""
    typed = refused.block if refused and refused.block else BlockForm()
    return {
        "holds": entry.blocked_at(desk.wall()),
        "by": staff_name(desk, entry.blocked_by, language),
        "reason": typed.reason,
        "last_day": typed.last_day,
        "today": desk.wall().astimezone(desk.zone).date(),
    }


def staff_name(desk: Desk, actor: str | None, language: Language) -> str:
    """Who of the staff it was, as their colleagues know them."""
    if actor is None:
        return t("console.block.nobody_known", language)
    account = desk.accounts.of_id(actor)
    return account.username if account else actor.removeprefix("local:")


def said(refused: Refusal | None, language: Language) -> str | None:
    """The sentence about a refusal; none where both versions are shown side by side."""
    return None if refused is None or refused.conflict else explain(refused.fault, language)


def _told(form: RightForm, names: Mapping[str, str], language: Language) -> dict[str, str]:
    return {"lanes": lanes_line(form.lanes, names, language), "hours": form.hours}
