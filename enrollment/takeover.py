"""Taking over a plan: each step one transaction with its record, so that a kill in between costs nothing.

Whoever is added has no face and no consent: the entry is there, and waits for the person to come and enrol.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from enrollment.act import Act, Record
from enrollment.change import utc_now
from enrollment.database import writing
from enrollment.entry import Resident, Vehicle
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.form import Standing as StandingAs
from enrollment.keyring import Keyring
from enrollment.plan import Do, Plan, Step
from enrollment.register import Register
from enrollment.source_tables import SourceEntryRow, SourcePlateRow
from enrollment.sources import Sources, row_of
from enrollment.tenancies import Tenancy
from enrollment.told import LISTS, ToldKind, moment_of, person_form, vehicle_form
from models.errors import Fault


@dataclass(slots=True)
class Outcome:
    """How many steps of each sort were done, and what was refused when it came to it; the next plan tells it again."""

    done: Counter[Do] = field(default_factory=Counter)
    left: list[tuple[Step, Fault]] = field(default_factory=list)


class Takeover:
    """Does the steps of plans. `record` is called inside each transaction, with `source:<name>` as the actor."""

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        record: Record,
        sources: Sources,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine = engine
        self._record = record
        self._sources = sources
        self._now = now
        self._linking = _Linking(record, now)
        self._register = Register(engine, keyring, self._linking, now=now)

    def apply(self, plan: Plan, confirm: str | None = None) -> Outcome:
        """Do every step; endings that wait for a person only where `confirm` is the plan's code.

        Raises:
            EntryRefused: `source.other_plan`, a code was given and is not this plan's: nothing was done.
            StoreBusy: what was done is done, the rest is planned again.
        """
        if confirm is not None and confirm != plan.code:
            raise EntryRefused("source.other_plan", given=confirm, needed=plan.code or "-")
        outcome, links = Outcome(), plan.of(Do.LINK)
        self._link_all(plan.source, links)
        outcome.done[Do.LINK] = len(links)
        for step in plan.steps:
            if step.do is Do.LINK or (step.do is Do.END and plan.held and confirm is None):
                continue
            try:
                self._do(plan.source, step)
            except (EntryRefused, NotEnrolled) as refused:
                outcome.left.append((step, refused))
            else:
                outcome.done[step.do] += 1
        if plan.steps:
            with writing(self._engine) as session:
                row_of(session, plan.source).applied_at = self._now()
        return outcome

    def _do(self, source: str, step: Step) -> None:
        actor = f"source:{source}"
        self._linking.begin(source, step)
        if step.kind in LISTS:
            self._list(source, step, actor)
        elif step.kind is ToldKind.PERSON:
            {Do.ADD: self._add_person, Do.CHANGE: self._change_person, Do.END: self._end_person}[step.do](step, actor)
        elif step.do is Do.ADD:
            self._register.enter_vehicle(vehicle_form(step.values), actor)
        else:
            self._change_vehicle(step, actor)

    def _add_person(self, step: Step, actor: str) -> None:
        self._register.enrol(person_form(step.values, _standing(step.values)), actor)

    def _change_person(self, step: Step, actor: str) -> None:
        subject, version = _whom(step)
        known = self._resident(subject)
        standing = _standing(step.values)
        if any(one.field == "ended" for one in step.changes):
            self._linking.wait()
            self._register.tenancies.begin(subject, step.values["household"], standing, actor, self._now())
            version += 1
        self._linking.begin(self._linking.source, step)
        self._register.edit_person(subject, person_form(step.values, standing, known), actor, version)

    def _end_person(self, step: Step, actor: str) -> None:
        subject, version = _whom(step)
        now = self._now()
        stays = [one for one in self._register.tenancies.of(subject) if _goes_on(one, step.values["household"], now)]
        if not stays:
            raise EntryRefused("register.changed_meanwhile", id=subject, version="-", expected=version)
        for number, stay in enumerate(stays):
            if number + 1 < len(stays):
                self._linking.wait()
            else:
                self._linking.begin(self._linking.source, step)
            ends = max(now, stay.starts_at + timedelta(microseconds=1))
            self._register.tenancies.end(stay.id, ends, actor, version + number)

    def _change_vehicle(self, step: Step, actor: str) -> None:
        subject, version = _whom(step)
        known = self._register.find(subject)
        if not isinstance(known, Vehicle):
            raise NotEnrolled("register.nobody", id=subject)
        values = dict(step.values)
        if step.do is Do.END:
            since, now = moment_of(values, "since"), self._now()
            ends = now if since is None or since < now else since + timedelta(microseconds=1)
            values["until"] = ends.isoformat(timespec="microseconds")
            # What the source says next is compared with the end that it has brought about.
            said = {**step.said, "until": self._sources.digest("until", values["until"])}
            self._linking.begin(self._linking.source, step, said)
        self._register.edit_vehicle(subject, vehicle_form(values, known), actor, version)

    def _resident(self, subject: str) -> Resident:
        known = self._register.find(subject)
        if not isinstance(known, Resident):
            raise NotEnrolled("register.nobody", id=subject)
        return known

    def _list(self, source: str, step: Step, actor: str) -> None:
        """Put a plate on a list, change it there or take it off; a running gate's rules follow."""
        with writing(self._engine) as session:
            row = session.get(SourcePlateRow, (source, step.kind.value, step.mark))
            if (row is None) is not (step.do is Do.ADD):
                raise EntryRefused("source.done_meanwhile")
            if step.do is Do.END:
                session.delete(row)
            else:
                if row is None:
                    row = SourcePlateRow(source=source, kind=step.kind.value, mark=step.mark)
                    session.add(row)
                row.plate, row.reason = step.values["plate"], step.values.get("reason")
                row.since, row.until = moment_of(step.values, "since"), moment_of(step.values, "until")
            row_of(session, source).lists += 1
            verb = {Do.ADD: "listed", Do.CHANGE: "changed", Do.END: "delisted"}[step.do]
            facts = {"list": step.kind.value, "source": source}
            self._linking(session, Act(f"plate.{verb}", step.mark[:32], actor, facts))

    def _link_all(self, source: str, steps: Sequence[Step]) -> None:
        if steps:
            with writing(self._engine) as session:
                for step in steps:
                    link(session, source, step, step.subject or "", step.said, self._now())


