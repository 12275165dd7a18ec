"""What follows once it is known who or what stands at the gate: one table of rules, the first that speaks decides.

Above this table stand the barrier's own rules (`gate.barrier`): fire and lockdown are not decided here. Whatever the
table says, a vehicle that moves the other way is left alone before it is asked, and one that may be leaving is held.

| rule | asks | verdict |
|---|---|---|
| `blocked_plate` | is the plate on the list of blocked plates? | refuse |
| `blocked` | is the person or vehicle blocked in the register? | refuse |
| `emergency` | is it a police car, a fire engine, an ambulance? | open |
| `allowed_plate` | is the plate on the list of plates that always pass? | open |
| `set_down` | not enrolled, `space` would ask, and a window for deliveries or taxis holds that needs no space | open |
| `space` | not enrolled, and the lane leads to parking: is no space for visitors free, or is that not known? | ask |
| `visitor_pass` | not enrolled: is there a living pass for the plate, PIN or code, for this lane? | open |
| `service_window` | not enrolled: does a window for deliveries or taxis hold now? | open |
| `unknown_vehicle` | not enrolled | ask |
| `facts` | is something not known that a rule needs? | ask |
| `right_here` | no right on this lane? | ask |
| `right_ended` | has the right ended, and its days of grace too? | ask |
| `hours` | outside the hours of the closest that says any? | ask |
| `passback` | is it inside already, by the record? | ask where that is hard, or the plate is in doubt |
| `places` | are all places of the household taken by its other cars? | ask, unless the rule is to let them in |
| `known` | everything else | open, with a warning where there is one |

The hours that hold are those of the first of these that says any: the own right in the register; the groups that name
the person or vehicle; the household's right in the register; the groups that name the household, then the building,
then everybody; the lane. Of the groups only those count that name most closely; where they say no hours, the lane's
hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from enrollment.candidate import Subject, SubjectKind
from gate.access_rules import Group
from gate.decision.decision import Finding, PlateEvidence, Reason, Verdict
from gate.decision.moment import History, Moment, Visit
from gate.decision.parked import NOBODY_KNOWS, Parked
from gate.decision.rules import Rules
from gate.decision.week_plan import Spanning, open_at


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who or what stands at the gate, with every fact that the rules ask for. `plate` is None without one."""

    subject: Subject | None
    plate: PlateEvidence | None
    moment: Moment
    history: History
    visit: Visit | None
    parked: Parked = NOBODY_KNOWS


class Rule(StrEnum):
    """A line of the table; each has its words under `rule.<code>`."""

    BLOCKED_PLATE = "blocked_plate"
    BLOCKED = "blocked"
    EMERGENCY = "emergency"
    ALLOWED_PLATE = "allowed_plate"
    SET_DOWN = "set_down"
    SPACE = "space"
    VISITOR_PASS = "visitor_pass"  # noqa: S105
    SERVICE_WINDOW = "service_window"
    UNKNOWN_VEHICLE = "unknown_vehicle"
    FACTS = "facts"
    RIGHT_HERE = "right_here"
    RIGHT_ENDED = "right_ended"
    HOURS = "hours"
    PASSBACK = "passback"
    PLACES = "places"
    KNOWN = "known"


OF_PARKING = frozenset({Rule.SET_DOWN, Rule.SPACE, Rule.PLACES})


def settle(arrival: Arrival, rules: Rules) -> Finding:
    """What the first rule says that says anything."""
    for _, asked in TABLE:
        found = asked(arrival, rules)
        if found is not None:
            return found
    return Verdict.ASK, Reason.UNKNOWN_VEHICLE, arrival.subject


def path(arrival: Arrival, rules: Rules) -> tuple[tuple[Rule, Finding | None], ...]:
    """Every rule that was asked, in order, the last of which decided. Nobody is asked about parking without a zone."""
    steps: list[tuple[Rule, Finding | None]] = []
    for rule, asked in TABLE:
        if rule in OF_PARKING and not rules.zones:
            continue
        found = asked(arrival, rules)
        steps.append((rule, found))
        if found is not None:
            break
    return tuple(steps)


def _blocked_plate(arrival: Arrival, rules: Rules) -> Finding | None:
    if arrival.plate is None:
        return None
    for blocked in (block for text in arrival.plate.texts for block in rules.blocks_of(text)):
        if blocked.holds_at(arrival.moment.at):
            return Verdict.REFUSE, Reason.BLOCKED_PLATE, arrival.subject
    return None


