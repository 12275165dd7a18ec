"""Everything the pages share: the gate they watch, who is signed in, who listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Annotated
from zoneinfo import ZoneInfo

from anyio import CapacityLimiter
from fastapi import Depends, Request

from enrollment.accounts import Accounts
from enrollment.finding import Finder
from enrollment.register import Register
from enrollment.second_factor import SecondFactor
from gate.archive import Archive
from gate.community.postroom import PostRoom
from gate.community.registers.registers import Registers
from gate.config import Console
from gate.console.audit.searches import Searches
from gate.console.devices import Devices
from gate.console.enrolment.intake_desk import IntakeDesk
from gate.console.enrolment.photo_desk import PhotoDesk
from gate.console.listeners import Listeners
from gate.console.lobby import Lobby
from gate.console.looks import Looks
from gate.console.metrics import Metrics
from gate.console.opening import Openings
from gate.console.patrol.desk import PatrolDesk
from gate.console.questions import Questions
from gate.console.session_keeper import SessionKeeper
from gate.console.sessions import Session, Sessions
from gate.console.tickets import Tickets
from gate.console.watch import Watch
from gate.erasure import Certificate
from gate.parking.room import ParkingRoom
from gate.pin_tries import PinTries
from gate.privacy import Handling
from gate.shift_notes import ShiftNotes
from gate.texts import Language
from gate.throttle import Throttle

SESSION_COOKIE = "menwei_session"
LANGUAGE_COOKIE = "menwei_lang"
DEVICE_COOKIE = "menwei_device"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of everything there may be.

    A session ends after `idle_s` without an open page, and with the first request after its account was changed. A
    database that does not answer is asked again after `account_retry_s` only, so that the guard can work while it is
    repaired. A stream gives a sign of life and looks whether its session lasts at least every `beat_s`.

    Five wrong passwords for one name from one address are free, thirty from one address for whatever names, and twenty
    for one name from everywhere; whoever goes on waits for longer and longer, up to 15 minutes, for others' guesses
    at most `longest_account_wait_s`. A browser that the account was signed in from before is counted by itself. Five
    wrong codes after a right password are free, and ten wrong codes of residents' phones from one address. After five
    wrong tries at a pad it waits, as `gate.pin_tries` says. Two passwords are checked at a time, because each check
    takes tens of megabytes by design.

    Whoever rings again at a pad is heard after `longest_ring_wait_s` at the latest.

    Whoever came to the gate is taken to wait for `waits_s`, as long as an opening by hand counts as the answer
    (`gate.ledger.openings.NEARBY_S`).
    """

    idle_s: float = 1800.0
    account_retry_s: float = 30.0
    beat_s: float = 15.0
    sessions: int = 200
    listeners: int = 64
    failures_per_name: int = 5
    failures_per_address: int = 30
    failures_per_account: int = 20
    longest_account_wait_s: float = 60.0
    wrong_codes: int = 5
    wrong_links: int = 10
    longest_ring_wait_s: float = 10.0
    remembered_failures: int = 10_000
    checks_at_once: int = 2
    recent: int = 100
    waits_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Office:
    """The register, and what finds a household in it.

    `photos` judges photos and is None where no lane knows faces; `intake` takes in whole compounds; `erase` takes a
    subject, an actor and the version that was seen, and erases everywhere. `large` is held while something large is
    decoded, so that it is one at a time.
    """

    register: Register
    finder: Finder
    photos: PhotoDesk | None = None
    erase: Callable[[str, str, int], Certificate] | None = None
    intake: IntakeDesk | None = None
    large: Lock = field(default_factory=Lock)


@dataclass(frozen=True, slots=True)
class Sources:
    """The registers that push to us; `wake` has one of them looked at."""

    registers: Registers
    wake: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of one console."""

    watch: Watch
    accounts: Accounts
    second_factor: SecondFactor
    settings: Console
    zone: ZoneInfo
    bounds: Bounds
    sessions: Sessions
    session_keeper: SessionKeeper | None
    names: Throttle
    addresses: Throttle
    guesses: Throttle
    codes: Throttle
    links: Throttle
    pin_tries: PinTries
    rings: Throttle
    devices: Devices
    tickets: Tickets
    checking: CapacityLimiter
    listeners: Listeners
    wall: Callable[[], datetime]
    looks: Looks
    questions: Questions
    openings: Openings
    shift_notes: ShiftNotes | None
    metrics: Metrics
    archive: Archive | None
    office: Office | None
    lobby: Lobby | None
    handling: Callable[[], Handling] | None
    post_room: PostRoom | None
    sources: Sources | None
    patrol: PatrolDesk | None
    parking: ParkingRoom | None
    searches: Searches

    def sign_out(self, session: Session) -> None:
        """End a session and every stream that it listens to, and wait half a second at most for the database."""
        self.sessions.close(session.key)
        self.listeners.wake_soon()
        if self.session_keeper is not None:
            self.session_keeper.signed_out(session.key)

    def end_account(self, account_id: str) -> None:
        """End every sign-in of an account here at once; another box finds out with its next request."""
        self.sessions.close_account(account_id)
        self.listeners.wake_soon()


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _session(request: Request) -> Session:
    session: Session = request.state.session
    return session


def _language(request: Request) -> Language:
    language: Language = request.state.language
    return language


TheDesk = Annotated[Desk, Depends(_desk)]
SignedIn = Annotated[Session, Depends(_session)]
"""The session of a route that is not public; `access.admit` has seen to it that there is one."""
InLanguage = Annotated[Language, Depends(_language)]
