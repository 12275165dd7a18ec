"""The registers that ours is filled from: how each stands, what taking over would do, and doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.errors import EntryRefused
from enrollment.household import HouseholdCode
from enrollment.plan import Conflict, Decisions, Do, Plan
from gate.community.registers.registers import Registers, SourceView
from gate.community.registers.wording import changes_told, told_at
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.texts import Language, explain, t
from models.errors import Fault

EXAMPLE = """[[community.source]]
id = "office"
kind = "rest"
url = "https://192.0.2.30/register"
token_file = "office.token"
"""

SHOWN = 100
"""Steps of one sort, conflicts and wrong rows that the page lists; the command line has all."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "edited_here": ("take", "keep"),
    "plate_elsewhere": ("take",),
    "name_ambiguous": ("place",),
    "no_household": ("place",),
}
"""What a person may decide of a conflict; of the others nothing, but at the source or on the enrolment pages."""

LARGEST_FORM = 256 * 1024

router = APIRouter()
SourceId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$")]


def _registers(desk: TheDesk) -> Registers:
    if desk.sources is None:
        raise RequestRefused("console.not_found", 404)
    return desk.sources.registers


TheRegisters = Annotated[Registers, Depends(_registers)]


@router.get("/sources")
def sources_page(request: Request, desk: TheDesk, registers: TheRegisters) -> Response:
    """Every register as it stands."""
    language: Language = request.state.language
    rows = [_row(view, registers.waiting(view.id), desk, language) for view in registers.views()]
    return page(request, "sources.html", rows=rows, example=EXAMPLE)


@router.get("/sources/{source_id}")
def plan_page(
    request: Request, desk: TheDesk, session: SignedIn, registers: TheRegisters, source_id: SourceId, done: str = ""
) -> Response:
    """What taking over a register would do now. It names people, so that looking is recorded."""
    _known(registers, source_id)
    desk.looks.record(session, f"source:{source_id}")
    return _plan(request, desk, registers, source_id, _done(done, request.state.language))


@router.post("/sources/{source_id}/apply", max_body_size=LARGEST_FORM)
async def apply(
    request: Request, desk: TheDesk, session: SignedIn, registers: TheRegisters, source_id: SourceId
) -> Response:
    """Take over what the page showed, with what was decided; the page again where it is another plan by now."""
    typed = {name: str(value) for name, value in (await request.form(max_fields=3 * SHOWN + 10)).items()}

    def taken_over() -> Response:
        _known(registers, source_id)
        code = typed.get("confirm") or None
        try:
            _, outcome = registers.apply(source_id, session.account, code, _decisions(typed))
        except EntryRefused as refused:
            return _plan(request, desk, registers, source_id, explain(refused, request.state.language), refused=True)
        counts = "-".join(str(outcome.done[do]) for do in (Do.ADD, Do.CHANGE, Do.END))
        return RedirectResponse(f"/sources/{source_id}?done={counts}", 303)

    return await to_thread.run_sync(taken_over)


def _row(view: SourceView, waiting: int, desk: Desk, language: Language) -> dict[str, Any]:
    standing = view.standing
    return {
        "view": view,
        "waiting": waiting,
        "fault": explain(Fault(standing.code, **standing.facts), language) if standing.code else None,
        "since": told_at(standing.failing_since, desk.zone),
        "asked_at": told_at(standing.asked_at, desk.zone),
        "applied_at": told_at(standing.applied_at, desk.zone),
    }


def _known(registers: Registers, source_id: str) -> None:
    if source_id not in registers.names:
        raise RequestRefused("console.not_found", 404)


def _decisions(typed: Mapping[str, str]) -> Decisions:
    """What was chosen: `decide:<ref>` is take or keep, `place:<ref>` a household. Raises `EntryRefused`."""
    decided = {name.partition(":")[2]: value for name, value in typed.items() if name.startswith("decide:")}
    placed = {
        name.partition(":")[2]: str(HouseholdCode.parse(value))
        for name, value in typed.items()
        if name.startswith("place:") and value.strip()
    }
    take = [ref for ref, value in decided.items() if value == "take"]
    return Decisions(take, [ref for ref, value in decided.items() if value == "keep"], placed)


def _plan(
    request: Request, desk: Desk, registers: Registers, source_id: str, said: str, *, refused: bool = False
) -> Response:
    language: Language = request.state.language
    found = registers.plan(source_id)
    return page(
        request,
        "source_plan.html",
        409 if refused else 200,
        source=source_id,
        plan=found,
        steps={str(do): _steps(found, do, desk, language) for do in (Do.ADD, Do.CHANGE, Do.END)},
        counts={str(do): len(found.of(do)) for do in Do},
        conflicts=[_conflict(one, desk, language) for one in found.conflicts[:SHOWN]],
        wrong=[
            {"kind": one.kind, "row": one.row or "-", "ref": one.ref or "-", "why": explain(one.fault, language)}
            for one in found.wrong[:SHOWN]
        ],
        shown=SHOWN,
        said=said,
        refused=refused,
    )


def _steps(found: Plan, do: Do, desk: Desk, language: Language) -> Sequence[dict[str, Any]]:
    return [
        {
            "kind": step.kind,
            "label": step.label,
            "household": step.values.get("household", ""),
            "changes": changes_told(step.changes, desk.zone, language),
        }
        for step in found.of(do)[:SHOWN]
    ]


def _conflict(one: Conflict, desk: Desk, language: Language) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "ref": one.ref,
        "label": one.label,
        "household": one.household,
        "why": t(f"source.page.conflict.{one.code}", language, **one.facts),
        "changes": changes_told(one.changes, desk.zone, language),
        "choices": CHOICES.get(one.code, ()),
    }


def _done(counts: str, language: Language) -> str:
    """What the redirect after taking over says: three numbers."""
    numbers = counts.split("-")
    if len(numbers) != 3 or not all(number.isdecimal() and len(number) < 8 for number in numbers):
        return ""
    added, changed, ended = numbers
    return t("source.page.done", language, add=added, change=changed, end=ended)
