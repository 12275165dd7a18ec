"""Notices to a household's phones: a car is in the way, or somebody stands at the gate.

Either side learns nothing of the other: the household reads what is asked and at which lane, staff read the answer and
never whose it was. An answer is data; it opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, Engine, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from enrollment import directory
from enrollment.act import Act, FactValue, Record
from enrollment.change import new_id
from enrollment.database import purge, reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.household import HouseholdCode
from enrollment.notice import ANSWERS, Answer, Notice, NoticeKind
from enrollment.notice_tables import NoticeRow
from enrollment.tables import HouseholdRow, PassRow, PhoneRow, ResidentRow, TenancyRow, VehicleRow

CALL_LASTS = timedelta(minutes=4)
"""Whoever waits at a gate does not wait for longer; after that the guard decides alone."""
MOVE_LASTS = timedelta(hours=24)
MOST_CALLS = 6
"""Calls to one household within `CALLS_WITHIN`: nobody's phone is to be rung all day."""
CALLS_WITHIN = timedelta(hours=1)
MOST_MOVES = 6
"""Notices about one vehicle within `MOVES_WITHIN`."""
MOVES_WITHIN = timedelta(days=1)
JUST = timedelta(minutes=10)
"""So long after it was sent a call with its answer stays before the guard's eyes."""
SHOWN = timedelta(days=1)
"""So long after it was sent a notice stays on the household's page."""
KEPT_DAYS = 7
LONGEST_PLACE = 60
TABLE = NoticeRow.__tablename__


