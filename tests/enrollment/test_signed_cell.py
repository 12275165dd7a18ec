"""What a cell of the form says of a sheet on paper, and whether that is news to the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from enrollment.consent import Consent, ConsentForm, Means, Purpose
from enrollment.errors import EntryRefused
from enrollment.signed_cell import SignedCell, is_news, read_signed

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
NO = ("declined", "不同意")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2026-03-01", SignedCell(date(2026, 3, 1))),
        ("2026/03/01", SignedCell(date(2026, 3, 1))),
        ("2026.03.01 第1版", SignedCell(date(2026, 3, 1), 1)),
        ("2026-03-01 v12", SignedCell(date(2026, 3, 1), 12)),
        ("不同意 2026-03-01", SignedCell(date(2026, 3, 1), declined=True)),
        ("不同意2026-03-01 第 2 版", SignedCell(date(2026, 3, 1), 2, declined=True)),
        ("Declined 2026-03-01 V2", SignedCell(date(2026, 3, 1), 2, declined=True)),
    ],
)
def test_a_cell_tells_the_day_the_version_and_whether_it_was_a_no(cell: str, said: SignedCell) -> None:
    assert read_signed(cell, NO) == said


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("不同意", "roster.declined_when"),
        ("是", "roster.no_day"),
        ("昨天", "roster.no_day"),
        ("2026-02-30", "roster.no_day"),
        ("2026-03-01 也许", "roster.no_such_word"),
        ("2026-03-01 2026-03-02", "roster.no_such_word"),
    ],
)
def test_anything_else_is_no_answer(cell: str, code: str) -> None:
    with pytest.raises(EntryRefused, match=code.replace(".", r"\.")):
        read_signed(cell, NO)


def sheet(at: datetime = MARCH, *, declined: bool = False, version: int | None = None) -> ConsentForm:
    return ConsentForm(Purpose.PLATE_ENTRY, Means.PAPER, at, version=version, declined=declined)


def recorded(form: ConsentForm, **more: object) -> Consent:
    known = Consent(
        id="c1",
        resident_id="r1",
        purpose=form.purpose,
        text=form.text.id,
        text_hash=form.text.hash,
        language="zh",
        means=form.means,
        signed_at=form.signed_at,
        recorded_at=form.signed_at,
        recorded_by="staff",
        by_guardian=False,
        guardian=None,
        signed=False,
        keep_photo=False,
        expires_at=None,
        withdrawn_at=None,
        declined=form.declined,
    )
    return replace(known, **more)  # type: ignore[arg-type]


LATER = MARCH + timedelta(days=9)
YES, NAY = recorded(sheet()), recorded(sheet(declined=True))
TAKEN_BACK = replace(YES, withdrawn_at=LATER)


@pytest.mark.parametrize(
    ("form", "said", "news"),
    [
        (sheet(), (), True),
        (sheet(declined=True), (), True),
        (sheet(), (replace(YES, purpose=Purpose.FACE_ENTRY),), True),
        (sheet(), (YES,), False),
        (sheet(LATER), (YES,), False),
        (sheet(LATER), (recorded(sheet(version=1)),), True),
        (sheet(declined=True), (NAY,), False),
        (sheet(MARCH - timedelta(days=1), declined=True), (NAY,), False),
        (sheet(LATER, declined=True), (NAY,), True),
        (sheet(LATER), (NAY,), True),
        (sheet(LATER + timedelta(days=1)), (TAKEN_BACK,), True),
        (sheet(LATER + timedelta(days=1), declined=True), (TAKEN_BACK,), True),
    ],
)
def test_the_same_sheet_counts_once_and_a_later_one_anew(
    form: ConsentForm, said: tuple[Consent, ...], news: bool
) -> None:
    assert is_news(form, said, NOW) is news


@pytest.mark.parametrize(
    ("form", "said", "code"),
    [
        (sheet(), (TAKEN_BACK,), "roster.said_since"),
        (sheet(LATER), (TAKEN_BACK,), "roster.said_since"),
        (sheet(), (NAY,), "roster.said_since"),
        (sheet(MARCH - timedelta(days=1)), (NAY,), "roster.said_since"),
        (sheet(declined=True), (YES,), "roster.said_since"),
        (sheet(LATER, declined=True), (YES,), "consent.withdraw_instead"),
        (sheet(), (replace(YES, expires_at=NOW),), "consent.over"),
    ],
)
def test_an_old_sheet_undoes_nothing_that_was_said_since(
    form: ConsentForm, said: tuple[Consent, ...], code: str
) -> None:
    with pytest.raises(EntryRefused, match=code.replace(".", r"\.")):
        is_news(form, said, NOW)
