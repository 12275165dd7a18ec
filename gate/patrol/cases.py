"""The cases of badly parked cars: opened, asked about, closed when the car moves, and forgotten after a month."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Engine, or_, select, update
from sqlalchemy.orm import Session

from enrollment.act import Act, FactValue, Record
from enrollment.database import purge, reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.household import HouseholdCode
from enrollment.name import mentions
from enrollment.notice import Notice
from enrollment.notices import Notices
from enrollment.tables import HouseholdRow, PassRow, VehicleRow
from gate.ledger.chain import stamp
from gate.ledger.openings import opened_by
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import PassageRow
from gate.patrol.case import BY_HAND, LONGEST_PLACE, LONGEST_WORDS, Case, CaseForm, Place, Standing, Why
from gate.patrol.tables import PatrolCaseRow

KEPT_DAYS = 30
"""A case of which nothing was heard for a month is none any more, open or not."""
WEEK = timedelta(days=7)
TABLE = PatrolCaseRow.__tablename__
GATE = "gate"
"""Who closes a case whose car has left: nobody pressed anything."""
MOST_LISTED = 300
MOST_PASSAGES = 200
"""A car that was seen so often since its case was opened without leaving does not stand there any more."""


class Cases:
    """Each change raises `StoreBusy` when the database does not take it, and is on record with opaque ids.

    `out_lanes` are the lanes that lead out of the compound.
    """

    def __init__(
        self,
        engine: Engine,
        notices: Notices,
        snapshots: Snapshots,
        record: Record,
        out_lanes: Collection[str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._notices = notices
        self._snapshots = snapshots
        self._record = record
        self._out_lanes = tuple(out_lanes)
        self._now = now

    def open(self, form: CaseForm, actor: str) -> Case:
        """Open a case; one that was opened under the same id before is returned as it is.

        Raises:
            EntryRefused: `patrol.already_open` (its fact `id` is the open case of this plate), `patrol.place_long`,
                `patrol.place_needed` (somewhere else, and not said where).
            LedgerUnwritable: the crop could not be written.
        """
        words = " ".join(form.words.split()) or None
        if len(words or "") > LONGEST_PLACE:
            raise EntryRefused("patrol.place_long", most=LONGEST_PLACE)
        if form.place is Place.OTHER and words is None:
            raise EntryRefused("patrol.place_needed")
        now, before = self._now(), self.find(form.id)
        if before is not None:
            return before
        with reading(self._engine) as session:
            _none_open(session, form.plate)
        snapshot = self._snapshots.keep(form.jpeg, now) if form.jpeg else None
        with writing(self._engine) as session:
            if session.get(PatrolCaseRow, form.id) is None:
                self._open(session, form, words, snapshot, actor, now)
        return self.needed(form.id)

    def ask(self, case_id: str, where: str, actor: str) -> Case:
        """Ask the car's household to move it; `where` is the place in the household's words.

        A notice that is open already is taken for this one's.

        Raises:
            NotEnrolled: `patrol.none`.
            EntryRefused: `patrol.closed`, `patrol.nobody_to_ask`, and as `Notices.ask_to_move`.
        """
        case = self.needed(case_id)
        if not case.open:
            raise EntryRefused("patrol.closed")
        if case.subject_id is None:
            raise EntryRefused("patrol.nobody_to_ask")
        notice = self._notices.asked_about(case.subject_id)
        if notice is None:
            send = self._notices.ask_to_move if self._is_vehicle(case.subject_id) else self._notices.ask_host_to_move
            notice = send(case.subject_id, actor, where)
        with writing(self._engine) as session:
            mine = update(PatrolCaseRow).where(PatrolCaseRow.id == case_id)
            session.execute(mine.values(notice_id=notice.id))
        return self.needed(case_id)

    def close(self, case_id: str, why: Why, words: str, actor: str) -> None:
        """Close a case by hand, or as `MOVED` once the household has answered and somebody went to look.

        Raises:
            NotEnrolled: `patrol.none`.
            EntryRefused: `patrol.closed`, `patrol.not_answered`, `patrol.words_needed`, `patrol.words_long`.
        """
        case, said = self.needed(case_id), " ".join(words.split()) or None
        if why is Why.MOVED and not case.answered:
            raise EntryRefused("patrol.not_answered")
        if why is not Why.MOVED and why not in BY_HAND:
            raise ValueError("only a passage closes a case as left")
        if why is Why.OTHER and said is None:
            raise EntryRefused("patrol.words_needed")
        if len(said or "") > LONGEST_WORDS:
            raise EntryRefused("patrol.words_long", most=LONGEST_WORDS)
        with writing(self._engine) as session:
            row = _needed(session, case_id)
            if row.closed_at is not None:
                raise EntryRefused("patrol.closed")
            self._close(session, row, why, actor, self._now(), words=said)
        self._end_notice(case, actor)

    def reopen(self, case_id: str, actor: str) -> None:
        """The car stands there again, or still. Raises `NotEnrolled`, and `EntryRefused` (`patrol.already_open`)."""
        with writing(self._engine) as session:
            row = _needed(session, case_id)
            _none_open(session, row.plate)
            row.closed_at = row.closed_by = row.closed_why = row.closed_words = row.left_by = row.notice_id = None
            row.since, row.reopened = self._now(), row.reopened + 1
            self._record(session, Act("patrol.reopened", row.id, actor))

    def settle(self) -> int:
        """Close the cases whose cars have left the compound since; how many."""
        with reading(self._engine) as session:
            waiting = session.scalars(select(PatrolCaseRow).where(PatrolCaseRow.closed_at.is_(None))).all()
            left = {row.id: gone for row in waiting if (gone := self._passage_out(session, row)) is not None}
        closed = 0
        for case_id, (passage, at) in left.items():
            case = self.find(case_id)
            with writing(self._engine) as session:
                row = session.get(PatrolCaseRow, case_id)
                if row is not None and row.closed_at is None:
                    self._close(session, row, Why.LEFT, GATE, at, left_by=passage)
                    closed += 1
            if case is not None:
                self._end_notice(case, GATE)
        return closed

    def find(self, case_id: str) -> Case | None:
        """A case that was not forgotten."""
        with reading(self._engine) as session:
            rows = session.scalars(select(PatrolCaseRow).where(PatrolCaseRow.id == case_id)).all()
            return next(iter(self._read(session, rows)), None)

    def needed(self, case_id: str) -> Case:
        """The same. Raises `NotEnrolled` (`patrol.none`)."""
        case = self.find(case_id)
        if case is None:
            raise NotEnrolled("patrol.none", id=case_id)
        return case

    def crop(self, case: Case) -> bytes | None:
        """The plate as photographed, as JPEG; None without a photo, and once the pictures of its day are gone."""
        return None if case.snapshot is None else self._snapshots.look(case.snapshot)

    def open_of(self, plate: str) -> Case | None:
        """The open case about a plate."""
        with reading(self._engine) as session:
            found = PatrolCaseRow.plate == plate, PatrolCaseRow.closed_at.is_(None)
            return next(iter(self._read(session, session.scalars(select(PatrolCaseRow).where(*found)).all())), None)

    def listed(self, within: timedelta = WEEK, closed_by_whom: str | None = None) -> tuple[Case, ...]:
        """The open cases, the longest open first, then those closed `within`, the newest first; 300 at most.

        With `closed_by_whom`, of the closed ones only those which this account opened.
        """
        late = PatrolCaseRow.closed_at > self._now() - within
        if closed_by_whom is not None:
            late &= PatrolCaseRow.opened_by == closed_by_whom
        order = (PatrolCaseRow.closed_at.is_not(None), PatrolCaseRow.closed_at.desc(), PatrolCaseRow.since)
        found = select(PatrolCaseRow).where(or_(PatrolCaseRow.closed_at.is_(None), late)).order_by(*order)
        with reading(self._engine) as session:
            return self._read(session, session.scalars(found.limit(MOST_LISTED)).all())

    def forget(self) -> int:
        """Delete what is older than `KEPT_DAYS`, and what is about a vehicle that was taken off the register.

        How many went; their crops go too.
        """
        gone = select(VehicleRow.id).where(VehicleRow.ended_at.is_not(None))
        old = PatrolCaseRow.since <= self._now() - timedelta(days=KEPT_DAYS)
        with writing(self._engine) as session:
            over = select(PatrolCaseRow).where(or_(old, PatrolCaseRow.subject_id.in_(gone)))
            rows = session.scalars(over).all()
            _delete(session, self._snapshots, rows)
        if rows:
            purge(self._engine, (TABLE,))
        return len(rows)

    def _open(
        self, session: Session, form: CaseForm, words: str | None, snapshot: str | None, actor: str, now: datetime
    ) -> None:
        _none_open(session, form.plate)
        row = PatrolCaseRow(id=form.id, plate=form.plate, plate_read=form.read, standing=form.whose.standing)
        row.subject_id, row.place, row.place_words = form.whose.subject_id, form.place, words
        row.snapshot, row.opened_by, row.opened_at, row.since, row.reopened = snapshot, actor, now, now, 0
        session.add(row)
        session.flush()
        facts: dict[str, FactValue] = {"standing": str(form.whose.standing), "place": str(form.place)}
        facts |= {"car": form.whose.subject_id, "snapshot": snapshot, "as_read": form.read == form.plate}
        self._record(session, Act("patrol.opened", row.id, actor, facts))

    def _close(
        self,
        session: Session,
        row: PatrolCaseRow,
        why: Why,
        actor: str,
        at: datetime,
        *,
        words: str | None = None,
        left_by: str = "",
    ) -> None:
        row.closed_at, row.closed_by, row.closed_why, row.closed_words = at, actor, why, words
        row.left_by = left_by or None
        facts: dict[str, FactValue] = {"why": str(why), **({"left_by": left_by} if left_by else {})}
        self._record(session, Act("patrol.closed", row.id, actor, facts))

    def _end_notice(self, case: Case, actor: str) -> None:
        """Nothing is wanted of the household any more; where its notice is over already, nothing changes."""
        if case.notice is None or not case.notice.open(self._now()):
            return
        with suppress(EntryRefused, NotEnrolled):  # it has ended by itself meanwhile
            self._notices.close(case.notice.id, actor)

    def _passage_out(self, session: Session, row: PatrolCaseRow) -> tuple[str, datetime] | None:
        """The first passage by which the car of a case has left: its id, and when that was.

        A car that was enrolled since is known by its vehicle's id, and its passages hold no plate.
        """
        enrolled = session.scalar(select(VehicleRow.id).where(VehicleRow.plate == row.plate))
        known = {(PassageRow.plate, row.plate), (PassageRow.subject, row.subject_id), (PassageRow.subject, enrolled)}
        ways = [self._out(session, column == value, row.since) for column, value in known if value is not None]
        return min(filter(None, ways), key=lambda way: way[1], default=None)

    def _out(self, session: Session, its: ColumnElement[bool], since: datetime) -> tuple[str, datetime] | None:
        """The same by one of the columns: each has an index of its own in the order of time."""
        columns = PassageRow.seq, PassageRow.id, PassageRow.at, PassageRow.verdict
        later = select(*columns).where(its, PassageRow.at > stamp(since), PassageRow.lane.in_(self._out_lanes))
        passages = session.execute(later.order_by(PassageRow.at, PassageRow.seq).limit(MOST_PASSAGES)).all()
        asked = {one.seq for one in passages if one.verdict != "open"}
        by_hand = opened_by(session, asked) if asked else {}
        left = (one for one in passages if one.verdict == "open" or one.seq in by_hand)
        return next(((one.id, datetime.fromisoformat(one.at)) for one in left), None)

    def _is_vehicle(self, subject_id: str) -> bool:
        with reading(self._engine) as session:
            return session.get(VehicleRow, subject_id) is not None

    def _read(self, session: Session, rows: Sequence[PatrolCaseRow]) -> tuple[Case, ...]:
        homes = _homes(session, {row.subject_id for row in rows if row.subject_id})
        notices = self._notices.found(session, {row.notice_id for row in rows if row.notice_id})
        return tuple(_case(row, homes.get(row.subject_id or ""), notices.get(row.notice_id or "")) for row in rows)


def cases_about(session: Session, vehicle_ids: Collection[str]) -> Sequence[PatrolCaseRow]:
    """The cases about these vehicles, the newest first: what is stored about them beside the register."""
    mine = select(PatrolCaseRow).where(PatrolCaseRow.subject_id.in_(vehicle_ids))
    return session.scalars(mine.order_by(PatrolCaseRow.opened_at.desc())).all()


def forget_subject(
    session: Session, snapshots: Snapshots, subject_id: str, words: Sequence[str], plate: str | None
) -> int:
    """Delete the cases about a vehicle with their crops, and what staff wrote that names somebody; how many."""
    about: ColumnElement[bool] = PatrolCaseRow.subject_id == subject_id
    if plate is not None:
        about = or_(about, PatrolCaseRow.plate == plate)
    rows = session.scalars(select(PatrolCaseRow).where(about)).all()
    _delete(session, snapshots, rows)
    written = 0
    for row in session.scalars(select(PatrolCaseRow)):
        for name in ("place_words", "closed_words"):
            if mentions(getattr(row, name) or "", words):
                setattr(row, name, None)
                written += 1
    session.flush()
    return len(rows) + written


def _delete(session: Session, snapshots: Snapshots, rows: Sequence[PatrolCaseRow]) -> None:
    """Delete cases with their crops."""
    for row in rows:
        if row.snapshot:
            snapshots.erase(row.snapshot)
        session.delete(row)
    session.flush()


def _none_open(session: Session, plate: str) -> None:
    found = select(PatrolCaseRow.id).where(PatrolCaseRow.plate == plate, PatrolCaseRow.closed_at.is_(None))
    other = session.scalar(found.limit(1))
    if other is not None:
        raise EntryRefused("patrol.already_open", id=other)


def _needed(session: Session, case_id: str) -> PatrolCaseRow:
    row = session.get(PatrolCaseRow, case_id)
    if row is None:
        raise NotEnrolled("patrol.none", id=case_id)
    return row


def _homes(session: Session, subject_ids: Collection[str]) -> dict[str, str]:
    """The household of each vehicle and of each pass that has one, by their ids."""
    homes: dict[str, str] = {}
    for table in (VehicleRow, PassRow):
        found = select(table.id, HouseholdRow.building, HouseholdRow.unit, HouseholdRow.room)
        joined = found.join(HouseholdRow, HouseholdRow.id == table.household_id).where(table.id.in_(subject_ids))
        homes |= {id_: str(HouseholdCode(*place)) for id_, *place in session.execute(joined)}
    return homes


def _case(row: PatrolCaseRow, household: str | None, notice: Notice | None) -> Case:
    return Case(
        id=row.id,
        plate=row.plate,
        read=row.plate_read,
        standing=Standing(row.standing),
        subject_id=row.subject_id,
        household=household,
        place=Place(row.place),
        place_words=row.place_words,
        snapshot=row.snapshot,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        since=row.since,
        notice=notice,
        closed_at=row.closed_at,
        closed_why=Why(row.closed_why) if row.closed_why else None,
        closed_words=row.closed_words,
        reopened=row.reopened,
    )
