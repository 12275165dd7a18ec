"""The guard's routes: what waits, with everything to decide it by; the answer, the photo, the call; how it stands."""

from __future__ import annotations

import dataclasses
import re
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from enrollment.consent import ConsentForm, Means, Purpose
from enrollment.errors import StoreBusy
from enrollment.form import PersonForm
from gate.camera.frame import CameraHealth, CameraState
from gate.config import Config, Console
from gate.console.opening import RefuseReason
from gate.console.question import asks
from gate.console.watch import HealthView, MeantView
from gate.decision.decision import Reason, Verdict
from gate.texts import catalogue, t
from tests.gate.console.conftest import Booth
from tests.gate.console.fake_watch import barrier_fault, passage
from tests.gate.console.staff import START, face_photo

ROOT = Path(__file__).parents[3]


def ask(booth: Booth, number: int = 1, reason: Reason = Reason.TOO_CLOSE_TO_CALL, **more: Any) -> str:
    return booth.watch.pass_by(passage(number, Verdict.ASK, reason, at=START, **more)).id


def waiting(client: httpx.Client) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = client.get("/questions").json()["questions"]
    return told


def send(booth: Booth, client: httpx.Client, path: str, **body: str) -> httpx.Response:
    return client.post(path, json=body, headers={"X-CSRF-Token": booth.token(client)})


def answer(booth: Booth, client: httpx.Client, question: str, verdict: str = "open", **more: str) -> httpx.Response:
    body = {"choice": "visitor" if verdict == "open" else "gone", "request_id": "request-0001", **more}
    return send(booth, client, f"/questions/{question}/answer", verdict=verdict, **body)


def test_a_question_says_where_who_why_and_until_when(booth: Booth, guard: httpx.Client) -> None:
    ask(booth, snapshot="face-1", label="张三")
    booth.watch.may_be["passage-1"] = MeantView("r1", "resident", "张三", "3-2-501")
    [told] = waiting(guard)
    assert told == {
        "id": "passage-1",
        "lane_id": "men",
        "lane_name": "东门行人",
        "at": "2025-11-23T14:30:00+00:00",
        "when": "11月23日 22:30:00",
        "until": "2025-11-23T14:32:00+00:00",
        "reason": "too_close_to_call",
        "label": "张三",
        "score": 0.83,
        "snapshots": ["face-1"],
        "rang": False,
        "meant": {"label": "张三", "household": "3-2-501", "kind": "resident", "read": None, "photo": False},
        "calls": [],
    }
    assert guard.get("/now").json()["questions"] == [told]


def test_whoever_looks_at_what_waits_is_on_record_once(booth: Booth, guard: httpx.Client) -> None:
    ask(booth)
    for _ in range(3):
        assert waiting(guard)
    assert booth.watch.looked == [("id-guard", "live")]


def test_without_the_database_it_comes_without_whom_it_may_be(booth: Booth, guard: httpx.Client) -> None:
    ask(booth)
    assert waiting(guard)
    booth.watch.fault = StoreBusy("store.busy")
    assert waiting(guard)[0]["meant"] is None


def test_everything_that_can_be_asked_says_what_to_do() -> None:
    source = "".join(file.read_text("utf-8") for file in (ROOT / "gate" / "decision").glob("*.py"))
    asked = {one.name for one in Reason if re.search(rf"Verdict\.ASK, [^)\n]*Reason\.{one.name}\b", source)}
    assert {"UNKNOWN_VEHICLE", "LIVENESS_DOUBT", "NO_RIGHT_HERE"} < asked
    wanted = {Reason[name] for name in asked} | {one for one in Reason if asks(Verdict.REFUSE, one)}
    assert not [one for one in wanted if f"todo.{one}" not in catalogue()]


