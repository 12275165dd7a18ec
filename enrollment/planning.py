"""Planning what taking over a source would do: a pure function of what it tells, what was taken over, what stands here.

Of each field three values are compared: what was taken over last, what is told now, and what stands here. A change at
the source comes over where nobody has changed the field here; a change here stays until the source says something new.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from enrollment.plan import Change, Conflict, Decisions, Do, Entry, Here, Limits, Plan, Standing, Step
from enrollment.told import ASIDE, NEEDED, PEOPLE_AND_CARS, Told, ToldKind, Values, Wrong

FEW = 2
"""So many endings of one kind never wait for a person: a register of ten must be able to let one go."""
WITHIN = timedelta(days=1)
"""Endings of so short a time count together: a source that loses everybody one by one is no better than at once."""

Digest = Callable[[str, str], str]
"""A keyed digest of a field and its value."""


def plan(
    source: str,
    entries: Sequence[Entry],
    wrong: Sequence[Wrong],
    standing: Standing,
    digest: Digest,
    now: datetime,
    limits: Limits | None = None,
    decisions: Decisions | None = None,
) -> Plan:
    """Compare what the source tells with what stands here."""
    bounds = limits or Limits()
    planning = _Planning(entries, standing, digest, bounds, decisions or Decisions())
    for entry in entries:
        planning.look_at(entry)
    ends = [step for step in planning.steps if step.do is Do.END]
    text = "\n".join(sorted(f"{step.kind}:{step.mark}" for step in ends))
    unsure = any(one.ref is None for one in wrong)
    held = bool(ends) and (unsure or _too_many(entries, ends, bounds.ended_share, now))
    steps = sorted(planning.steps, key=_step_order)
    code = hashlib.sha256(text.encode()).hexdigest()[:8] if ends else ""
    conflicts = sorted(planning.conflicts, key=lambda one: (_KINDS.index(one.kind), one.household, one.label, one.ref))
    return Plan(source, tuple(steps), tuple(conflicts), tuple(wrong), planning.unchanged, held, code)


def _step_order(step: Step) -> tuple[int, int, str, str]:
    """Additions first, people before their cars, by household."""
    return _DOS.index(step.do), _KINDS.index(step.kind), step.values.get("household", ""), step.label


def _too_many(entries: Sequence[Entry], ends: Sequence[Step], share: float, now: datetime) -> bool:
    for kind in ToldKind:
        ours = [entry for entry in entries if entry.kind is kind and entry.subject is not None]
        lately = sum(1 for one in ours if one.ended_at is not None and now - WITHIN < one.ended_at)
        living = sum(1 for one in ours if one.ended_at is None)
        ending = sum(1 for step in ends if step.kind is kind)
        if ending and ending + lately > max(FEW, share * (living + lately)):
            return True
    return False


class _Planning:
    """The steps and conflicts so far, and what is looked up again and again."""

    def __init__(
        self, entries: Sequence[Entry], standing: Standing, digest: Digest, limits: Limits, decisions: Decisions
    ) -> None:
        self.steps: list[Step] = []
        self.conflicts: list[Conflict] = []
        self.unchanged = 0
        self._standing = standing
        self._digest = digest
        self._limits = limits
        self._decisions = decisions
        self._of_subject = {entry.subject: entry for entry in entries if entry.subject is not None}
        self._taken_over: set[str] = set()
        self._claimed: set[str] = set()
        self._told = Counter(_key(entry.told) for entry in entries if entry.told is not None)
        self._by_name: dict[str, list[Here]] = {}
        self._by_phone: dict[str, list[Here]] = {}
        self._by_plate: dict[str, Here] = {}
        for one in standing.here.values():
            if one.kind is ToldKind.PERSON:
                self._by_name.setdefault(one.values["name"], []).append(one)
                self._by_phone.setdefault(one.values.get("phone", ""), []).append(one)
            elif one.kind is ToldKind.VEHICLE:
                self._by_plate[one.values["plate"]] = one
        for entry in entries:
            if entry.told is not None and entry.subject is None and entry.kind in PEOPLE_AND_CARS:
                self._find_predecessor(entry.told)

    def look_at(self, entry: Entry) -> None:
        """Add what has to be done about one entry."""
        if entry.unreadable:
            return
        if entry.emptied:
            self.conflicts.append(Conflict("erased_here", entry.kind, "", "", ""))
        elif entry.told is None:
            self._end(entry)
        elif entry.subject is not None:
            here = self._standing.here.get(entry.subject)
            if here is None and entry.kind in PEOPLE_AND_CARS:
                self._object("erased_here", entry.told)
            elif here is None:
                self._add(entry, entry.told)
            else:
                self._compare(entry, entry.told, here)
        elif entry.kind in PEOPLE_AND_CARS:
            self._match(entry, self._placed(entry.told))
        else:
            self._add(entry, entry.told)

    def _find_predecessor(self, told: Told) -> None:
        """Note whom a new entry will take over from one that is told no more, so that nobody is ended for it."""
        found = self._candidates(told)
        if len(found) == 1:
            before = self._of_subject.get(found[0].id)
            if before is not None and not before.is_told:
                self._taken_over.add(before.mark)

    def _candidates(self, told: Told) -> list[Here]:
        values = told.values
        if told.kind is ToldKind.VEHICLE:
            found = self._by_plate.get(values["plate"])
            return [found] if found else []
        home = self._placed(told).values.get("household")
        return [one for one in self._by_name.get(values["name"], []) if home in {None, one.values["household"]}]

    def _match(self, entry: Entry, told: Told) -> None:
        """Of an entry that is new, find whom it is here, or add it."""
        if self._told[_key(told)] > 1:
            self._object("plate_twice" if told.kind is ToldKind.VEHICLE else "name_twice", told)
            return
        found = self._candidates(told)
        if len(found) > 1:
            self._object("name_ambiguous", told)
        elif not found:
            self._add(entry, told)
        else:
            self._adopt(entry, told, found[0])

    def _adopt(self, entry: Entry, told: Told, here: Here) -> None:
        before = self._of_subject.get(here.id)
        if (before is not None and before.is_told) or here.id in self._claimed:
            self._object("taken_here", told)
            return
        self._claimed.add(here.id)
        home, lives = told.values.get("household") or self._home_of(told), here.values["household"]
        if before is None and home not in {None, lives} and told.ref not in self._decisions.take:
            self._object("plate_elsewhere", told, household=lives)
            return
        said = before.said if before else {}
        self._compare(entry, told, here, said=said, releases=before.mark if before else None)

    def _add(self, entry: Entry, told: Told) -> None:
        values = dict(told.values)
        if entry.kind in PEOPLE_AND_CARS:
            home = values.get("household") or self._home_of(told)
            if home is None:
                self._object("no_household", told)
                return
            if home not in self._standing.rooms and not self._limits.new_rooms:
                self._object("unknown_room", told)
                return
            values = _without(values) | {"household": home}
        self._step(Do.ADD, entry, told.ref, None, values, self._said(entry))

    def _compare(
        self, entry: Entry, told: Told, here: Here, said: Values | None = None, releases: str | None = None
    ) -> None:
        base, wanted = entry.said if said is None else said, told.values
        changes: list[Change] = []
        against: list[Change] = []
        for name in sorted((wanted.keys() | base.keys()) - ASIDE):
            theirs, ours = wanted.get(name), here.values.get(name)
            silent = theirs is None and name in _NEVER_EMPTY
            if theirs == ours or silent or self._digested(name, theirs) == base.get(name):
                continue
            edited = self._digested(name, ours) != base.get(name)
            (against if edited else changes).append(Change(name, ours, theirs))
        if entry.subject is None and not here.open:
            # Somebody has ended it here, and the source has never been asked about that.
            against.append(_reopening(here))
        if against and told.ref in self._decisions.take:
            changes, against = sorted([*changes, *against], key=lambda one: one.field), []
        if against and told.ref not in self._decisions.keep:
            self._object("edited_here", told, changes=tuple(against))
            return
        if self._in_the_way(told, here, changes):
            return
        if entry.kind is ToldKind.PERSON and entry.ended_at is not None and not here.open:
            changes.append(_reopening(here))
        values = _changed(here.values, changes)
        now_said = self._said(entry)
        if changes:
            self._step(Do.CHANGE, entry, told.ref, here, values, now_said, tuple(changes), releases)
        elif now_said != base or entry.subject is None or entry.ended_at is not None:
            self._step(Do.LINK, entry, told.ref, here, values, now_said, releases=releases)
        else:
            self.unchanged += 1

    def _in_the_way(self, told: Told, here: Here, changes: Sequence[Change]) -> bool:
        after = {one.field: one.after for one in changes}
        other = self._by_plate.get(after.get("plate") or "") if here.kind is ToldKind.VEHICLE else None
        if other is not None and other.id != here.id:
            self._object("plate_elsewhere", told, household=other.values["household"])
            return True
        room = after.get("household")
        if room and room not in self._standing.rooms and not self._limits.new_rooms:
            self._object("unknown_room", told)
            return True
        return False

    def _end(self, entry: Entry) -> None:
        here = self._standing.here.get(entry.subject or "")
        if entry.mark in self._taken_over or entry.subject is None or entry.ended_at is not None:
            return
        moved = here is not None and _moved(here, entry.said, self._digest)
        if here is None or not here.open or here.told_elsewhere or (moved and here.id in self._decisions.keep):
            self._step(Do.LINK, entry, "", here, here.values if here else {}, entry.said)
        elif moved and here.id not in self._decisions.take:
            self._object_here("edited_here", here)
        else:
            self._step(Do.END, entry, "", here, here.values, entry.said)

    def _placed(self, told: Told) -> Told:
        room = self._decisions.place.get(told.ref)
        return told if room is None else Told(told.kind, told.ref, {**told.values, "household": room})

    def _home_of(self, told: Told) -> str | None:
        """The household of the one person whom a vehicle's source names as its owner."""
        phone, name = told.values.get("owner_phone"), told.values.get("owner_name")
        for found in (self._by_phone.get(phone or "-", []), self._by_name.get(name or "", [])):
            homes = {one.values["household"] for one in found}
            if len(homes) == 1:
                return homes.pop()
        return None

    def _digested(self, name: str, text: str | None) -> str | None:
        return None if text is None else self._digest(name, text)

    def _said(self, entry: Entry) -> dict[str, str]:
        """What to remember: what the source itself says, without where a person has placed it."""
        values = entry.told.values if entry.told else {}
        return {name: self._digest(name, text) for name, text in values.items() if name not in ASIDE}

    def _step(
        self,
        do: Do,
        entry: Entry,
        ref: str,
        here: Here | None,
        values: Values,
        said: Values,
        changes: tuple[Change, ...] = (),
        releases: str | None = None,
    ) -> None:
        id_, version = (here.id, here.version) if here else (None, None)
        self.steps.append(Step(do, entry.kind, entry.mark, ref, id_, version, values, said, changes, releases))

    def _object(self, code: str, told: Told, *, changes: tuple[Change, ...] = (), **facts: str) -> None:
        values = told.values
        label, home = values.get("name") or values.get("plate", ""), values.get("household", "")
        self.conflicts.append(Conflict(code, told.kind, told.ref, label, home, facts, changes))

    def _object_here(self, code: str, here: Here, **facts: str) -> None:
        label = here.values.get("name") or here.values.get("plate", "")
        self.conflicts.append(Conflict(code, here.kind, here.id, label, here.values.get("household", ""), facts))


_DOS, _KINDS = list(Do), list(ToldKind)
_NEVER_EMPTY = frozenset({"household", *NEEDED.values()})


def _key(told: Told) -> tuple[str, str, str]:
    """What no two entries of people or of vehicles may have in common."""
    home = told.values.get("household", "") if told.kind is ToldKind.PERSON else ""
    return told.kind, home, told.values[NEEDED[told.kind]]


def _without(values: Values) -> dict[str, str]:
    return {name: text for name, text in values.items() if name not in ASIDE}


def _changed(values: Values, changes: Sequence[Change]) -> dict[str, str]:
    after = {**values, **{one.field: one.after for one in changes if one.after is not None}}
    gone = {one.field for one in changes if one.after is None}
    return {name: text for name, text in after.items() if name not in gone}


def _reopening(here: Here) -> Change:
    """What lets the right go on again: another stay, or no end of the term."""
    if here.kind is ToldKind.PERSON:
        return Change("ended", "1", None)
    return Change("until", here.values.get("until"), None)


def _moved(here: Here, said: Values, digest: Digest) -> bool:
    """Whether somebody here has moved it to another household since it was taken over."""
    home = here.values.get("household")
    return home is not None and "household" in said and said["household"] != digest("household", home)