class _Linking:
    """A record that notes, in the transaction of the act, which entry of the source was taken over."""

    def __init__(self, record: Record, now: Callable[[], datetime]) -> None:
        self._record = record
        self._now = now
        self.source = ""
        self._step: Step | None = None
        self._said: Mapping[str, str] = {}

    def begin(self, source: str, step: Step, said: Mapping[str, str] | None = None) -> None:
        """The next act takes over this step."""
        self.source, self._step, self._said = source, step, step.said if said is None else said

    def wait(self) -> None:
        """The next act is only a part of it."""
        self._step = None

    def __call__(self, session: Session, act: Act) -> None:
        """Record, and link."""
        if self._step is not None:
            link(session, self.source, self._step, act.subject, self._said, self._now())
        self._record(session, act)


def link(session: Session, source: str, step: Step, subject: str, said: Mapping[str, str], now: datetime) -> None:
    """Note that an entry is this subject of ours as of now.

    Raises:
        EntryRefused: `source.done_meanwhile`, another process was quicker.
    """
    row = session.get(SourceEntryRow, (source, step.kind.value, step.mark))
    if row is None or (step.do is Do.ADD and row.subject not in {None, subject}):
        raise EntryRefused("source.done_meanwhile")
    if step.releases is not None:
        before = session.get(SourceEntryRow, (source, step.kind.value, step.releases))
        if before is not None and before.told is None:
            session.delete(before)
    ends = step.do is Do.END or (step.do is Do.LINK and row.told is None)
    if ends and row.told is not None:
        raise EntryRefused("source.done_meanwhile")
    if ends and step.kind in LISTS:
        session.delete(row)
        return
    row.subject, row.said = subject or row.subject, json.dumps(dict(said))
    row.ended_at = (row.ended_at or now) if ends else None


def _whom(step: Step) -> tuple[str, int]:
    if step.subject is None or step.version is None:
        raise ValueError("a change is of somebody")
    return step.subject, step.version


def _standing(values: Mapping[str, str]) -> StandingAs:
    return StandingAs(values.get("standing", StandingAs.FAMILY))


def _goes_on(stay: Tenancy, household: str, now: datetime) -> bool:
    return stay.household == household and (stay.ends_at is None or stay.ends_at > now)
