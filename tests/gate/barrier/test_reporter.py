"""Acts reach the record in order, whatever the record does."""

from __future__ import annotations

import threading

from structlog.testing import capture_logs

from gate.barrier.act import ActKind, BarrierAct
from gate.barrier.reporter import Reporter
from gate.barrier.standing import State
from gate.errors import LedgerUnwritable


def _act(number: int) -> BarrierAct:
    return BarrierAct(ActKind.OPENED, State.OPENING, State.OPEN, "barrier.up", float(number))


class Record:
    """A ledger that can be full, and can fail in ways nobody foresaw."""

    def __init__(self) -> None:
        self.rows: list[float] = []
        self.full = False
        self.odd = False

    def __call__(self, act: BarrierAct) -> None:
        if self.full:
            raise LedgerUnwritable("ledger.disk_full")
        if self.odd:
            raise ZeroDivisionError
        self.rows.append(act.at_s)


def test_acts_are_delivered_in_order_and_once() -> None:
    record = Record()
    reporter = Reporter("arm", record)
    reporter.report(_act(number) for number in range(5))
    assert reporter.deliver()
    assert reporter.deliver()
    assert record.rows == [0, 1, 2, 3, 4]


def test_acts_wait_while_the_record_refuses_and_the_log_says_it_once_each_way() -> None:
    record = Record()
    reporter = Reporter("arm", record)
    record.full = True
    with capture_logs() as logs:
        for number in range(3):
            reporter.report([_act(number)])
            assert not reporter.deliver()
        assert reporter.waiting == 3
        record.full = False
        assert reporter.deliver()
    assert record.rows == [0, 1, 2]
    assert [line["event"] for line in logs] == ["barrier.acts_waiting", "barrier.acts_recorded_again"]


def test_what_waits_is_bounded_and_the_loss_is_counted() -> None:
    record = Record()
    reporter = Reporter("arm", record, limit=3)
    reporter.report(_act(number) for number in range(10))
    assert (reporter.waiting, reporter.dropped) == (3, 7)
    reporter.deliver()
    assert record.rows == [7, 8, 9]


def test_an_act_dropped_while_it_is_being_recorded_takes_no_other_with_it() -> None:
    rows: list[float] = []

    def slow(act: BarrierAct) -> None:
        rows.append(act.at_s)
        if act.at_s == 0:
            reporter.report(_act(number) for number in range(1, 4))

    reporter = Reporter("arm", slow, limit=3)
    reporter.report([_act(0)])
    reporter.deliver()
    assert rows == [0, 1, 2, 3]


def test_an_error_nobody_foresaw_costs_one_act_only() -> None:
    record = Record()
    reporter = Reporter("arm", record)
    record.odd = True
    reporter.report([_act(0)])
    with capture_logs() as logs:
        assert reporter.deliver()
    record.odd = False
    reporter.report([_act(1)])
    reporter.deliver()
    assert record.rows == [1]
    assert [line["event"] for line in logs] == ["barrier.act_not_taken"]


def test_the_thread_delivers_and_ends() -> None:
    came = threading.Event()
    reporter = Reporter("arm", lambda _: came.set())
    reporter.start()
    reporter.report([_act(0)])
    assert came.wait(10)
    reporter.stop(10)
    assert reporter.waiting == 0


def test_stopping_with_a_full_disk_ends_and_says_what_was_not_recorded() -> None:
    record = Record()
    record.full = True
    reporter = Reporter("arm", record)
    reporter.start()
    reporter.report([_act(0), _act(1)])
    with capture_logs() as logs:
        reporter.stop(10)
    assert [line["acts"] for line in logs if line["event"] == "barrier.acts_not_recorded"] == [2]


def test_a_listener_may_command_the_barrier_that_it_listens_to() -> None:
    reporter = Reporter("arm", lambda act: reporter.report([_act(1)]) if act.at_s == 0 else None)
    reporter.report([_act(0)])
    assert reporter.deliver()
    assert reporter.waiting == 0
