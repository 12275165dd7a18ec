"""Who is signed in is still so after a restart, for no longer than before, and by the token alone."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select

from enrollment.accounts import Account, Accounts, Role
from enrollment.database import open_database, reading
from enrollment.errors import StoreBusy
from enrollment.sign_in_tables import SignInRow
from enrollment.sign_ins import STRAY, SignIns
from gate.console import session_keeper
from gate.console.session_keeper import EVERY_S, SessionKeeper
from gate.console.sessions import Sessions
from tests.databases import Database
from tests.gate.console.staff import PASSWORD, CheapHasher

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
LASTS_S, IDLE_S = 36_000.0, 1800.0


BOXES = itertools.count(1)


@dataclass
class Machine:
    """A machine's clocks: the one on the wall can be set, the other cannot and says nothing over a restart."""

    engine: Engine
    wall: datetime = NOON
    now_s: float = 500.0

    def wait(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.now_s += seconds

    def box(self, name: str = "a", limit: int = 200) -> tuple[Sessions, SessionKeeper]:
        """A gate that has just been started and has looked once whom it knows."""
        numbers = itertools.count(1)
        sessions = Sessions(
            lasts_s=LASTS_S,
            idle_s=IDLE_S,
            limit=limit,
            now=lambda: self.now_s,
            token=lambda: f"{name}-token-{next(numbers)}-{self.now_s}",
        )
        keeper = SessionKeeper(sessions, SignIns(self.engine, name, lambda: self.wall))
        keeper.turn()
        return sessions, keeper

    def rows(self) -> list[SignInRow]:
        with reading(self.engine) as session:
            return list(session.scalars(select(SignInRow).order_by(SignInRow.id)))


@pytest.fixture
def machine(database: Database) -> Machine:
    return Machine(database.open())


@pytest.fixture
def accounts(machine: Machine) -> Accounts:
    return Accounts(machine.engine, lambda *_: None, hasher=CheapHasher())


@pytest.fixture
def guard(accounts: Accounts) -> Account:
    accounts.add("chief", PASSWORD, Role.ADMIN, "t")
    return accounts.add("laowang", PASSWORD, Role.GUARD, "t")


def test_a_sign_in_goes_on_after_a_kill_with_the_same_forms_and_the_same_end(machine: Machine, guard: Account) -> None:
    sessions, keeper = machine.box()
    token = sessions.open(guard)
    before = sessions.find(token)
    keeper.turn()
    machine.wait(900)
    machine.now_s = 7.0  # a machine that was started again counts anew
    sessions, keeper = machine.box()
    after = sessions.find(token)
    assert before
    assert after
    assert (after.key, after.account, after.username, after.role) == (before.key, guard.id, "laowang", Role.GUARD)
    assert after.csrf == before.csrf
    assert after.ends_s == pytest.approx(7.0 + LASTS_S - 900)
    for _ in range(40):
        machine.wait(900)
        keeper.turn()
        if sessions.find(token) is None:
            break
    assert machine.wall == NOON + timedelta(seconds=LASTS_S)


def test_the_database_signs_nobody_in(machine: Machine, guard: Account) -> None:
    sessions, keeper = machine.box()
    token = sessions.open(guard)
    keeper.turn()
    [row] = machine.rows()
    found = sessions.find(token)
    assert found
    kept = [str(value) for value in (row.id, row.account_id, row.version, row.box)]
    assert token not in kept
    assert found.csrf not in kept
    assert [sessions.find(value) for value in kept] == [None] * 4


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts: accounts.set_password("laowang", f"another {PASSWORD}", "t"),
        lambda accounts: accounts.set_role("laowang", Role.AUDITOR, "t"),
        lambda accounts: accounts.disable("laowang", "t"),
        lambda accounts: accounts.end_sessions("laowang", "t"),
        lambda accounts: (accounts.disable("laowang", "t"), accounts.enable("laowang", "t")),
    ],
    ids=["password", "role", "disabled", "ended", "disabled for a while"],
)
def test_what_ends_the_sign_ins_of_an_account_ends_those_of_before_the_restart(
    machine: Machine, guard: Account, accounts: Accounts, change: Callable[[Accounts], Any]
) -> None:
    sessions, keeper = machine.box()
    token = sessions.open(guard)
    keeper.turn()
    change(accounts)
    sessions, _ = machine.box()
    assert sessions.find(token) is None
    assert machine.rows() == []