class TestAnswer:
    def test_opening_is_recorded_with_its_question_and_ends_it(self, booth: Booth, guard: httpx.Client) -> None:
        ask(booth)
        told = answer(booth, guard, "passage-1", choice="delivery", words="送桶装水")
        assert told.json() == {"barrier": "opening", "repeated": False, "message": "已发出开闸指令，并已记录"}
        assert booth.watch.opened == [("men", "id-guard", "delivery: 送桶装水", "request-0001")]
        assert [(one.opened, one.question) for one in booth.watch.answered] == [(True, "passage-1")]
        assert waiting(guard) == []

    def test_refusing_is_recorded_and_moves_nothing(self, booth: Booth, guard: httpx.Client) -> None:
        ask(booth)
        told = answer(booth, guard, "passage-1", "refuse", choice="not_wanted", words="住户说不认识")
        assert told.json()["message"] == "已记录：不放行"
        assert booth.watch.refused == [("men", "id-guard", "not_wanted: 住户说不认识", "passage-1")]
        assert booth.watch.opened == []
        assert waiting(guard) == []

    def test_a_second_answer_does_nothing_and_says_so(self, booth: Booth, guard: httpx.Client) -> None:
        ask(booth)
        answer(booth, guard, "passage-1", "refuse")
        late = answer(booth, booth.signed_in("admin"), "passage-1", request_id="request-0002")
        assert (late.status_code, late.json()["code"]) == (409, "console.question_answered")
        assert booth.watch.opened == []

    def test_the_same_answer_sent_twice_counts_once(self, booth: Booth, guard: httpx.Client) -> None:
        ask(booth)
        assert answer(booth, guard, "passage-1").json()["repeated"] is False
        assert answer(booth, guard, "passage-1").json()["repeated"] is True
        assert len(booth.watch.opened) == 1

    def test_an_answer_to_what_is_not_there_opens_nothing(self, booth: Booth, guard: httpx.Client) -> None:
        told = answer(booth, guard, "passage-9")
        assert (told.status_code, told.json()["code"]) == (409, "console.question_over")
        assert not booth.watch.opened

    def test_a_barrier_that_fails_leaves_the_question(self, booth: Booth, guard: httpx.Client) -> None:
        ask(booth)
        booth.watch.fault = barrier_fault()
        assert answer(booth, guard, "passage-1").status_code == 503
        booth.watch.fault = None
        assert [one["id"] for one in waiting(guard)] == ["passage-1"]
        assert answer(booth, guard, "passage-1").json()["repeated"] is False

    @pytest.mark.parametrize(
        ("verdict", "choice"), [("open", "gone"), ("refuse", "visitor"), ("open", ""), ("maybe", "")]
    )
    def test_a_reason_of_the_other_list_is_none(
        self, booth: Booth, guard: httpx.Client, verdict: str, choice: str
    ) -> None:
        ask(booth)
        assert answer(booth, guard, "passage-1", verdict, choice=choice).status_code == 422
        assert waiting(guard)


@pytest.mark.parametrize("choice", RefuseReason)
def test_every_reason_to_refuse_has_its_words_on_the_page(guard: httpx.Client, choice: RefuseReason) -> None:
    for language in ("zh", "en"):
        html = guard.get(f"/?lang={language}").text
        assert f'value="{choice}"' in html
        assert t(f"refuse_reason.{choice}", language) in html


class TestOwnReasons:
    @pytest.fixture
    def settings(self) -> Console:
        return Console(port=0, open_reasons=("代驾",), refuse_reasons=("推销",))

    def test_the_compounds_own_reasons_stand_beside_the_programs(self, guard: httpx.Client) -> None:
        html = guard.get("/").text
        for words in ("代驾", "推销"):
            assert f'value="other" data-words="{words}"' in html

    def test_they_are_short_and_few(self) -> None:
        for wrong in (("x",), ("x" * 41,), ("a\nb",), tuple(f"原因{n}" for n in range(7))):
            with pytest.raises(ValueError, match="open_reasons"):
                Config.model_validate({"console": {"open_reasons": wrong}})


