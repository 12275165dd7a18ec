"""Who is there stays known, who left is forgotten: by tables and against a plain model of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.lane.presence import AGAIN_S, Presence

REARM_S = 5.0


def test_being_seen_keeps_a_decision_in_force() -> None:
    presence = Presence(REARM_S)
    presence.decided("a", 0.0, settled=True)
    for at_s in range(4, 40, 4):
        presence.see("a", at_s)
    assert presence.settled("a", 36 + REARM_S - 0.1)
    assert not presence.settled("a", 36 + REARM_S)


def test_seeing_somebody_undecided_makes_nothing_known() -> None:
    presence = Presence(REARM_S)
    presence.see("a", 0.0)
    assert not presence.knows("a", 0.0)


def test_an_unsettled_decision_does_not_undo_a_settled_one() -> None:
    presence = Presence(REARM_S)
    presence.decided("a", 0.0, settled=True)
    presence.decided("a", 1.0, settled=False)
    assert presence.settled("a", 2.0)


steps = st.tuples(st.sampled_from(["decide", "see", "look"]), st.sampled_from("ab"), st.floats(0.1, 8))


@given(st.lists(steps, max_size=40))
def test_nobody_is_decided_twice_without_having_been_out_of_sight(history: list[tuple[str, str, float]]) -> None:
    presence, at_s = Presence(REARM_S), 0.0
    last_seen_s: dict[str, float] = {}
    for act, key, later_s in history:
        at_s += later_s
        there = key in last_seen_s and at_s - last_seen_s[key] < REARM_S
        assert presence.settled(key, at_s) == there
        if act == "decide":
            presence.decided(key, at_s, settled=True)
            last_seen_s[key] = at_s
        elif act == "see":
            presence.see(key, at_s)
            if there:
                last_seen_s[key] = at_s


@pytest.mark.parametrize("repeat_s", [0.0, 10.0])
def test_who_was_kept_out_is_decided_about_again_after_a_while_and_not_for_ever(repeat_s: float) -> None:
    presence, at_s, tries = Presence(repeat_s), 100.0, 0
    presence.decided("r1", at_s, settled=True)
    while presence.kept_out("r1", at_s):
        tries += 1
        assert presence.settled("r1", at_s)
        while presence.settled("r1", at_s):
            at_s += 0.5
            presence.see("r1", at_s)
        presence.decided("r1", at_s, settled=True)
    assert tries == len(AGAIN_S)
    presence.see("r1", at_s + 4)
    assert presence.settled("r1", at_s + 8)
    assert not presence.knows("r1", at_s + 15)
