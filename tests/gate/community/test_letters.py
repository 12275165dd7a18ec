from __future__ import annotations

from gate.community.letters import Group, Which
from gate.community.queue import Outcome
from tests.gate.community.conftest import START, Gate


def _die(gate: Gate, code: str) -> None:
    queue = gate.queue()
    died = [(row, code, {"address": "x", "why": "y"}) for row in queue.oldest(0, 100)]
    queue.settle(Outcome(died=died), START)


def test_letters_are_grouped_paged_sent_again_and_given_up(gate: Gate) -> None:
    gate.passes("a", "b", "c")
    _die(gate, "community.refused")
    gate.notes("barrier.alarm", barrier="arm", cause="forced")
    _die(gate, "community.failed")
    box = gate.letters()
    assert box.groups() == [
        Group("decision", "community.refused", 3),
        Group("barrier.alarm", "community.failed", 1),
    ]
    assert [letter.seq for letter in box.page(most=3)] == [4, 3, 2]
    assert [letter.seq for letter in box.page(Which(kind="decision"), before=3)] == [2, 1]
    assert (box.find(2), box.find(9)) == (box.page(before=3, most=1)[0], None)
    assert box.resend(Which(seqs=(1,)), "t", START) == 1
    assert box.set_aside(Which(code="community.failed"), "t", "演练", START) == 1
    assert box.resend(Which(seqs=(1,)), "t", START) == 0
    assert [letter.seq for letter in box.page()] == [3, 2]
    assert [row.seq for row in gate.queue().oldest(0, 9)] == [1]
    assert box.resend(Which(), "t", START) == 2
    assert not box.groups()