def _blocked(arrival: Arrival, rules: Rules) -> Finding | None:  # noqa: ARG001
    subject = arrival.subject
    return (Verdict.REFUSE, Reason.BLOCKED, subject) if subject and subject.blocked_at(arrival.moment.at) else None


def _emergency(arrival: Arrival, rules: Rules) -> Finding | None:
    plate = arrival.plate
    if plate is None or plate.doubt is not None or not rules.is_emergency(plate.text, plate.kind):
        return None
    return Verdict.OPEN, Reason.EMERGENCY_VEHICLE, arrival.subject


def _allowed_plate(arrival: Arrival, rules: Rules) -> Finding | None:
    plate = arrival.plate
    if plate is None or plate.doubt is not None:
        return None
    if any(allowed.holds_at(arrival.moment.at) for allowed in rules.allowances_of(plate.text)):
        return Verdict.OPEN, Reason.ALLOWED_PLATE, arrival.subject
    return None


def _set_down(arrival: Arrival, rules: Rules) -> Finding | None:
    """Whoever only sets somebody down leaves again within minutes, or is listed with those who stay too long."""
    if rules.parking.window_car != "open" or _space(arrival, rules) is None:
        return None
    return _service_window(arrival, rules)


def _space(arrival: Arrival, rules: Rules) -> Finding | None:
    """Residents are never asked about it: they come in however full it is."""
    if arrival.subject is not None or not rules.zones:
        return None
    free = 0
    for zone in rules.zones:
        if zone.is_for(visitor=True):
            taken = arrival.parked.in_zone(zone.id)
            if taken is None:
                return Verdict.ASK, Reason.FACTS_MISSING, None
            free += max(0, zone.spaces - taken)
    return None if free else (Verdict.ASK, Reason.PARKING_FULL, None)


def _visitor_pass(arrival: Arrival, rules: Rules) -> Finding | None:
    visit = arrival.visit
    if arrival.subject is not None or visit is None or not _reaches(visit, rules.lane):
        return None
    return Verdict.OPEN, Reason.VISITOR_PASS, None


def _service_window(arrival: Arrival, rules: Rules) -> Finding | None:
    plate = arrival.plate
    if arrival.subject is not None or plate is None:
        return None
    for window in rules.access.window:
        here = not window.lanes or rules.lane in window.lanes
        if here and window.means(plate.text, plate.colour, plate.kind) and open_at(window.hours, arrival.moment):
            return Verdict.OPEN, Reason.SERVICE_WINDOW, None
    return None


def _unknown_vehicle(arrival: Arrival, rules: Rules) -> Finding | None:
    if arrival.subject is not None:
        return None
    # Said only here: a pass for another lane must not shut out a taxi that its window lets in.
    elsewhere = arrival.visit is not None and not _reaches(arrival.visit, rules.lane)
    return Verdict.ASK, Reason.NO_RIGHT_HERE if elsewhere else Reason.UNKNOWN_VEHICLE, None


def _facts(arrival: Arrival, rules: Rules) -> Finding | None:
    subject = arrival.subject
    if subject is None:
        return None
    unplaced = rules.by_building and subject.building is None and not rules.named_closely(subject)
    unwritten = not arrival.history.known and _stops_passback(arrival, rules)
    uncounted = rules.parking.extra_car == "ask" and _needs_place(subject, rules) and arrival.parked.siblings is None
    return (Verdict.ASK, Reason.FACTS_MISSING, subject) if unplaced or unwritten or uncounted else None


def _right_here(arrival: Arrival, rules: Rules) -> Finding | None:
    subject = arrival.subject
    if subject is None or (subject.may_use(rules.lane) and _grants(rules.groups_of(subject), rules.lane)):
        return None
    return Verdict.ASK, Reason.NO_RIGHT_HERE, subject


def _right_ended(arrival: Arrival, rules: Rules) -> Finding | None:
    subject = arrival.subject
    if subject is None or subject.until is None:
        return None
    if arrival.moment.at - subject.until < timedelta(days=rules.access.grace_days):
        return None
    return Verdict.ASK, Reason.RIGHT_ENDED, subject


def _hours(arrival: Arrival, rules: Rules) -> Finding | None:
    subject = arrival.subject
    if subject is None:
        return None
    if any(open_at(plan, arrival.moment) for _, plan in plans_of(subject, rules)):
        return None
    return Verdict.ASK, Reason.OUTSIDE_HOURS, subject


class Source(StrEnum):
    """Whose hours hold; each has its words under `hours_of.<code>`."""

    OWN = "own"
    HOUSEHOLD = "household"
    GROUP = "group"
    LANE = "lane"