@pytest.mark.parametrize(("down_s", "goes_on"), [(IDLE_S - 1, True), (IDLE_S, False)])
def test_a_gate_that_was_away_for_too_long_has_forgotten(
    machine: Machine, guard: Account, *, down_s: float, goes_on: bool
) -> None:
    sessions, keeper = machine.box()
    token = sessions.open(guard)
    keeper.turn()
    machine.wait(down_s)
    assert (machine.box()[0].find(token) is not None) is goes_on


def test_a_clock_that_went_back_ends_every_sign_in(machine: Machine, guard: Account) -> None:
    sessions, keeper = machine.box()
    unused = sessions.open(guard)
    machine.wait(EVERY_S * 5)
    used = sessions.open(guard)
    keeper.turn()
    machine.wall -= timedelta(seconds=EVERY_S)
    after, _ = machine.box()
    assert (after.find(unused), after.find(used)) == (None, None)
    assert machine.rows() == []


def test_a_clock_that_is_set_while_the_gate_runs_moves_no_end(machine: Machine, guard: Account) -> None:
    for hours in (-9, 9):
        sessions, keeper = machine.box()
        token = sessions.open(guard)
        keeper.turn()
        machine.wall += timedelta(hours=hours)
        machine.wait(EVERY_S)
        assert sessions.find(token)
        keeper.turn()
        again, _ = machine.box()
        session = again.find(token)
        assert session
        assert session.ends_s == pytest.approx(machine.now_s + LASTS_S - EVERY_S)


