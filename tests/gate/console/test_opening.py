from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.console.errors import RequestRefused
from gate.console.opening import REMEMBERED, Openings, OpenReason, Order, spoken_reason
from gate.console.questions import Questions
from gate.errors import BarrierFault
from tests.gate.console.fake_watch import FakeWatch, barrier_fault
from tests.gate.console.staff import START


def openings_of(watch: FakeWatch) -> Openings:
    return Openings(watch, Questions(watch, wall=lambda: START, lasts_s=120))


@pytest.mark.parametrize(
    ("choice", "words", "reason"),
    [
        (OpenReason.VISITOR, "", "visitor"),
        (OpenReason.VISITOR, "  ", "visitor"),
        (OpenReason.DELIVERY, "送水", "delivery: 送水"),
        (OpenReason.OTHER, " 搬家 ", "other: 搬家"),
        (OpenReason.OTHER, "送水　三桶", "other: 送水　三桶"),
        (OpenReason.OTHER, "x" * 200, f"other: {'x' * 200}"),
    ],
)
def test_a_reason_is_its_code_and_the_guards_words(choice: OpenReason, words: str, reason: str) -> None:
    assert spoken_reason(choice, words) == reason


@given(st.sampled_from(OpenReason), st.text(max_size=250))
def test_every_reason_that_is_taken_is_one_printable_line_with_its_code(choice: OpenReason, words: str) -> None:
    try:
        reason = spoken_reason(choice, words)
    except RequestRefused:
        return
    assert reason.replace("\u3000", " ").isprintable()
    assert reason == choice or reason.startswith(f"{choice}: ")
    assert len(reason) <= len(choice) + 2 + 200


def test_an_order_is_carried_out_once(watch: FakeWatch) -> None:
    openings = openings_of(watch)
    order = Order("men", "id-guard", "visitor", "request-1")
    assert [openings.give(order).repeated for _ in range(3)] == [False, True, True]
    assert len(watch.opened) == 1


def test_two_people_may_have_the_same_request_id(watch: FakeWatch) -> None:
    openings = openings_of(watch)
    for actor in ("id-guard", "id-admin"):
        assert not openings.give(Order("men", actor, "visitor", "request-1")).repeated


@pytest.mark.parametrize(
    "other",
    [Order("che", "id-guard", "visitor", "request-1"), Order("men", "id-guard", "delivery", "request-1")],
)
def test_an_id_stands_for_one_order_only(watch: FakeWatch, other: Order) -> None:
    openings = openings_of(watch)
    openings.give(Order("men", "id-guard", "visitor", "request-1"))
    with pytest.raises(RequestRefused, match=r"console\.request_reused"):
        openings.give(other)


def test_an_order_that_failed_may_be_given_again(watch: FakeWatch) -> None:
    openings = openings_of(watch)
    order = Order("men", "id-guard", "visitor", "request-1")
    watch.fault = barrier_fault()
    with pytest.raises(BarrierFault):
        openings.give(order)
    watch.fault = None
    assert not openings.give(order).repeated


def test_old_orders_are_forgotten(watch: FakeWatch) -> None:
    openings = openings_of(watch)
    for number in range(REMEMBERED + 5):
        openings.give(Order("men", "id-guard", "visitor", f"request-{number}"))
    assert len(openings._given) == REMEMBERED
