from __future__ import annotations

import random
from datetime import timedelta

import pytest

from enrollment.errors import StoreBusy
from gate.community.delivery import ATTEMPTS, LIVE_S
from gate.community.destination import Away, Failed, Refused
from gate.community.event import Event
from gate.community.letters import Which
from gate.community.queue import Outcome
from gate.errors import GateError
from tests.gate.community.conftest import START, Gate, Hands, Peer

DAYS_S = 86_400.0


def test_events_arrive_once_and_in_order_and_leave_nothing_behind(gate: Gate, hands: Hands) -> None:
    gate.passes("a", "b", None, "a")
    peer = Peer(hands)
    gate.drive(gate.delivery(peer), 3)
    assert [event.subject for event in peer.got] == ["a", "b", None, "a"]
    standing = gate.queue().standing(START)
    assert (standing.waiting, standing.delivered, standing.dead, standing.code) == (0, 4, 0, None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_fifty_thousand_events_of_a_three_day_outage_arrive_while_live_ones_take_seconds(
    gate: Gate, hands: Hands
) -> None:
    down = True
    peer = Peer(hands, each_s=0.005, fault=lambda _event: Away("community.unreachable") if down else None)
    delivery, draw = gate.delivery(peer), random.Random(1)
    subjects = [f"subject-{number}" for number in range(1500)]
    for _ in range(50):
        gate.passes(*(draw.choice(subjects) for _ in range(1000)))
        hands.now_s += 3 * DAYS_S / 50
        delivery.round()
    assert not peer.got
    assert gate.queue().standing(START).waiting == 50_000
    assert gate.queue().standing(START).code == "community.unreachable"
    down = False
    hands.now_s += 61
    live = []
    while gate.queue().standing(START).waiting:
        gate.passes(draw.choice(subjects))
        live.append(gate.number)
        delivery.round()
        hands.now_s += 0.2
    assert len(peer.got) == 50_000 + len(live)
    assert len({event.key for event in peer.got}) == len(peer.got)
    late = [
        peer.late_s[event.key]
        for event in peer.got
        if event.at > hands.wall() - timedelta(days=1) and event.seq > 50_000
    ]
    assert len(late) == len(live) > 100
    assert max(late) < 5
    for subject in subjects[:200]:
        seqs = [event.seq for event in peer.got if event.subject == subject]
        assert seqs == sorted(seqs)


def test_what_happens_now_goes_before_the_backlog_but_not_before_its_own_past(gate: Gate, hands: Hands) -> None:
    gate.passes(*"abcd")
    hands.now_s += LIVE_S + 1
    gate.passes("z", "c")
    peer = Peer(hands)
    gate.delivery(peer).round()
    assert [event.subject for event in peer.got] == ["c", "z", "c", "a", "b", "d"]


def test_a_peer_that_is_away_is_asked_less_and_less_and_told_of_once(gate: Gate, hands: Hands) -> None:
    gate.passes("a")
    peer = Peer(hands, fault=lambda _event: Away("community.unreachable", address="x", why="ConnectError"))
    delivery = gate.delivery(peer)
    gate.drive(delivery, 600)
    assert 10 < peer.calls < 20
    assert gate.queue().standing(START).failing_since is not None
    peer.fault = lambda _event: None
    gate.drive(delivery, 61)
    assert len(peer.got) == 1
    standing = gate.queue().standing(START)
    assert (standing.code, standing.failing_since) == (None, None)


def _not(subject: str, fault: type[GateError]) -> object:
    return lambda event: fault("community.refused", address="x", why="HTTP 422") if event.subject == subject else None


def test_an_event_that_is_refused_while_others_pass_is_a_dead_letter_and_can_be_sent_again(
    gate: Gate, hands: Hands
) -> None:
    gate.passes("a", "bad", "b")
    peer = Peer(hands, fault=_not("bad", Refused))  # type: ignore[arg-type]
    delivery = gate.delivery(peer)
    gate.drive(delivery, 3)
    assert [event.subject for event in peer.got] == ["a", "b"]
    (dead,) = gate.letters().page()
    assert (dead.seq, dead.code, dead.facts["why"]) == (2, "community.refused", "HTTP 422")
    peer.fault = lambda _event: None
    assert gate.letters().resend(Which(seqs=(7,)), "t", START) == 0
    assert gate.letters().resend(Which(seqs=(2,)), "t", START) == 1
    gate.drive(delivery, 3)
    assert [event.subject for event in peer.got] == ["a", "b", "bad"]
    assert not gate.letters().page()


def test_an_event_that_the_peer_stumbles_over_is_tried_again_and_holds_up_only_its_own_subject(
    gate: Gate, hands: Hands
) -> None:
    gate.passes("bad", "a", "bad", "b")
    peer = Peer(hands, fault=_not("bad", Failed))  # type: ignore[arg-type]
    delivery = gate.delivery(peer)
    gate.drive(delivery, 2)
    assert [event.subject for event in peer.got] == ["a", "b"]
    peer.fault = lambda _event: None
    gate.drive(delivery, 30)
    assert [event.seq for event in peer.got] == [2, 4, 1, 3]


def test_an_event_that_never_passes_dies_after_some_attempts(gate: Gate, hands: Hands) -> None:
    gate.passes("bad")
    peer = Peer(hands, fault=_not("bad", Failed))  # type: ignore[arg-type]
    delivery = gate.delivery(peer)
    for _ in range(60):
        gate.passes("good")
        for _ in range(2):
            delivery.round()
            hands.now_s += 60
    (dead,) = gate.letters().page()
    assert dead.attempts == ATTEMPTS
    assert len(peer.got) == 60


@pytest.mark.parametrize("fault", [Failed, Refused])
def test_a_peer_that_refuses_everything_for_days_costs_no_event(
    gate: Gate, hands: Hands, fault: type[GateError]
) -> None:
    gate.passes(*(f"subject-{number}" for number in range(300)))
    peer = Peer(hands, fault=lambda _event: fault("community.failed"))
    delivery = gate.delivery(peer)
    gate.drive(delivery, 400)
    assert gate.queue().standing(START).code == "community.failed"
    peer.fault = lambda _event: None
    gate.drive(delivery, 60)
    assert len(peer.got) == 300
    assert gate.queue().standing(START).dead == 0


def test_many_refused_events_at_the_head_do_not_keep_the_others_back(gate: Gate, hands: Hands) -> None:
    gate.passes(*(["bad"] + [f"bad-{number}" for number in range(20)] + [f"good-{number}" for number in range(20)]))
    peer = Peer(hands, fault=lambda event: Refused("community.refused") if "bad" in (event.subject or "") else None)
    delivery = gate.delivery(peer)
    gate.drive(delivery, 60)
    assert len(peer.got) == 20
    for _ in range(20):
        gate.passes("good")
        gate.drive(delivery, 10)
    assert len(peer.got) == 40
    assert gate.queue().standing(START).dead == 21
    assert gate.queue().standing(START).waiting == 0


def test_a_mapping_that_slips_over_one_event_is_that_events_trouble(gate: Gate, hands: Hands) -> None:
    def slip(event: Event) -> GateError | None:
        if event.subject == "bad":
            raise KeyError("no such field")
        return None

    gate.passes("bad", "a")
    peer = Peer(hands, fault=slip)
    gate.drive(gate.delivery(peer), 3)
    assert [event.subject for event in peer.got] == ["a"]


def test_in_a_batch_only_the_wrong_one_is_left_out(gate: Gate, hands: Hands) -> None:
    gate.passes("a", "bad", "b", "c")
    peer = Peer(hands, batch=10, fault=_not("bad", Refused))  # type: ignore[arg-type]
    gate.drive(gate.delivery(peer), 3)
    assert [event.subject for event in peer.got] == ["a", "b", "c"]
    assert [dead.seq for dead in gate.letters().page()] == [2]


def test_what_was_delivered_is_not_sent_again_where_the_database_refused_to_forget_it(
    gate: Gate, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.passes("a")
    peer = Peer(hands)
    delivery = gate.delivery(peer)
    with monkeypatch.context() as patch:

        def busy(*_args: object) -> None:
            raise StoreBusy("store.locked")

        patch.setattr(delivery._queue, "settle", busy)
        for _ in range(3):
            with pytest.raises(StoreBusy):
                delivery.round()
    gate.drive(delivery, 2)
    assert peer.calls == 1
    assert gate.queue().standing(START).waiting == 0


def test_two_boxes_take_turns_and_the_second_takes_over_from_a_dead_one(gate: Gate, hands: Hands) -> None:
    gate.passes("a")
    one, other = Peer(hands), Peer(hands)
    first, second = gate.delivery(one, holder="one"), gate.delivery(other, holder="other")
    first.round()
    gate.passes("b")
    second.round()
    assert not other.got
    gate.drive(second, 120)
    assert [event.subject for event in other.got] == ["b"]


def test_a_clock_that_was_set_back_by_a_year_keeps_no_event_waiting_for_a_year(gate: Gate, hands: Hands) -> None:
    hands.now_s = 400 * DAYS_S
    gate.passes("a")
    (row,) = gate.queue().oldest(hands.clocks.wall_ms(), 10)
    gate.queue().settle(Outcome(again=[(row, hands.clocks.wall_ms() + 60_000)]), hands.wall())
    hands.now_s = 0.0
    peer = Peer(hands)
    gate.drive(gate.delivery(peer), 3)
    assert len(peer.got) == 1


def test_the_disk_is_bounded_by_rows_and_by_days(gate: Gate, hands: Hands) -> None:
    gate.passes(*(f"subject-{number}" for number in range(30)))
    hands.now_s += 40 * DAYS_S
    gate.passes(*(f"subject-{number}" for number in range(20)))
    assert gate.queue().trim(1000, hands.wall() - timedelta(days=30)) == 30
    assert gate.queue().trim(15, hands.wall() - timedelta(days=30)) == 5
    assert gate.queue().trim(15, hands.wall() - timedelta(days=30)) == 0
    standing = gate.queue().standing(START)
    assert (standing.waiting, standing.dropped) == (15, 35)
    assert [row.seq for row in gate.queue().oldest(hands.clocks.wall_ms(), 1)] == [36]
