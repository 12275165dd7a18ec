"""What waits for the guard, without a browser: the passages and rings that put a question, and what ends one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from enrollment.errors import StoreBusy
from gate.barrier.code import Code
from gate.console.errors import RequestRefused
from gate.console.question import KEPT_SHUT, Ending, Question
from gate.console.questions import RETRY_S, Questions
from gate.console.watch import AnswerView, RingView
from gate.decision.decision import Reason, Verdict
from gate.errors import LedgerUnwritable
from tests.gate.console.fake_watch import FakeWatch, passage
from tests.gate.console.staff import START

LASTS_S = 120


class Board:
    """The questions of a gate whose clock a test turns."""

    def __init__(self, watch: FakeWatch) -> None:
        self.watch = watch
        self.now = START
        self.clock_s = 1000.0
        self.held: dict[str, datetime] = {}
        watch.now = lambda: self.now
        self.questions = self.again()

    def again(self) -> Questions:
        """Those of another run of the gate."""
        self.questions = Questions(
            self.watch,
            wall=lambda: self.now,
            lasts_s=LASTS_S,
            held=lambda: dict(self.held),
            now=lambda: self.clock_s,
        )
        return self.questions

    def after(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        self.clock_s += seconds
        return self.now

    def open_by_hand(self, lane: str = "che") -> None:
        self.watch.feed.publish("barrier", lane, self.now, state="opening", fault=None, raised_by="guard")

    def ask(self, number: int, reason: Reason = Reason.UNKNOWN_VEHICLE, **more: str | None) -> None:
        self.watch.pass_by(passage(number, Verdict.ASK, reason, at=self.now, **{"lane": "che", **more}))

    @property
    def ids(self) -> list[str]:
        return [asked.id for asked in self.questions.waiting()]

    def answer(self, question_id: str, how: Ending = Ending.OPENED) -> Question:
        with self.questions.answering(question_id, how, "laowang") as asked:
            return asked

    def told(self) -> list[tuple[str, str]]:
        """Which questions the news say have ended, and how."""
        news = self.watch.feed.after(0, 0)
        return [(one.body["id"], one.body["how"]) for one in news if one.topic == "question"]


@pytest.fixture
def board(watch: FakeWatch) -> Board:
    return Board(watch)


@pytest.mark.parametrize(
    ("verdict", "reason", "waits"),
    [
        (Verdict.ASK, Reason.UNKNOWN_VEHICLE, True),
        (Verdict.ASK, Reason.LIVENESS_DOUBT, True),
        (Verdict.REFUSE, Reason.STRANGER, True),
        (Verdict.REFUSE, Reason.BLOCKED, False),
        (Verdict.REFUSE, Reason.CREDENTIAL_UNKNOWN, False),
        (Verdict.OPEN, Reason.KNOWN_RESIDENT, False),
        (Verdict.IGNORE, Reason.OTHER_WAY, False),
    ],
)
def test_what_the_gate_asks_and_strangers_wait_and_nobody_else(
    board: Board, verdict: Verdict, reason: Reason, waits: bool
) -> None:
    board.watch.pass_by(passage(1, verdict, reason, at=board.now))
    assert bool(board.ids) is waits


def test_the_oldest_stays_on_top_while_others_come(board: Board) -> None:
    for number in range(3):
        board.ask(number, label=f"辽B6789{number}")
        board.after(1)
    assert board.ids == ["passage-0", "passage-1", "passage-2"]


def test_whoever_is_met_again_and_again_is_one_question_with_the_newest_picture(board: Board) -> None:
    for number in range(4):
        board.ask(number, Reason.STRANGER, label=None, snapshot=f"face-{number}")
        board.after(19)
    [asked] = board.questions.waiting()
    assert (asked.id, asked.snapshots) == ("passage-0", ("face-3", "face-2", "face-1"))
    assert asked.until == START + timedelta(seconds=3 * 19 + LASTS_S)
    board.after(2)
    board.ask(9, Reason.STRANGER, label=None)
    assert board.ids == ["passage-0", "passage-9"]


def test_another_lane_or_plate_or_reason_is_another_question(board: Board) -> None:
    board.ask(1, label="辽B67890")
    board.ask(2, label="辽B67891")
    board.ask(3, label="辽B67890", lane="men")
    board.ask(4, Reason.OUTSIDE_HOURS, label="辽B67890")
    assert len(board.ids) == 4


@pytest.mark.parametrize(
    ("refusal", "waits"), [(Code.IN_FAULT, True), (Code.LOCKED_DOWN, True), (Code.INTERLOCKED, False)]
)
def test_whoever_a_barrier_kept_out_waits_until_they_are_let_in(board: Board, refusal: Code, *, waits: bool) -> None:
    known = passage(1, Verdict.OPEN, Reason.KNOWN_RESIDENT, at=board.now, lane="che")
    board.watch.pass_by(replace(known, kept_shut=refusal))
    assert [asked.reason for asked in board.questions.waiting()] == [KEPT_SHUT] * waits
    board.after(2)
    board.watch.pass_by(replace(known, id="passage-2", at=board.now, kept_shut=refusal))
    assert len(board.ids) == waits
    assert board.again().waiting() == board.questions.waiting()
    board.after(2)
    board.watch.pass_by(replace(known, id="passage-3", at=board.now))
    assert board.ids == []


def test_a_question_leaves_by_itself_and_the_pages_are_told(board: Board) -> None:
    board.ask(1)
    board.after(LASTS_S - 1)
    assert board.ids == ["passage-1"]
    board.after(1)
    assert board.ids == []
    assert board.told() == [("passage-1", "late")]


def test_a_ring_is_a_question_of_its_own_or_marks_the_one_who_waits(board: Board) -> None:
    board.watch.ring("men")
    [rang] = board.questions.waiting()
    assert (rang.lane_id, rang.lane_name, rang.reason, rang.rang) == ("men", "东门行人", "rang", True)
    board.ask(1, label="辽B67890")
    board.after(60)
    board.watch.ring("che")
    asked = board.questions.find("passage-1")
    assert asked is not None
    assert asked.rang
    assert asked.until == board.now + timedelta(seconds=LASTS_S)
    assert len(board.ids) == 2


def test_opening_the_lane_by_other_means_ends_its_questions_and_no_others(board: Board) -> None:
    board.ask(1, label="辽B67890")
    board.ask(2, lane="men")
    board.after(1)
    board.watch.turn_barrier("che", "opening", raised_by="passage")
    assert len(board.ids) == 2  # the gate opened for the next comer
    board.watch.feed.publish("barrier", "che", board.now, state="opening", fault=None, raised_by="guard")
    assert board.ids == ["passage-2"]
    assert board.told() == [("passage-1", "opened")]
    board.ask(3, label="辽B67891")
    board.after(1)
    board.watch.feed.publish("barrier", "che", board.now, state="open", fault=None, raised_by="guard")
    assert board.ids == ["passage-2", "passage-3"]  # who came while the arm was still rising
    for state, by in (("closed", None), ("opening", "guard")):
        board.watch.feed.publish("barrier", "che", board.now, state=state, fault=None, raised_by=by)
    assert board.ids == ["passage-2"]


class TestAnswering:
    def test_an_answer_ends_it_and_says_by_whom(self, board: Board) -> None:
        board.ask(1)
        assert board.answer("passage-1", Ending.REFUSED).lane_id == "che"
        assert board.ids == []
        [news] = [one for one in board.watch.feed.after(0, 0) if one.topic == "question"]
        assert dict(news.body) == {"id": "passage-1", "how": "refused", "who": "laowang"}

    def test_one_that_was_answered_or_is_over_takes_no_answer(self, board: Board) -> None:
        board.ask(1)
        board.answer("passage-1")
        for question_id, code in [("passage-1", "console.question_answered"), ("none", "console.question_over")]:
            with pytest.raises(RequestRefused, match=code):
                board.answer(question_id)
        board.ask(2)
        board.after(LASTS_S)
        with pytest.raises(RequestRefused, match=r"console\.question_over"):
            board.answer("passage-2")

    def test_two_at_once_are_one_answer(self, board: Board) -> None:
        board.ask(1)
        with board.questions.answering("passage-1", Ending.OPENED, "laowang"):
            with pytest.raises(RequestRefused, match=r"console\.question_answered"):
                board.answer("passage-1", Ending.REFUSED)
            # The barrier's own news come while the answer is being carried out.
            board.watch.feed.publish("barrier", "che", board.now, state="opening", fault=None, raised_by="guard")
            assert board.ids == ["passage-1"]
        assert board.told() == [("passage-1", "opened")]

    def test_an_answer_that_failed_leaves_it_waiting(self, board: Board) -> None:
        board.ask(1)
        with pytest.raises(LedgerUnwritable), board.questions.answering("passage-1", Ending.OPENED, "laowang"):
            raise LedgerUnwritable("ledger.spool_full")
        board.answer("passage-1")
        assert board.ids == []

    def test_a_call_keeps_it_for_longer(self, board: Board) -> None:
        board.ask(1)
        board.questions.called("passage-1", "notice-1", START + timedelta(minutes=5))
        board.after(LASTS_S + 1)
        assert board.ids == ["passage-1"]
        assert board.questions.called_about("notice-1") == "passage-1"
        board.answer("passage-1")
        assert board.questions.called_about("notice-1") == "passage-1"

    def test_letting_one_in_leaves_the_other_who_waits_there(self, board: Board) -> None:
        board.ask(1, label="辽B67890")
        board.ask(2, label="辽B67891")
        board.answer("passage-1")
        board.open_by_hand()  # the arm begins to rise after the answer has been given
        assert board.ids == ["passage-2"]
        board.watch.feed.publish("barrier", "che", board.after(20), state="closed", fault=None, raised_by=None)
        board.open_by_hand()
        assert board.ids == []

    def test_an_answer_whose_barrier_never_moved_explains_no_later_opening(self, board: Board) -> None:
        board.ask(1, label="辽B67890")
        board.ask(2, label="辽B67891")
        with pytest.raises(LedgerUnwritable), board.questions.answering("passage-1", Ending.OPENED, "laowang"):
            raise LedgerUnwritable("ledger.spool_full")
        board.open_by_hand()
        assert board.ids == []

    def test_the_same_car_waits_under_no_other_reason(self, board: Board) -> None:
        board.ask(1, label="辽B67890")
        board.after(1)
        board.ask(2, Reason.OUTSIDE_HOURS, label="辽B67890")
        board.answer("passage-1", Ending.REFUSED)
        assert board.ids == []

    def test_who_is_known_meanwhile_and_let_in_waits_no_more(self, board: Board) -> None:
        board.ask(1, Reason.TOO_CLOSE_TO_CALL, label="张三", lane="men")
        board.ask(2, Reason.TOO_CLOSE_TO_CALL, label="李四", lane="men")
        board.after(3)
        board.watch.pass_by(passage(3, Verdict.OPEN, at=board.now, label="张三"))
        board.watch.pass_by(passage(4, Verdict.OPEN, at=board.now, label=None))
        assert board.ids == ["passage-2"]
        assert board.told() == [("passage-1", "known")]


class TestClock:
    @pytest.mark.parametrize("step_s", [-3600, 3600])
    def test_a_clock_that_is_set_neither_ends_a_question_nor_keeps_it(self, board: Board, step_s: int) -> None:
        board.ask(1)
        assert board.ids == ["passage-1"]
        board.now += timedelta(seconds=step_s)
        assert board.ids == ["passage-1"]
        board.after(LASTS_S - 1)
        assert board.ids == ["passage-1"]
        board.after(1)
        assert board.ids == []


class TestAfterAStart:
    def test_what_waits_is_there_again_and_what_was_answered_is_not(self, board: Board) -> None:
        board.ask(1, label="辽B67890")
        board.ask(2, label="辽B67891")
        board.ask(3, lane="men")
        board.after(1)
        board.watch.answered = [
            AnswerView(board.now, "che", opened=False, question="passage-2"),
            AnswerView(board.now, "men", opened=True, question=None),
        ]
        board.again()
        assert board.ids == ["passage-1"]
        with pytest.raises(RequestRefused, match=r"console\.question_answered"):
            board.answer("passage-2")

    def test_one_that_was_answered_does_not_come_back_because_it_was_met_again(self, board: Board) -> None:
        for number in range(8):
            board.ask(number, Reason.STRANGER, label=None)
            board.after(18)
        board.watch.answered = [AnswerView(board.now, "che", opened=False, question="passage-0")]
        board.again()
        assert board.ids == []

    def test_one_that_waits_for_a_call_is_kept(self, board: Board) -> None:
        board.ask(1)
        board.after(LASTS_S + 30)
        assert board.ids == []
        board.held = {"che": board.now + timedelta(minutes=2)}
        board.again()
        assert board.ids == ["passage-1"]

    def test_a_database_that_does_not_answer_is_asked_again_and_news_count_meanwhile(self, board: Board) -> None:
        board.ask(1, label="辽B67890")
        board.watch.fault = StoreBusy("store.busy")
        board.watch.feed = type(board.watch.feed)()
        board.again()
        board.ask(2, label="辽B67891")
        assert board.ids == ["passage-2"]
        board.watch.fault = None
        assert board.ids == ["passage-2"]  # so that nobody waits for it again and again
        board.after(RETRY_S)
        assert sorted(board.ids) == ["passage-1", "passage-2"]

    def test_who_rang_is_there_again_unless_it_was_answered(self, board: Board) -> None:
        board.watch.ring("men")
        board.after(1)
        board.watch.answered = [AnswerView(board.now, "men", opened=True, question="ring-1")]
        board.after(1)
        board.watch.ring("men")
        board.watch.ring("che")
        board.again()
        assert board.ids == ["ring-2", "ring-3"]
        assert [asked.lane_name for asked in board.questions.waiting()] == ["东门行人", "东门车道"]

    def test_other_boxes_lanes_are_not_asked_about_here(self, board: Board) -> None:
        board.watch.pass_by(passage(1, Verdict.ASK, Reason.UNKNOWN_VEHICLE, at=board.now, lane="xi"), unheard=True)
        board.watch.rung = [RingView(board.now, "xi", "ring-1")]
        board.again()
        assert board.ids == []

    def test_news_that_were_missed_are_read_from_the_record(self, board: Board) -> None:
        assert board.ids == []
        board.ask(1)
        for number in range(600):
            board.watch.feed.publish("camera", "men", board.now, state="live", reason=str(number))
        assert board.ids == ["passage-1"]
