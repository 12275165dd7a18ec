from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.reader.tamper import QUIET_S, TamperContact


def test_a_contact_that_opened_counts_until_it_was_closed_for_long() -> None:
    contact = TamperContact()
    contact.see(opened=False, now_s=0.0)
    assert not contact.counts(1.0)
    contact.see(opened=True, now_s=2.0)
    assert contact.counts(2.0)
    contact.see(opened=False, now_s=3.0)
    assert contact.counts(3.0 + QUIET_S - 1)
    assert not contact.counts(3.0 + QUIET_S)


def test_a_reader_that_is_away_does_not_close_its_contact() -> None:
    contact = TamperContact()
    contact.see(opened=True, now_s=0.0)
    contact.see(opened=False, now_s=1.0)
    contact.unseen()
    assert contact.counts(10 * QUIET_S)
    contact.see(opened=False, now_s=10 * QUIET_S)
    assert contact.counts(10 * QUIET_S + 1)
    assert not contact.counts(11 * QUIET_S)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 10)), max_size=200))
def test_however_it_flickers_it_changes_at_most_twice_in_a_quiet_time(seen: list[tuple[bool, float]]) -> None:
    contact, now_s, changes = TamperContact(), 0.0, [False]
    for opened, after_s in seen:
        now_s += after_s
        contact.see(opened=opened, now_s=now_s)
        if contact.counts(now_s) is not changes[-1]:
            changes.append(not changes[-1])
    assert len(changes) - 1 <= 1 + 2 * (now_s // QUIET_S)