@pytest.fixture(scope="module")
def staffed(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of one guard."""
    engine = open_database(shutil.copy(migrated, tmp_path_factory.mktemp("staffed") / "menwei.db"))
    Accounts(engine, lambda *_: None, hasher=CheapHasher()).add("laowang", PASSWORD, Role.GUARD, "t")
    yield engine
    engine.dispose()


@given(
    st.lists(
        st.tuples(st.floats(0, 7200), st.floats(0, 1800), st.floats(-7200, 7200)),
        min_size=1,
        max_size=12,
    )
)
def test_no_restarts_and_no_clock_make_a_sign_in_longer(
    staffed: Engine, acts: list[tuple[float, float, float]]
) -> None:
    """Run, be away for a while, and find the clock moved: forward as if away for longer, back as if before."""
    machine, name = Machine(staffed), f"box {next(BOXES)}"
    account = Accounts(staffed, lambda *_: None).find("laowang")
    assert account
    sessions, keeper = machine.box(name)
    token, lived_s = sessions.open(account), 0.0
    for runs_s, away_s, moved_s in acts:
        for _ in range(int(runs_s // 600) + 1):
            keeper.turn()
            step_s = runs_s / (int(runs_s // 600) + 1)
            machine.wait(step_s)
            lived_s += step_s
            if sessions.find(token) is None:
                return
            assert lived_s < LASTS_S
        keeper.turn(0.0)
        machine.wait(away_s)
        # Set back while the gate is away, the clock says nothing of it once it is past the last moment on record.
        machine.wall += timedelta(seconds=moved_s if moved_s > 0 or -moved_s > away_s else 0)
        lived_s += away_s
        sessions, keeper = machine.box(name)


def test_whoever_signed_out_is_out_though_the_gate_is_killed_at_once(machine: Machine, guard: Account) -> None:
    sessions, keeper = machine.box()
    keeper.start()
    token = sessions.open(guard)
    session = sessions.find(token)
    assert session
    sessions.close(session.key)
    assert keeper.signed_out(session.key)
    assert machine.rows() == []
    assert machine.box()[0].find(token) is None
    keeper.stop()


def test_a_database_that_is_busy_signs_nobody_out_and_holds_up_nobody(
    machine: Machine, guard: Account, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_keeper, "SIGN_OUT_S", 0.01)
    monkeypatch.setattr(session_keeper, "BUSY_S", 0.05)
    sessions, keeper = machine.box()
    keeper.start()
    staying, leaving = sessions.open(guard), sessions.open(guard)
    keeper.stop()
    assert len(machine.rows()) == 2
    keeper = SessionKeeper(sessions, SignIns(machine.engine, "a", lambda: machine.wall))
    keeper.start()
    with database.held():
        gone = sessions.find(leaving)
        assert gone
        sessions.close(gone.key)
        assert not keeper.signed_out(gone.key)
        assert sessions.find(leaving) is None
        late = sessions.open(guard)
        machine.wait(EVERY_S)
        assert sessions.find(staying)
    keeper.stop()
    keeper.turn()
    again, _ = machine.box()
    assert [again.find(token) is not None for token in (staying, leaving, late)] == [True, False, True]


def test_whom_a_busy_database_does_not_tell_of_at_the_start_is_known_later(
    machine: Machine, guard: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, keeper = machine.box()
    token = sessions.open(guard)
    keeper.turn()
    monkeypatch.setattr(SignIns, "living", _refuse)
    machine.wait(1)
    sessions, keeper = machine.box()
    assert sessions.find(token) is None
    early = sessions.open(guard)
    assert keeper.turn() == session_keeper.BUSY_S
    monkeypatch.undo()
    keeper.turn()
    assert sessions.find(token)
    assert sessions.find(early)
    assert len(machine.rows()) == 2


def _refuse(_sign_ins: SignIns) -> None:
    raise StoreBusy("store.locked")


def test_uses_are_written_once_a_minute_and_not_with_every_request(machine: Machine, guard: Account) -> None:
    sessions, keeper = machine.box()
    token = sessions.open(guard)
    keeper.turn()
    written: list[str] = []
    event.listen(machine.engine, "before_cursor_execute", lambda *said: written.append(said[2].split()[0]))
    for _ in range(300):
        machine.wait(1)
        assert sessions.find(token)
        keeper.turn()
    assert written.count("UPDATE") == 300 / EVERY_S
    assert written.count("DELETE") == 300 / EVERY_S


def test_the_last_uses_are_written_when_the_gate_stops(machine: Machine, guard: Account) -> None:
    sessions, keeper = machine.box()
    keeper.start()
    token = sessions.open(guard)
    machine.wait(EVERY_S / 2)
    assert sessions.find(token)
    keeper.stop()
    assert [row.used_at for row in machine.rows()] == [machine.wall]


def test_no_more_come_back_than_there_may_be_and_the_last_used_ones_do(machine: Machine, guard: Account) -> None:
    sessions, keeper = machine.box()
    tokens = []
    for _ in range(5):
        tokens.append(sessions.open(guard))
        machine.wait(1)
    keeper.turn()
    sessions, keeper = machine.box(limit=2)
    keeper.turn()
    assert [sessions.find(token) is not None for token in tokens] == [False, False, False, True, True]
    assert len(machine.rows()) == 2


def test_ended_ones_are_deleted(machine: Machine, guard: Account) -> None:
    sessions, keeper = machine.box()
    sessions.open(guard)
    keeper.turn()
    machine.wait(IDLE_S)
    keeper.turn()
    assert machine.rows() == []


def test_two_boxes_on_one_database_know_their_own(machine: Machine, guard: Account) -> None:
    (here, keeper), (there, other) = machine.box("a"), machine.box("b")
    token, elsewhere = here.open(guard), there.open(guard)
    keeper.turn()
    other.turn()
    keeper.turn()
    here, _ = machine.box("a")
    assert here.find(token)
    assert here.find(elsewhere) is None
    assert [row.box for row in machine.rows()].count("b") == 1
    # A box that never comes back leaves nothing for good.
    machine.wait(LASTS_S + STRAY.total_seconds() + 1)
    here, keeper = machine.box("a")
    here.open(guard)
    keeper.turn()
    assert [row.box for row in machine.rows()] == ["a"]