def plans_of(subject: Subject, rules: Rules) -> list[tuple[Source, Sequence[Spanning]]]:
    """The week plans of which one has to hold, and whose they are: those of the closest that says any."""
    if subject.hours:
        return [(Source.OWN, subject.hours)]
    groups = [group for group in rules.groups_of(subject) if not group.lanes or rules.lane in group.lanes]
    if subject.home_hours and not (rules.names(subject) and any(group.hours for group in groups)):
        return [(Source.HOUSEHOLD, subject.home_hours)]
    said = [(Source.GROUP, group.hours) if group.hours else (Source.LANE, rules.hours) for group in groups]
    return [*said] or [(Source.LANE, rules.hours)]


def _passback(arrival: Arrival, rules: Rules) -> Finding | None:
    if not _inside_already(arrival, rules) or not _stops_passback(arrival, rules):
        return None
    return Verdict.ASK, Reason.PASSED_ALREADY, arrival.subject


def _places(arrival: Arrival, rules: Rules) -> Finding | None:
    if rules.parking.extra_car != "ask" or not _places_taken(arrival, rules):
        return None
    return Verdict.ASK, Reason.PLACES_TAKEN, arrival.subject


def _known(arrival: Arrival, rules: Rules) -> Finding | None:
    subject = arrival.subject
    if subject is None:
        return None
    return Verdict.OPEN, _known_as(arrival, rules, subject), subject


def _known_as(arrival: Arrival, rules: Rules, subject: Subject) -> Reason:
    """The reason that tells the guard the most; a plate to compare comes first."""
    if arrival.plate is not None and arrival.plate.doubt is not None:
        return Reason.LOOKALIKE_VEHICLE
    if _inside_already(arrival, rules):
        return Reason.PASSBACK_WARNED
    if subject.until is not None and arrival.moment.at >= subject.until:
        return Reason.IN_GRACE
    if _places_taken(arrival, rules):
        return Reason.EXTRA_CAR
    return Reason.KNOWN_RESIDENT if arrival.plate is None else Reason.KNOWN_VEHICLE


def _stops_passback(arrival: Arrival, rules: Rules) -> bool:
    """Whether who is inside already is asked about: a plate in doubt may well be another car's."""
    doubtful = arrival.plate is not None and arrival.plate.doubt is not None
    return rules.access.passback == "hard" or (rules.access.passback == "soft" and doubtful)


def _inside_already(arrival: Arrival, rules: Rules) -> bool:
    """Whether the same way was taken last, neither just now nor too long ago."""
    history, access = arrival.history, rules.access
    if access.passback == "off" or history.last != rules.direction or history.at is None:
        return False
    age = arrival.moment.at - history.at
    # A row from the future: the clock was set back, and it is taken for a moment ago.
    return timedelta(seconds=access.passback_after_s) < age < timedelta(hours=access.passback_forgiven_h)


def _needs_place(subject: Subject, rules: Rules) -> bool:
    """Whether this is one of a household's cars that is about to take one of its places."""
    return subject.kind is SubjectKind.VEHICLE and bool(rules.zones)


def _places_taken(arrival: Arrival, rules: Rules) -> bool:
    subject, parked = arrival.subject, arrival.parked
    if subject is None or parked.siblings is None or not _needs_place(subject, rules):
        return False
    return parked.siblings >= (rules.parking.places if parked.places is None else parked.places)


def _reaches(visit: Visit, lane: str) -> bool:
    return visit.lanes is None or lane in visit.lanes


def _grants(groups: tuple[Group, ...], lane: str) -> bool:
    return not groups or any(not group.lanes or lane in group.lanes for group in groups)


TABLE: tuple[tuple[Rule, Callable[[Arrival, Rules], Finding | None]], ...] = (
    (Rule.BLOCKED_PLATE, _blocked_plate),
    (Rule.BLOCKED, _blocked),
    (Rule.EMERGENCY, _emergency),
    (Rule.ALLOWED_PLATE, _allowed_plate),
    (Rule.SET_DOWN, _set_down),
    (Rule.SPACE, _space),
    (Rule.VISITOR_PASS, _visitor_pass),
    (Rule.SERVICE_WINDOW, _service_window),
    (Rule.UNKNOWN_VEHICLE, _unknown_vehicle),
    (Rule.FACTS, _facts),
    (Rule.RIGHT_HERE, _right_here),
    (Rule.RIGHT_ENDED, _right_ended),
    (Rule.HOURS, _hours),
    (Rule.PASSBACK, _passback),
    (Rule.PLACES, _places),
    (Rule.KNOWN, _known),
)
"""The order in which the rules are asked; the last answers whatever the others left."""
