"""What a reader has read, taken to the lane: how often it may be tried, and what the reader shows."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import structlog

from enrollment.card_number import CardNumber, EightDigits
from gate.decision.decision import Verdict
from gate.lane.presented import Presented
from gate.pin_tries import PinTries
from gate.reader import desk as desk_module
from gate.reader.desk import ReaderDesk
from gate.reader.format import wiegand
from gate.reader.reader import CardBits, CardText, Feedback, KeysPressed
from gate.reader.settings import ReaderPart
from gate.throttle import Throttle
from tests.gate.reader.direct import Clock

KNOWN = CardNumber(0x800A42, 24)
STRANGE = CardNumber(0x123456, 24)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "SHORTEST_REFUSAL_S", 0.0)


class Lanes:
    def __init__(self) -> None:
        self.shown: list[tuple[Any, ...]] = []
        self.says = Verdict.OPEN
        self.fails: Exception | None = None
        self.stuck = False

    def card(self, lane_id: str, number: str | CardNumber, eight: EightDigits | None = None) -> Presented:
        self.shown.append((lane_id, number))
        if self.fails:
            raise self.fails
        return self._came(self.says if number in {KNOWN, "0310381122"} else Verdict.REFUSE)

    def pin(self, lane_id: str, household: str, pin: str) -> Presented:
        self.shown.append((lane_id, household, pin))
        return self._came(Verdict.OPEN if pin == "135792" else Verdict.REFUSE)

    def _came(self, verdict: Verdict) -> Presented:
        return Presented(verdict, opened=verdict is Verdict.OPEN and not self.stuck)


class Counter:
    """A desk with everything about it."""

    def __init__(self, pin_tries: PinTries | None = None, **part: object) -> None:
        self.clock, self.lanes = Clock(), Lanes()
        self.answers: list[Feedback] = []
        self.misread: list[str] = []
        self.answered = threading.Event()
        self.desk = ReaderDesk(
            ReaderPart.model_validate({"id": "r", "url": "osdp+tcp://192.0.2.1:4001", "lane": "walk", **part}),
            self.lanes,
            self._answer,
            lambda _reader, why: self.misread.append(why),
            card_tries=Throttle(free=5, limit=100, now=self.clock, longest_delay_s=10),
            pin_tries=pin_tries or PinTries(self.clock),
            clock=self.clock,
        )

    def _answer(self, _reader: str, feedback: Feedback) -> None:
        self.answers.append(feedback)
        self.answered.set()

    def hold(self, card: CardNumber, bits: int = 26) -> Feedback | None:
        """Hold a card to it three seconds after whatever was before; what it shows then."""
        self.clock.now_s += 3
        before = len(self.answers)
        self.desk.take(CardBits("r", wiegand(card, bits), bits, self.clock.now_s))
        return self.answers[-1] if len(self.answers) > before else None

    def put(self, card: CardBits) -> None:
        """Have the desk's own thread take it."""
        self.answered.clear()
        self.desk.put(card)
        assert self.answered.wait(10)

    def type(self, keys: str) -> Feedback | None:
        before = len(self.answers)
        self.desk.take(KeysPressed("r", keys, self.clock.now_s))
        return self.answers[-1] if len(self.answers) > before else None


@pytest.mark.parametrize(
    ("verdict", "shown"),
    [
        (Verdict.OPEN, Feedback.ACCEPTED),
        (Verdict.ASK, Feedback.ASK),
        (Verdict.REFUSE, Feedback.REFUSED),
        (Verdict.IGNORE, Feedback.REFUSED),
    ],
)
def test_the_reader_shows_what_was_decided(verdict: Verdict, shown: Feedback) -> None:
    counter = Counter()
    counter.lanes.says = verdict
    assert counter.hold(KNOWN) is shown
    assert counter.lanes.shown == [("walk", KNOWN)]


def test_the_lamp_is_not_green_where_the_gate_did_not_open_and_no_wrong_try_is_counted() -> None:
    counter = Counter()
    counter.lanes.stuck = True
    for _ in range(9):
        assert counter.hold(KNOWN) is Feedback.ASK
        assert counter.type("3*2*501#135792#") is Feedback.ASK
    assert len(counter.lanes.shown) == 18


def test_a_card_that_is_held_on_was_shown_once() -> None:
    counter = Counter()
    for _ in range(5):
        counter.clock.now_s += 1
        counter.desk.take(CardBits("r", wiegand(KNOWN, 26), 26, counter.clock.now_s))
    assert len(counter.lanes.shown) == 1
    counter.hold(KNOWN)
    assert len(counter.lanes.shown) == 2


def test_wrong_parities_and_other_lengths_are_counted_and_never_passed_on() -> None:
    counter = Counter(formats=(26,))
    counter.desk.take(CardBits("r", wiegand(KNOWN, 26) ^ 1, 26, 0.0))
    counter.desk.take(CardBits("r", wiegand(KNOWN, 34), 34, 0.0))
    assert counter.misread == ["parity", "length"]
    assert counter.answers == [Feedback.REFUSED] * 2
    assert not counter.lanes.shown


