"""What is left to do for each person of a household."""

from __future__ import annotations

from enum import StrEnum

from enrollment.consent import Purpose
from enrollment.entry import Resident
from gate.console.desk import Desk, Office


class Step(StrEnum):
    """The next thing to do for somebody; each has its words under `enrolment_step.<step>`."""

    CONSENT = "consent"
    PHOTO = "photo"
    WAY_IN = "way_in"
    DONE = "done"


def next_step(desk: Desk, office: Office, person: Resident) -> Step:
    """Nobody is done without a way in: a face, or a card, PIN or QR code. Who has declined is not asked again."""
    if person.templates:
        return Step.DONE
    asked = office.register.consents.of(person.id)
    living = {one.purpose for one in asked if one.alive(desk.wall())}
    if Purpose.FACE_ENTRY in living and office.photos is not None:
        return Step.PHOTO
    if office.register.credentials.of(person.id):
        return Step.DONE
    return Step.WAY_IN if asked else Step.CONSENT


def address_of(step: Step, person: Resident) -> str:
    """Where the step is done."""
    home = f"/enrolment/people/{person.id}"
    return {Step.CONSENT: f"{home}/consent", Step.PHOTO: f"{home}/photo"}.get(step, home)


def onward(desk: Desk, office: Office, resident_id: str, household: str) -> str:
    """Where to go once a step of a person is done: their next one, or the household, where the next person stands."""
    person = office.register.find(resident_id)
    if isinstance(person, Resident) and (step := next_step(desk, office, person)) is not Step.DONE:
        return address_of(step, person)
    return household
