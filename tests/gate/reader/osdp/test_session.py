"""A panel and its readers, without a wire: coming online, reading, and everything that goes wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import ReaderFault
from gate.reader.osdp.keys import Keys
from gate.reader.osdp.line import REPLY_S, ROUND_S
from gate.reader.osdp.packet import Finder, Packet
from gate.reader.osdp.session import Session
from gate.reader.osdp.simulated import SimulatedReader, Trouble
from gate.reader.osdp.words import Command, Reply
from gate.reader.reader import CardBits, CardText, Condition, Feedback, KeysPressed, Misread, ReaderState
from tests.gate.reader.direct import KEY, Bench

CARD, OTHER = 0x2A00A42, 0x1234567
SECURE = {0: Keys(KEY)}


def cards(events: object) -> list[int]:
    return [event.number for event in events if isinstance(event, CardBits)]  # type: ignore[attr-defined]


def secure() -> Bench:
    bench = Bench(SimulatedReader(0, KEY), keys=SECURE)
    bench.run()
    assert bench.standing().secure
    return bench


def test_a_reader_comes_online_and_its_cards_keys_and_contacts_are_told() -> None:
    bench = Bench(reader := SimulatedReader(0))
    bench.run()
    assert (bench.standing().state, bench.standing().secure) == (ReaderState.ONLINE, False)
    assert "00-16-4D" in bench.standing().model
    reader.present(CARD, 26)
    reader.present_text("0310381122")
    reader.press("3*2#")
    events = bench.run()
    assert cards(events) == [CARD]
    assert [event.text for event in events if isinstance(event, CardText)] == ["0310381122"]
    assert [event.keys for event in events if isinstance(event, KeysPressed)] == ["3*2#"]
    assert all(event.at_s <= bench.clock.now_s for event in events if isinstance(event, CardBits))
    reader.tamper(opened=True)
    bench.run()
    assert bench.standing().tampered
    reader.tamper(opened=False)
    bench.run()
    assert not bench.standing().tampered


def test_a_reader_with_a_key_is_spoken_to_in_secret_and_shows_what_it_is_told() -> None:
    bench = secure()
    (reader,) = bench.readers
    reader.present(CARD, 26)
    assert cards(bench.run()) == [CARD]
    assert not any(CARD.to_bytes(4)[1:] in told for told in bench.wire.written)
    for feedback in Feedback:
        bench.line.answer("r0", feedback)
        bench.run()
    assert reader.shown == list(Feedback)
    assert reader.beeps == len(Feedback)


def test_readers_of_one_line_live_and_die_alone() -> None:
    first, second, third = SimulatedReader(1), SimulatedReader(2, KEY), SimulatedReader(3)
    third.trouble = Trouble.SILENT
    bench = Bench(first, second, third, keys={2: Keys(KEY)})
    bench.run(5)
    states = [bench.standing(f"r{number}").state for number in (1, 2, 3)]
    assert states == [ReaderState.ONLINE, ReaderState.ONLINE, ReaderState.LOST]
    assert bench.standing("r3").fault == "reader.silent"
    first.present(CARD, 26)
    second.present(OTHER, 26)
    assert sorted(cards(bench.run())) == sorted((CARD, OTHER))
    third.trouble = None
    bench.run(20)
    assert bench.standing("r3").state is ReaderState.ONLINE


def test_a_line_never_waits_for_more_than_one_answer_before_it_tells_what_happened() -> None:
    silent = [SimulatedReader(number) for number in range(1, 5)]
    for reader in silent:
        reader.trouble = Trouble.SILENT
    bench = Bench(SimulatedReader(0), *silent)
    for _ in range(200):
        began_s = bench.clock.now_s
        bench.line.events()
        assert bench.clock.now_s - began_s <= max(REPLY_S, ROUND_S) + 1e-6
    assert bench.line._sessions["r0"].condition.state is ReaderState.ONLINE


def test_a_lost_reader_is_told_once_and_comes_back() -> None:
    bench = secure()
    (reader,) = bench.readers
    reader.trouble = Trouble.SILENT
    told = [event for event in bench.run(10) if isinstance(event, Condition)]
    assert [event.fault for event in told] == ["reader.silent"]
    reader.trouble = None
    bench.run(20)
    assert bench.standing().secure


def test_a_card_read_while_the_reader_was_cut_off_opens_nothing() -> None:
    bench = secure()
    (reader,) = bench.readers
    reader.trouble = Trouble.SILENT
    bench.run(5)
    reader.present(CARD, 26)
    reader.trouble = None
    events = bench.run(20)
    assert cards(events) == []
    assert Misread("r0", "late") in events
    reader.present(OTHER, 26)
    assert cards(bench.run()) == [OTHER]


@pytest.mark.parametrize("trouble", [Trouble.NOISE, Trouble.WRONG_CRC])
def test_a_bad_line_tells_no_wrong_card(trouble: Trouble) -> None:
    bench = secure()
    (reader,) = bench.readers
    reader.trouble = trouble
    reader.present(CARD, 26)
    assert cards(bench.run()) == ([CARD] if trouble is Trouble.NOISE else [])
    assert any(isinstance(event, Misread) for event in bench.seen) or trouble is Trouble.NOISE


def test_a_reader_of_which_only_damage_arrives_is_told_from_one_that_is_silent() -> None:
    for spoilt, fault in ((lambda back: bytes(len(back)), "reader.garbled"), (lambda _back: b"", "reader.silent")):
        bench = Bench(SimulatedReader(0))
        bench.wire.spoil = spoilt
        bench.run(2)
        assert bench.standing().fault == fault


def test_two_readers_with_one_address_are_no_silent_one() -> None:
    bench = Bench(SimulatedReader(0))
    other = SimulatedReader(0, KEY)

    def collide(back: bytes) -> bytes:
        if not back:
            return back
        (asked,) = Finder().feed(bench.wire.written[-1])
        return bytes(one & two for one, two in zip(back, other.answer(asked) or b"", strict=False))

    bench.wire.spoil = collide
    bench.run(3)
    assert bench.standing().fault == "reader.garbled"


def test_an_adapter_that_hears_itself_makes_no_damage_of_a_silent_reader() -> None:
    bench = Bench(SimulatedReader(0))
    bench.wire.spoil = lambda back: bench.wire.written[-1] if back else b""
    bench.run(2)
    assert bench.standing().fault == "reader.silent"


def test_an_answer_that_is_lost_is_asked_for_again_and_the_card_comes_once() -> None:
    bench = secure()
    (reader,) = bench.readers
    reader.present(CARD, 26)
    lost = iter((True,))
    bench.wire.spoil = lambda back: b"" if back and next(lost, False) else back
    assert cards(bench.run()) == [CARD]
    assert bench.standing().state is ReaderState.ONLINE


def test_a_reader_whose_power_failed_is_spoken_to_anew() -> None:
    bench = secure()
    (reader,) = bench.readers
    reader.cut()
    bench.run()
    reader.present(CARD, 26)
    assert cards(bench.run()) == [CARD]
    assert bench.standing().secure


def test_a_replayed_card_is_refused_and_counted() -> None:
    bench = secure()
    (reader,) = bench.readers
    reader.present(CARD, 26)
    assert cards(bench.run()) == [CARD]
    reader.trouble = Trouble.REPLAY
    events = bench.run()
    assert cards(events) == []
    assert Misread("r0", "forged") in events
    reader.trouble = None
    bench.run(20)
    assert bench.standing().state is ReaderState.ONLINE


def test_with_a_key_nothing_is_believed_that_came_in_the_clear() -> None:
    bench = secure()

    def forged(back: bytes) -> bytes:
        for packet in Finder().feed(back):
            if packet.code != Reply.NAK:
                card = b"\0\1" + (26).to_bytes(2, "little") + (CARD << 6).to_bytes(4)
                return Packet(0, packet.sequence, Reply.RAW, card, reply=True).encoded()
        return back

    bench.wire.spoil = forged
    assert cards(bench.run(10)) == []


@pytest.mark.parametrize(
    ("reader", "keys", "fault"),
    [
        (SimulatedReader(0, bytes(16)), Keys(KEY), "reader.key_refused"),
        (SimulatedReader(0, fresh=True), Keys(KEY), "reader.key_refused"),
        (SimulatedReader(0), Keys(KEY), "reader.not_secure"),
        (SimulatedReader(0, KEY), Keys(), "reader.wants_a_key"),
        (SimulatedReader(0, bytes(16)), Keys(KEY, install=True), "reader.key_refused"),
    ],
)
def test_keys_that_do_not_fit_are_told_and_nothing_is_read(reader: SimulatedReader, keys: Keys, fault: str) -> None:
    bench = Bench(reader, keys={0: keys})
    reader.present(CARD, 26)
    bench.run(5)
    assert (bench.standing().state, bench.standing().fault) == (ReaderState.LOST, fault)
    assert cards(bench.seen) == []


def test_a_new_reader_gets_its_key_while_it_is_installed_and_needs_no_install_afterwards() -> None:
    reader = SimulatedReader(0, fresh=True)
    bench = Bench(reader, keys={0: Keys(KEY, install=True)})
    bench.run()
    assert bench.standing().secure
    assert reader.key == KEY
    assert not any(KEY in told for told in bench.wire.written)
    again = Bench(reader, keys=SECURE)
    again.run()
    assert again.standing().secure


def test_an_old_reader_that_knows_checksums_alone_is_found_out() -> None:
    bench = Bench(reader := SimulatedReader(0, checksums_only=True))
    bench.run(5)
    assert bench.standing().state is ReaderState.ONLINE
    reader.present(CARD, 26)
    assert cards(bench.run()) == [CARD]


def test_a_reader_without_lamp_and_buzzer_stays_online() -> None:
    bench = Bench(SimulatedReader(0, has_lamp=False))
    bench.run()
    asked_before = len(bench.wire.written)
    for _ in range(3):
        bench.line.answer("r0", Feedback.ACCEPTED)
        bench.run()
    assert bench.standing().state is ReaderState.ONLINE
    asked = [packet.code for told in bench.wire.written[asked_before:] for packet in Finder().feed(told)]
    assert asked.count(Command.LED) == asked.count(Command.BUZ) == 1, "it is not asked again for what it cannot do"


def test_contacts_are_asked_for_as_not_every_reader_tells_of_them_by_itself() -> None:
    bench = secure()
    (reader,) = bench.readers
    reader._tampered = True
    bench.run(0.5)
    assert not bench.standing().tampered
    bench.run(15)
    assert bench.standing().tampered


def test_a_key_that_cannot_be_read_costs_its_own_reader_alone() -> None:
    def gone() -> Keys:
        raise ReaderFault("password.unreadable", path="gone.key", why="no such file")

    session = Session("r0", 0, gone)
    with pytest.raises(ReaderFault):
        session.command()
    (told,) = session.unusable(ReaderFault("password.unreadable", path="gone.key", why="none"), 1.0)
    assert isinstance(told, Condition)
    assert (told.fault, dict(told.facts)["path"]) == ("password.unreadable", "gone.key")


def test_no_key_shows_in_a_text() -> None:
    assert KEY.hex() not in repr(Keys(KEY))
    assert repr(KEY) not in repr(Keys(KEY))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=20), st.booleans())
def test_whatever_comes_instead_of_answers_raises_nothing_and_is_no_card(noise: list[bytes], keyed: bool) -> None:
    bench = Bench(SimulatedReader(0, KEY if keyed else None), keys=SECURE if keyed else {})
    bench.run(1)
    told = iter(noise)
    bench.wire.spoil = lambda back: next(told, b"") if back else b""
    assert cards(bench.run(6)) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(0x40, 0xFF), st.binary(max_size=40))
def test_whatever_a_reader_says_in_the_right_form_raises_nothing(code: int, data: bytes) -> None:
    bench = Bench(reader := SimulatedReader(0))
    bench.run(1)
    reader._say(code, data)  # type: ignore[arg-type]
    bench.run(2)