class Notices:
    """Sends, answers and closes. Each change raises `StoreBusy` when the database does not take it.

    `phone_lasts` is how long an unused phone stays signed in (`Phones`): a household without one is told nothing.
    """

    def __init__(
        self,
        engine: Engine,
        record: Record,
        *,
        phone_lasts: timedelta = timedelta(days=30),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._record = record
        self._phone_lasts = phone_lasts
        self._now = now

    def ask_to_move(self, vehicle_id: str, actor: str, place: str | None = None) -> Notice:
        """Ask a vehicle's household to move it, saying where it stands.

        Raises:
            NotEnrolled: `register.nobody`, there is no such vehicle.
            EntryRefused: `notice.car_asked` (a notice about it is open), `notice.car_often`, `notice.place_long`,
                `notice.nobody_reached` (nobody of the household has the page on a phone; nothing was sent).
        """
        with writing(self._engine) as session:
            car = session.get(VehicleRow, vehicle_id)
            if car is None or car.household_id is None:
                raise NotEnrolled("register.nobody", id=vehicle_id)
            return self._move(session, car.household_id, actor, place, vehicle_id=vehicle_id)

    def ask_host_to_move(self, pass_id: str, actor: str, place: str | None = None) -> Notice:
        """Ask the household that made a pass to have its guest's car moved.

        Raises:
            NotEnrolled: `pass.none`.
            EntryRefused: `notice.no_host` (the staff made the pass), and as `ask_to_move`.
        """
        with writing(self._engine) as session:
            guest = session.get(PassRow, pass_id)
            if guest is None or guest.forgotten_at is not None:
                raise NotEnrolled("pass.none", id=pass_id)
            if guest.household_id is None:
                raise EntryRefused("notice.no_host")
            return self._move(session, guest.household_id, actor, place, pass_id=pass_id)

    def call(self, household_id: str, lane: str, actor: str) -> Notice:
        """Tell a household that somebody stands at a lane for it.

        Raises:
            NotEnrolled: `notice.no_household`.
            EntryRefused: `notice.already_called` (from this lane, and it is still open), `notice.called_often`,
                `notice.nobody_reached` as `ask_to_move`.
        """
        with writing(self._engine) as session:
            now, calls = self._now(), and_(NoticeRow.household_id == household_id, NoticeRow.kind == NoticeKind.CALL)
            if _counted(session, calls, NoticeRow.lane == lane, NoticeRow.answer.is_(None), *_standing(now)):
                raise EntryRefused("notice.already_called")
            if _counted(session, calls, NoticeRow.sent_at > now - CALLS_WITHIN) >= MOST_CALLS:
                raise EntryRefused("notice.called_often", most=MOST_CALLS)
            return self._send(session, NoticeKind.CALL, household_id, actor, lane=lane)

    def calls(self) -> tuple[Notice, ...]:
        """For the guard: the calls that are open and those of just now with their answers, the newest first."""
        now = self._now()
        with reading(self._engine) as session:
            return _read(session, NoticeRow.kind == NoticeKind.CALL, NoticeRow.sent_at > now - JUST)

    def of_resident(self, resident_id: str) -> tuple[Notice, ...]:
        """The notices of the last day to a resident's household, since the resident lives there; the newest first."""
        now = self._now()
        with reading(self._engine) as session:
            home = _home(session, resident_id, now)
            if home is None:
                return ()
            shown = NoticeRow.household_id == home, NoticeRow.sent_at > now - SHOWN
            return _read(session, *shown, _meant_for(resident_id))

    def waiting(self, resident_id: str) -> tuple[str, ...]:
        """The ids of the notices that wait for this household's answer, the newest first."""
        now = self._now()
        return tuple(one.id for one in self.of_resident(resident_id) if one.open(now) and one.answer is None)

    def asked_about(self, subject_id: str) -> Notice | None:
        """The open notice about the vehicle with this id, or about the guest's car of the pass with this id."""
        with reading(self._engine) as session:
            return next(iter(_read(session, _about(subject_id), *_standing(self._now()))), None)

    def found(self, session: Session, notice_ids: Collection[str]) -> dict[str, Notice]:
        """Those of these notices that were not forgotten, by id, in a session of the caller's."""
        return {one.id: one for one in _read(session, NoticeRow.id.in_(notice_ids))} if notice_ids else {}

    def find(self, notice_id: str) -> Notice | None:
        """A notice that was not forgotten."""
        with reading(self._engine) as session:
            return next(iter(_read(session, NoticeRow.id == notice_id)), None)

    def answer(self, notice_id: str, resident_id: str, answer: Answer) -> Notice:
        """Answer for the household, once.

        Raises:
            NotEnrolled: `notice.none`, there is no such notice to this resident's household.
            EntryRefused: `notice.answered` (somebody of the household has), `notice.over`, `notice.no_such_answer`.
        """
        with writing(self._engine) as session:
            row, now = self._own(session, notice_id, resident_id), self._now()
            if row.answer is not None:
                raise EntryRefused("notice.answered")
            if _over_at(row) <= now:
                raise EntryRefused("notice.over")
            if answer not in ANSWERS[NoticeKind(row.kind)]:
                raise EntryRefused("notice.no_such_answer")
            row.answer, row.answered_by, row.answered_at = answer, resident_id, now
            self._record(session, Act("notice.answered", row.id, resident_id, {"answer": str(answer)}))
            session.flush()
            return _read(session, NoticeRow.id == notice_id)[0]

    def moved(self, notice_id: str, resident_id: str) -> None:
        """The household says that the car is moved, which closes its notice. Raises as `answer`."""
        with writing(self._engine) as session:
            row = self._own(session, notice_id, resident_id)
            if row.kind != NoticeKind.MOVE_CAR:
                raise EntryRefused("notice.no_such_answer")
            self._close(session, row, resident_id)
            row.answer, row.answered_by, row.answered_at = Answer.MOVED, resident_id, row.closed_at

    def close(self, notice_id: str, actor: str) -> None:
        """Staff want nothing any more. Raises `NotEnrolled` (`notice.none`), and `EntryRefused` (`notice.over`)."""
        with writing(self._engine) as session:
            self._close(session, _needed(session, notice_id), actor)

    def forget(self) -> int:
        """Delete what was sent more than `KEPT_DAYS` ago; how many went."""
        with writing(self._engine) as session:
            result = session.execute(delete(NoticeRow).where(NoticeRow.sent_at <= self._now() - timedelta(KEPT_DAYS)))
            gone = result.rowcount if isinstance(result, CursorResult) else 0
        if gone:
            purge(self._engine, (TABLE,))
        return gone

    def _move(self, session: Session, household_id: str, actor: str, place: str | None, **about: str) -> Notice:
        where, now = " ".join((place or "").split()) or None, self._now()
        if len(where or "") > LONGEST_PLACE:
            raise EntryRefused("notice.place_long", most=LONGEST_PLACE)
        (car,) = (_about(one) for one in about.values())
        if _counted(session, car, *_standing(now)):
            raise EntryRefused("notice.car_asked")
        if _counted(session, car, NoticeRow.sent_at > now - MOVES_WITHIN) >= MOST_MOVES:
            raise EntryRefused("notice.car_often", most=MOST_MOVES)
        return self._send(session, NoticeKind.MOVE_CAR, household_id, actor, where, **about)

    def _send(
        self,
        session: Session,
        kind: NoticeKind,
        household_id: str,
        actor: str,
        place: str | None = None,
        **about: str,
    ) -> Notice:
        """Send one `about` a lane, a vehicle or a pass."""
        home, now = session.get(HouseholdRow, household_id), self._now()
        if home is None:
            raise NotEnrolled("notice.no_household")
        if not _phones(session, household_id, now, self._phone_lasts):
            code = HouseholdCode(home.building, home.unit, home.room)
            raise EntryRefused("notice.nobody_reached", household=str(code))
        lasts = CALL_LASTS if kind is NoticeKind.CALL else MOVE_LASTS
        row = NoticeRow(id=new_id(), kind=kind, household_id=household_id, **about)
        row.place, row.sent_by, row.sent_at, row.ends_at = place, actor, now, now + lasts
        session.add(row)
        session.flush()
        facts: dict[str, FactValue] = {"notice": str(kind), "household": household_id, **about}
        self._record(session, Act("notice.sent", row.id, actor, facts))
        return _read(session, NoticeRow.id == row.id)[0]

    def _own(self, session: Session, notice_id: str, resident_id: str) -> NoticeRow:
        row = _needed(session, notice_id)
        if row.household_id != _home(session, resident_id, self._now()):
            raise NotEnrolled("notice.none", id=notice_id)
        return row

    def _close(self, session: Session, row: NoticeRow, actor: str) -> None:
        now = self._now()
        if _over_at(row) <= now:
            raise EntryRefused("notice.over")
        row.closed_at = now
        self._record(session, Act("notice.closed", row.id, actor))


def notices_to(session: Session, resident_id: str) -> tuple[Notice, ...]:
    """Everything that is kept of what was asked of a resident's households, the newest first."""
    return _read(session, _meant_for(resident_id))


def forget_subject(session: Session, subject_id: str) -> int:
    """Delete the notices about a vehicle, and take a resident's id off those that the resident answered; how many."""
    mine = update(NoticeRow).where(NoticeRow.answered_by == subject_id).values(answered_by=None)
    results = (session.execute(mine), session.execute(delete(NoticeRow).where(NoticeRow.vehicle_id == subject_id)))
    return sum(result.rowcount for result in results if isinstance(result, CursorResult))


def tells_of(subject_id: str) -> ColumnElement[bool]:
    """The rows that name a resident or vehicle."""
    return or_(NoticeRow.answered_by == subject_id, NoticeRow.vehicle_id == subject_id)


def _meant_for(resident_id: str) -> ColumnElement[bool]:
    """The rows to a household in which a resident lived when they were sent: those of before are others' business."""
    return exists().where(
        TenancyRow.resident_id == resident_id,
        TenancyRow.household_id == NoticeRow.household_id,
        TenancyRow.starts_at <= NoticeRow.sent_at,
        or_(TenancyRow.ends_at.is_(None), TenancyRow.ends_at > NoticeRow.sent_at),
    )


def _about(subject_id: str) -> ColumnElement[bool]:
    return or_(NoticeRow.vehicle_id == subject_id, NoticeRow.pass_id == subject_id)


def _needed(session: Session, notice_id: str) -> NoticeRow:
    row = session.get(NoticeRow, notice_id)
    if row is None:
        raise NotEnrolled("notice.none", id=notice_id)
    return row


def _read(session: Session, *where: ColumnElement[bool]) -> tuple[Notice, ...]:
    rows = session.execute(
        select(NoticeRow, HouseholdRow)
        .join(HouseholdRow)
        .where(*where)
        .order_by(NoticeRow.sent_at.desc(), NoticeRow.id)
    ).all()
    plates = directory.labels(session, {row.vehicle_id for row, _ in rows if row.vehicle_id})
    passes = {row.pass_id for row, _ in rows if row.pass_id}
    if passes:
        guests = session.execute(select(PassRow.id, PassRow.plate).where(PassRow.id.in_(passes)))
        plates |= {id_: plate for id_, plate in guests if plate}
    return tuple(_notice(row, home, plates.get(row.vehicle_id or row.pass_id or "")) for row, home in rows)


def _notice(row: NoticeRow, home: HouseholdRow, plate: str | None) -> Notice:
    return Notice(
        id=row.id,
        kind=NoticeKind(row.kind),
        household_id=row.household_id,
        household=str(HouseholdCode(home.building, home.unit, home.room)),
        sent_at=row.sent_at,
        over_at=_over_at(row),
        lane=row.lane,
        vehicle_id=row.vehicle_id,
        pass_id=row.pass_id,
        plate=plate,
        place=row.place,
        answer=Answer(row.answer) if row.answer else None,
        answered_at=row.answered_at,
        closed_at=row.closed_at,
    )


def _over_at(row: NoticeRow) -> datetime:
    return row.ends_at if row.closed_at is None else min(row.closed_at, row.ends_at)


def _standing(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return NoticeRow.closed_at.is_(None), NoticeRow.ends_at > now


def _counted(session: Session, *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(NoticeRow).where(*where)) or 0


def _lives_there(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Who speaks for a household: whoever lives there now, and no child under fourteen."""
    stays = exists().where(
        TenancyRow.resident_id == ResidentRow.id,
        TenancyRow.household_id == ResidentRow.household_id,
        TenancyRow.starts_at <= now,
        or_(TenancyRow.ends_at.is_(None), TenancyRow.ends_at > now),
    )
    return (
        ResidentRow.ended_at.is_(None),
        or_(ResidentRow.until.is_(None), ResidentRow.until > now),
        or_(ResidentRow.minor_until.is_(None), ResidentRow.minor_until <= now.date()),
        stays,
    )


def _home(session: Session, resident_id: str, now: datetime) -> str | None:
    found = select(ResidentRow.household_id).where(ResidentRow.id == resident_id, *_lives_there(now))
    return session.scalar(found)


def _phones(session: Session, household_id: str, now: datetime, lasts: timedelta) -> int:
    signed_in = select(func.count(PhoneRow.id)).join(ResidentRow, ResidentRow.id == PhoneRow.resident_id)
    alive = ResidentRow.household_id == household_id, PhoneRow.used_at > now - lasts
    return session.scalar(signed_in.where(*alive, *_lives_there(now))) or 0