class TestPhoto:
    @pytest.fixture
    def resident(self, booth: Booth) -> str:
        consent = ConsentForm(Purpose.FACE_ENTRY, Means.PAPER, START - timedelta(days=1), keep_photo=True)
        form = PersonForm.of("张三", "3-2-501")
        return booth.accounts.register.enrol(form, "id-enroller", [consent], face_photo(7)).id

    def test_the_candidates_photo_is_given_while_the_passage_waits_and_the_look_recorded(
        self, booth: Booth, guard: httpx.Client, resident: str
    ) -> None:
        ask(booth)
        booth.watch.may_be["passage-1"] = MeantView(resident, "resident", "张三", "3-2-501")
        assert waiting(guard)[0]["meant"]["photo"] is True
        assert guard.get("/questions/passage-1/photo.jpg").content == b"\xff\xd8\xff photo"
        assert booth.watch.looked.count(("id-guard", f"photo:{resident}")) == 1
        answer(booth, guard, "passage-1")
        over = guard.get("/questions/passage-1/photo.jpg")
        assert (over.status_code, over.json()["code"]) == (404, "console.no_photo")

    def test_no_photo_is_given_of_anybody_else(self, booth: Booth, guard: httpx.Client, resident: str) -> None:
        booth.watch.may_be["passage-1"] = MeantView(resident, "resident", "张三", "3-2-501")
        booth.watch.pass_by(passage(1))
        for address in ("passage-1", resident):
            assert guard.get(f"/questions/{address}/photo.jpg").status_code == 404
        assert not [what for _, what in booth.watch.looked if what.startswith("photo:")]

    def test_one_whose_consent_does_not_keep_a_photo_has_none(self, booth: Booth, guard: httpx.Client) -> None:
        person = booth.accounts.live_in("李四", face=8)
        ask(booth)
        booth.watch.may_be["passage-1"] = MeantView(person.id, "resident", "李四", "3-2-501")
        assert waiting(guard)[0]["meant"]["photo"] is False
        assert guard.get("/questions/passage-1/photo.jpg").status_code == 404

    def test_a_vehicle_is_compared_with_its_own(self, booth: Booth, guard: httpx.Client) -> None:
        car = booth.accounts.register.add_vehicle("辽A12345", "3-2-501", "id-enroller")
        booth.accounts.register.vehicle_photos.keep(car.id, b"\xff\xd8\xff car", "id-enroller")
        ask(booth, reason=Reason.PASSED_ALREADY, lane="che", label="辽A12345")
        booth.watch.may_be["passage-1"] = MeantView(car.id, "vehicle", "辽A12345", "3-2-501", read="辽A1234S")
        assert waiting(guard)[0]["meant"]["read"] == "辽A1234S"
        assert guard.get("/questions/passage-1/photo.jpg").content == b"\xff\xd8\xff car"
        assert ("id-guard", f"vehicle:{car.id}") in booth.watch.looked

    def test_an_auditor_compares_nobody(self, booth: Booth, resident: str) -> None:
        ask(booth)
        booth.watch.may_be["passage-1"] = MeantView(resident, "resident", "张三", "3-2-501")
        auditor = booth.signed_in("auditor")
        assert waiting(auditor)[0]["meant"]["photo"] is False
        assert auditor.get("/questions/passage-1/photo.jpg").status_code == 403


class TestCall:
    def test_a_call_reaches_the_household_and_the_answer_stands_in_the_question(
        self, booth: Booth, guard: httpx.Client
    ) -> None:
        person = booth.accounts.live_in()
        booth.phone(person)
        ask(booth)
        told = send(booth, guard, "/questions/passage-1/call", household="3号楼2单元501室")
        assert (told.status_code, told.json()["message"]) == (200, "已呼叫 3-2-501，回答会显示在这件事里")
        [asked] = waiting(guard)
        assert asked["calls"] == [{"household": "3-2-501", "state": "waiting"}]
        [notice] = booth.accounts.lobby.notices.calls()
        booth.accounts.lobby.notices.answer(notice.id, person.id, "let_in")
        assert waiting(guard)[0]["calls"] == [{"household": "3-2-501", "state": "let_in"}]
        assert booth.watch.opened == []

    def test_once_answered_nobody_is_asked_any_more(self, booth: Booth, guard: httpx.Client) -> None:
        person = booth.accounts.live_in()
        booth.phone(person)
        ask(booth)
        send(booth, guard, "/questions/passage-1/call", household="3-2-501")
        answer(booth, guard, "passage-1", "refuse")
        assert booth.accounts.lobby.notices.waiting(person.id) == ()

    def test_an_answer_stands_under_the_question_it_was_about_and_no_other(
        self, booth: Booth, guard: httpx.Client
    ) -> None:
        booth.phone(booth.accounts.live_in())
        ask(booth, 1, label="张三")
        ask(booth, 2, label="李四")
        send(booth, guard, "/questions/passage-1/call", household="3-2-501")
        answer(booth, guard, "passage-1", "refuse")
        [asked] = waiting(guard)
        assert (asked["id"], asked["calls"]) == ("passage-2", [])

    def test_answering_one_leaves_the_call_about_another(self, booth: Booth, guard: httpx.Client) -> None:
        person = booth.accounts.live_in()
        booth.phone(person)
        ask(booth, 1, label="张三")
        ask(booth, 2, label="李四")
        send(booth, guard, "/questions/passage-1/call", household="3-2-501")
        answer(booth, guard, "passage-2", "refuse")
        assert booth.accounts.lobby.notices.waiting(person.id)
        answer(booth, guard, "passage-1", "refuse", request_id="request-0002")
        assert booth.accounts.lobby.notices.waiting(person.id) == ()

    def test_who_got_in_by_other_means_is_asked_about_no_more(self, booth: Booth, guard: httpx.Client) -> None:
        person = booth.accounts.live_in()
        booth.phone(person)
        ask(booth, label="张三")
        send(booth, guard, "/questions/passage-1/call", household="3-2-501")
        booth.watch.pass_by(passage(2, at=START, label="张三"))
        pause = threading.Event()
        while booth.accounts.lobby.notices.waiting(person.id):
            pause.wait(0.01)

    @pytest.mark.parametrize(
        ("household", "status", "code"),
        [
            ("3-2-502", 404, "console.no_such_room"),
            ("三楼", 422, "register.household_code"),
            ("3-2-501", 422, "notice.nobody_reached"),
        ],
    )
    def test_a_room_that_cannot_be_called_says_why(
        self, booth: Booth, guard: httpx.Client, household: str, status: int, code: str
    ) -> None:
        booth.accounts.live_in()
        ask(booth)
        told = send(booth, guard, "/questions/passage-1/call", household=household)
        assert (told.status_code, told.json()["code"]) == (status, code)

    def test_rooms_are_found_as_one_types_and_nobody_by_name(self, booth: Booth, guard: httpx.Client) -> None:
        for room in ("501", "502", "601"):
            booth.accounts.live_in("张三", f"3-2-{room}")
        for typed, found in [
            ("3-2-5", ["3-2-501", "3-2-502"]),
            ("3号楼2单元60", ["3-2-601"]),
            ("3栋", ["3-2-501", "3-2-502", "3-2-601"]),
            ("张三", []),
            ("zs", []),
            ("", []),
        ]:
            assert send(booth, guard, "/questions/rooms", words=typed).json() == {"rooms": found}, typed