def test_the_log_says_once_how_many_bits_a_card_of_an_unknown_format_has() -> None:
    counter = Counter()
    with structlog.testing.capture_logs() as logged:
        for bits in (42, 42, 35, 42):
            counter.desk.take(CardBits("r", 1, bits, 0.0))
    assert [(entry["event"], entry["bits"]) for entry in logged] == [("reader.unknown_format", n) for n in (42, 35)]
    assert counter.misread == ["length"] * 4


def test_over_wiegand_a_number_without_parities_is_taken_only_where_it_is_named() -> None:
    url = {"url": "wiegand+tcp://192.0.2.1:4001"}
    for part, taken in (({}, 0), ({"formats": (32,)}, 1)):
        counter = Counter(**url, **part)
        counter.desk.take(CardBits("r", 0x12800A42, 32, 0.0))
        assert len(counter.lanes.shown) == taken


def test_a_text_that_the_reader_made_goes_the_way_of_a_typed_number() -> None:
    counter = Counter()
    counter.desk.take(CardText("r", "0310381122", 0.0))
    assert counter.lanes.shown == [("walk", "0310381122")]


def test_wrong_cards_make_the_reader_wait_and_not_for_long() -> None:
    counter = Counter()
    for number in range(9):
        assert counter.hold(CardNumber(number, 24)) is Feedback.REFUSED
    tried = len(counter.lanes.shown)
    assert tried < 9
    counter.clock.now_s += 10
    assert counter.hold(KNOWN) is Feedback.ACCEPTED
    assert counter.hold(STRANGE) is Feedback.REFUSED
    assert len(counter.lanes.shown) == tried + 2, "a right one has made good for the wrong ones"


def test_a_resident_and_a_visitor_type_their_pins() -> None:
    counter = Counter()
    assert counter.type("3*2*501#") is None
    assert counter.type("135792#") is Feedback.ACCEPTED
    assert counter.type("12345678#") is Feedback.REFUSED
    assert counter.lanes.shown == [("walk", "3-2-501", "135792"), ("walk", "", "12345678")]


def test_guessing_a_households_pin_is_slowed_down_at_all_readers_together() -> None:
    clock = Clock()
    shared = PinTries(clock)
    counters = [Counter(shared, id=f"r{number}") for number in range(6)]
    for counter in counters:
        counter.type("3*2*501#000000#")
    assert [len(counter.lanes.shown) for counter in counters] == [1] * 5 + [0]
    assert counters[-1].type("03*2*0501#135792#") is Feedback.REFUSED
    assert counters[-1].type("3*2*502#135792#") is Feedback.ACCEPTED


def test_guessing_pins_of_many_households_makes_the_reader_wait() -> None:
    counter = Counter()
    for room in range(501, 509):
        counter.type(f"3*2*{room}#000000#")
    assert len(counter.lanes.shown) == 5
    counter.clock.now_s += 61
    assert counter.type("3*2*509#135792#") is Feedback.ACCEPTED


def test_what_fails_again_and_again_is_logged_once_and_counted() -> None:
    counter = Counter()
    counter.lanes.fails = RuntimeError("made up")
    cards = [CardBits("r", wiegand(CardNumber(number, 24), 26), 26, counter.clock.now_s) for number in range(4)]
    with structlog.testing.capture_logs() as logged:
        counter.desk.start()
        for card in cards[:3]:
            counter.put(card)
        counter.lanes.fails = None
        counter.put(cards[3])
        counter.desk.stop()
    assert [entry["event"] for entry in logged] == ["reader.not_taken", "reader.taken_again"]
    assert logged[0]["why"].startswith("RuntimeError, test_desk.py:")
    assert counter.misread == ["not_taken"] * 3
    assert counter.answers == [Feedback.ASK] * 3 + [Feedback.REFUSED]


def test_what_waits_too_long_and_what_is_too_much_is_not_shown_to_the_lane() -> None:
    counter = Counter()
    for number in range(20):
        counter.desk.put(CardBits("r", wiegand(CardNumber(number, 24), 26), 26, counter.clock.now_s - 10))
    assert counter.answers == [Feedback.REFUSED] * 12
    counter.answered.clear()
    counter.desk.start()
    try:
        counter.lanes.fails = RuntimeError("made up")
        while not counter.desk._waiting.empty():
            assert counter.desk._thread.is_alive()
        counter.desk.put(CardBits("r", wiegand(KNOWN, 26), 26, counter.clock.now_s))
        assert counter.answered.wait(10)
        assert counter.answers[-1] is Feedback.ASK, "a slip costs that read alone, and the guard is there"
        counter.lanes.fails = None
        counter.answered.clear()
        counter.desk.put(CardBits("r", wiegand(STRANGE, 26), 26, counter.clock.now_s))
        assert counter.answered.wait(10)
        assert counter.lanes.shown == [("walk", KNOWN), ("walk", STRANGE)]
    finally:
        counter.desk.stop()
