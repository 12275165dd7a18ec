"""What one shift leaves for the next, over real tables."""

from __future__ import annotations

import json

import httpx
import pytest
from sqlalchemy import select

from enrollment.database import reading, writing
from enrollment.errors import NotEnrolled, StoreBusy
from gate.ledger.tables import LedgerRow, RemarkRow
from gate.shift_notes import ShiftNotes
from tests.gate.console.conftest import Booth


def leave(booth: Booth, client: httpx.Client, words: str, where: str = "/shift/notes") -> httpx.Response:
    return client.post(where, data={"words": words, "csrf": booth.token(client)})


def notes(client: httpx.Client) -> list[str]:
    return [note["words"] for note in client.get("/now").json()["notes"]]


def kinds(booth: Booth) -> list[tuple[str, str | None]]:
    with reading(booth.accounts.engine) as session:
        rows = session.execute(select(LedgerRow.kind, LedgerRow.actor).order_by(LedgerRow.seq)).all()
    return [(row.kind, row.actor) for row in rows]


def test_a_note_waits_on_top_of_the_live_page_until_somebody_takes_note(booth: Booth, guard: httpx.Client) -> None:
    assert leave(booth, guard, "3-2-501 的钥匙在抽屉\r\n明早有人来取　李四").status_code == 303
    admin = booth.signed_in("admin")
    [note] = admin.get("/now").json()["notes"]
    assert (note["words"], note["by"]) == ("3-2-501 的钥匙在抽屉\n明早有人来取　李四", "guard")
    for _ in range(2):  # the first who takes note stands in the record
        assert admin.post(f"/shift/notes/{note['id']}/read", data={"csrf": booth.token(admin)}).status_code == 303
    assert notes(guard) == []
    html = guard.get("/shift").text
    assert "admin 已阅" in html
    assert "明早有人来取" in html
    assert kinds(booth) == [("shift.note", "id-guard"), ("shift.note_read", "id-admin")]
    assert ("id-guard", "shift_notes") in booth.watch.looked


def test_the_chain_holds_ids_and_a_digest_and_never_the_words(booth: Booth, guard: httpx.Client) -> None:
    leave(booth, guard, "北门地锁坏了")
    with reading(booth.accounts.engine) as session:
        [body] = session.scalars(select(LedgerRow.body))
        [remark] = session.scalars(select(RemarkRow.words))
    assert (sorted(json.loads(body)), remark) == (["actor", "remark", "words"], "北门地锁坏了")
    assert "地锁" not in body


def test_ending_a_shift_leaves_the_note_and_signs_out(booth: Booth, guard: httpx.Client) -> None:
    over = leave(booth, guard, "无事", "/shift/end")
    assert over.headers["location"] == "/sign-in?why=over"
    assert guard.get("/").status_code == 401
    assert kinds(booth) == [("shift.note", "id-guard"), ("shift.ended", "id-guard")]
    assert "已交班" in booth.browser().get("/sign-in?why=over").text
    assert notes(booth.signed_in("guard")) == ["无事"]


def test_a_shift_may_end_without_a_note(booth: Booth, guard: httpx.Client) -> None:
    leave(booth, guard, "  ", "/shift/end")
    assert kinds(booth) == [("shift.ended", "id-guard")]


@pytest.mark.parametrize("words", ["", " \n ", "x" * 1001, "a\x00b"])
def test_a_note_that_is_none_is_refused_and_stays_in_the_form(booth: Booth, guard: httpx.Client, words: str) -> None:
    refused = leave(booth, guard, words)
    assert refused.status_code == 422
    assert "留言需要 1 到 1000 个字" in refused.text
    assert kinds(booth) == []


def test_a_database_that_does_not_answer_loses_no_words(
    booth: Booth, guard: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_given: object) -> None:
        raise StoreBusy("store.busy")

    monkeypatch.setattr(ShiftNotes, "_append", busy)
    refused = leave(booth, guard, "写了很久的留言", "/shift/end")
    assert refused.status_code == 503
    assert "写了很久的留言" in refused.text
    assert guard.get("/").status_code == 200


def test_words_that_were_erased_are_said_to_be_and_ask_nobody(booth: Booth, guard: httpx.Client) -> None:
    leave(booth, guard, "张三要来")
    with writing(booth.accounts.engine) as session:
        for remark in session.scalars(select(RemarkRow)):
            session.delete(remark)
    assert notes(guard) == []
    assert "内容已按规定删除" in guard.get("/shift").text


def test_an_auditor_reads_and_writes_nothing(booth: Booth, guard: httpx.Client) -> None:
    leave(booth, guard, "无事")
    html = booth.signed_in("auditor").get("/shift").text
    assert "无事" in html
    assert "<textarea" not in html


def test_a_note_that_is_not_there_cannot_be_read(booth: Booth, guard: httpx.Client) -> None:
    gone = guard.post(f"/shift/notes/{'0' * 32}/read", data={"csrf": booth.token(guard)})
    assert gone.status_code == 404
    with pytest.raises(NotEnrolled, match=r"shift\.no_note"):
        booth.desk.shift_notes.read("0" * 32, "id-guard")