class TestStanding:
    def levels(self, client: httpx.Client) -> dict[str, str]:
        return {part["part"]: part["level"] for part in client.get("/standing").json()["standing"]}

    def test_all_is_well(self, booth: Booth, guard: httpx.Client) -> None:
        booth.watch.works = HealthView(True, True, True, True, True, free_bytes=12_340_000_000)
        assert set(self.levels(guard).values()) == {"ok"}
        assert "剩余 12.3 GB" in str(guard.get("/standing").json())

    def test_what_is_wrong_is_said_with_what_to_do(self, booth: Booth, guard: httpx.Client) -> None:
        booth.watch.works = HealthView(True, True, True, True, True, spooled_rows=3, room=False, free_bytes=900_000_000)
        lost = CameraHealth(CameraState.LOST, reason="camera.unreachable")
        booth.watch.views["men"] = dataclasses.replace(booth.watch.views["men"], camera=lost)
        booth.watch.views["che"] = dataclasses.replace(booth.watch.views["che"], barrier_fault="barrier.not_answering")
        assert self.levels(guard) == {"camera": "bad", "barrier": "bad", "disk": "warn", "record": "warn"}
        told = guard.get("/standing").json()["standing"]
        assert "东门行人" in told[0]["words"]
        assert "东门车道" in told[1]["words"]
        assert all(part["todo"] for part in told)

    @pytest.mark.parametrize(
        "works",
        [HealthView(True, False, True, True, True, spooled_rows=9), HealthView(False, True, True, True, True), None],
    )
    def test_a_record_that_is_out_is_the_worst(
        self, booth: Booth, guard: httpx.Client, works: HealthView | None
    ) -> None:
        if works is None:
            booth.watch.fault = StoreBusy("store.busy")
        else:
            booth.watch.works = works
        assert self.levels(guard)["record"] == "bad"


def test_a_ring_at_the_pad_puts_a_question_and_not_twice_in_a_second(booth: Booth, guard: httpx.Client) -> None:
    pad = booth.pad()
    for _ in range(2):
        told = pad.post("/pinpad/men/ring", json={}, headers={"X-CSRF-Token": booth.pad_token(pad)})
        assert told.json()["message"] == "已呼叫门卫，请稍候"
    assert len(booth.watch.rung) == 1
    assert pad.post("/pinpad/che/ring", json={}, headers={"X-CSRF-Token": booth.pad_token(pad)}).status_code == 403


class TestRing:
    def test_whoever_rings_waits(self, booth: Booth, guard: httpx.Client) -> None:
        booth.watch.now = booth.desk.wall
        booth.watch.ring("men")
        [told] = waiting(guard)
        assert (told["reason"], told["rang"], told["label"], told["meant"]) == ("rang", True, None, None)
        answer(booth, guard, told["id"])
        assert booth.watch.opened[0][0] == "men"
