"""What the record tells of a passage that waits: who it may be, what people did about it, which opening answered it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from enrollment.act import Act
from enrollment.candidate import Candidate, Subject, SubjectKind
from enrollment.database import reading, writing
from enrollment.form import PersonForm
from enrollment.keyring import Keyring
from enrollment.register import Register
from gate.console.watch import AnswerView, MeantView, RingView
from gate.ledger.ledger import Chain, Passage
from gate.ledger.openings import answered, opened_by
from gate.ledger.tables import LedgerRow, PassageRow
from gate.passages import answers, meant, recent, rings
from tests.databases import Database

BEGIN = datetime(2026, 2, 17, 15, 10, tzinfo=UTC)


@pytest.fixture
def engine(database: Database) -> Engine:
    return database.open()


@pytest.fixture
def register(engine: Engine) -> Register:
    def nowhere(_session: object, _act: Act) -> None:
        return

    return Register(engine, Keyring(bytes(range(32))), nowhere)


def pass_by(engine: Engine, name: str, seconds: int, subject: str | None = None, **details: Any) -> None:
    at = BEGIN + timedelta(seconds=seconds)
    passage = Passage(name, at, "men", "ask", "too_close_to_call", subject, "rules", details)
    with writing(engine) as session:
        chain = Chain(session)
        chain.add_passage(passage, None)
        chain.flush()


def act(engine: Engine, kind: str, seconds: int, actor: str = "id-guard", **body: str) -> None:
    with writing(engine) as session:
        chain = Chain(session)
        chain.add_note(BEGIN + timedelta(seconds=seconds), kind, {"lane": "men", "actor": actor, **body})
        chain.flush()


def pairs(engine: Engine) -> dict[str, str]:
    """Which passage each opening by hand answered, by what stands in the rows."""
    with reading(engine) as session:
        found = answered(session, most=9)
        names = dict(session.execute(select(PassageRow.seq, PassageRow.id)).all())
        acts = dict(session.execute(select(LedgerRow.seq, LedgerRow.at)).all())
    return {str(acts[opened])[17:19]: str(names[passage]) for opened, passage in found.items()}


def test_an_opening_answers_what_the_guard_was_asked_and_else_what_was_last_decided(engine: Engine) -> None:
    pass_by(engine, "first", 0)
    pass_by(engine, "second", 5)
    act(engine, "manual.open", 10, "id-one", passage="first")
    act(engine, "manual.open", 11, "id-two")
    act(engine, "manual.open", 12, "id-ring", passage="a-ring")
    assert pairs(engine) == {"10": "first", "11": "second"}
    with reading(engine) as session:
        seqs = dict(session.execute(select(PassageRow.id, PassageRow.seq)).all())
        assert opened_by(session, seqs.values()) == {seqs["first"]: "id-one", seqs["second"]: "id-two"}


def test_an_answer_after_a_long_call_still_belongs_to_its_question(engine: Engine) -> None:
    pass_by(engine, "first", 0)
    act(engine, "manual.open", 299, passage="first")
    act(engine, "manual.open", 300)
    assert list(pairs(engine).values()) == ["first"]


def test_what_people_did_is_read_from_the_record(engine: Engine) -> None:
    act(engine, "manual.open", 1)
    act(engine, "manual.refuse", 2, passage="first")
    act(engine, "manual.open", 3, passage="second")
    act(engine, "manual.close", 4)
    told = answers(engine, BEGIN + timedelta(seconds=2))
    assert told == (
        AnswerView(BEGIN + timedelta(seconds=2), "men", opened=False, question="first"),
        AnswerView(BEGIN + timedelta(seconds=3), "men", opened=True, question="second"),
    )


def test_what_the_barrier_did_not_take_answers_nobody(engine: Engine) -> None:
    act(engine, "manual.open", 1, passage="first", command_id="id-guard:1")
    act(engine, "barrier", 2, act="refused", command_id="id-guard:1")
    act(engine, "manual.open", 3, passage="first", command_id="id-guard:2")
    assert [one.at.second for one in answers(engine, BEGIN)] == [BEGIN.second + 3]


def test_a_passage_tells_that_its_barrier_kept_shut(engine: Engine, register: Register) -> None:
    act(engine, "barrier", 0, act="refused", cause="barrier.locked_down", command_id="long-ago")
    pass_by(engine, "first", 0)
    act(engine, "barrier", 1, act="refused", cause="barrier.in_fault", command_id="first")
    pass_by(engine, "second", 2)
    act(engine, "barrier", 3, act="commanded", cause="passage", command_id="second")
    told = {one.id: one.kept_shut for one in recent(engine, (), register, 9)}
    assert told == {"first": "barrier.in_fault", "second": None}


def test_a_barrier_that_stands_in_no_lane_was_opened_for_nobody(engine: Engine) -> None:
    act(engine, "manual.open", 1, lane="", barrier="spare")
    assert answers(engine, BEGIN) == ()


def test_who_rang_is_read_from_the_record(engine: Engine) -> None:
    for seconds, ring in ((1, "early"), (2, "late")):
        act(engine, "ring", seconds, passage=ring)
    assert rings(engine, BEGIN + timedelta(seconds=2)) == (RingView(BEGIN + timedelta(seconds=2), "men", "late"),)


def test_a_candidate_is_whom_it_was_decided_for_or_whom_the_face_resembles_enough(
    engine: Engine, register: Register
) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "id-enroller")
    candidate = dataclasses.asdict(Candidate(Subject(person.id, SubjectKind.RESIDENT, ""), 0.6, 0.59, 9))
    pass_by(engine, "decided", 0, person.id)
    pass_by(engine, "resembled", 1, rests_on={"evidence": {"candidate": candidate}})
    candidate["subject"]["id"] = ""
    pass_by(engine, "a-stranger", 2, rests_on={"evidence": {"candidate": candidate}})
    pass_by(engine, "nobody-enrolled", 3, rests_on={"evidence": {"candidate": None}})
    for name in ("decided", "resembled"):
        assert meant(engine, register, name) == MeantView(person.id, "resident", "张三", "3-2-501")
    for name in ("a-stranger", "nobody-enrolled", "a-ring"):
        assert meant(engine, register, name) is None
    register.remove(person.id, "id-admin")
    assert meant(engine, register, "decided") is None


def test_a_vehicle_is_told_with_what_was_read_where_one_character_was_in_doubt(
    engine: Engine, register: Register
) -> None:
    car = register.add_vehicle("辽A12345", "3-2-501", "id-enroller")
    doubt = {"position": 7, "read": "S", "enrolled": "5", "other": "S", "share": 0.6, "together": 0.9}
    pass_by(engine, "doubtful", 0, car.id, doubt=doubt)
    pass_by(engine, "sure", 1, car.id)
    assert meant(engine, register, "doubtful") == MeantView(car.id, "vehicle", "辽A12345", "3-2-501", "辽A1234S")
    assert meant(engine, register, "sure") == MeantView(car.id, "vehicle", "辽A12345", "3-2-501")
