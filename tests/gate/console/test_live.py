from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from enrollment.errors import StoreBusy
from gate.console.opening import OpenReason
from gate.decision.decision import Reason, Verdict
from gate.errors import LedgerUnwritable
from gate.texts import t
from tests.gate.console.conftest import Booth
from tests.gate.console.fake_watch import barrier_fault, passage

PageData = Callable[[str], str]


def test_the_page_shows_every_lane_with_its_states_and_a_button(guard: httpx.Client) -> None:
    html = guard.get("/").text
    for words in ("幸福里小区", "东门行人", "东门车道", "人行 · 入口", "车行 · 入口", "正常", "已关闭"):
        assert words in html
    assert html.count("data-open=") == 2
    assert "还没有人通过" in html


def test_the_page_speaks_english_too(guard: httpx.Client) -> None:
    html = guard.get("/?lang=en").text
    for words in ('<html lang="en">', "Pedestrians · In", "Live", "Closed", "Nobody has passed yet"):
        assert words in html


@pytest.mark.parametrize(("language", "words"), [("zh", "仅供试用"), ("en", "for trying out")])
def test_models_for_trying_out_are_said_to_be_that(
    booth: Booth, guard: httpx.Client, language: str, words: str
) -> None:
    assert words not in guard.get(f"/?lang={language}").text
    booth.watch.for_trying_out = True
    assert words in guard.get(f"/?lang={language}").text
    assert words not in booth.browser().get(f"/sign-in?lang={language}").text


def test_an_auditor_sees_no_open_button(booth: Booth) -> None:
    html = booth.signed_in("auditor").get("/").text
    assert "data-open=" not in html
    assert "<dialog" not in html


def test_an_enroller_is_told_plainly_that_the_page_is_not_theirs(booth: Booth) -> None:
    answer = booth.signed_in("enroller").get("/", headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert "你的账号没有这项权限" in answer.text
    assert "退出登录" in answer.text


def test_the_page_brings_the_recent_passages_newest_first(
    booth: Booth, guard: httpx.Client, page_data: PageData
) -> None:
    booth.watch.pass_by(passage(1))
    booth.watch.pass_by(passage(2, Verdict.ASK, Reason.STRANGER, label=None))
    now = json.loads(page_data(guard.get("/").text))["now"]
    assert [shown["id"] for shown in now["passages"]] == ["passage-2", "passage-1"]
    assert now["passages"][1] == {
        "id": "passage-1",
        "at": "2025-11-23T14:30:01+00:00",
        "when": "11月23日 22:30:01",
        "lane_id": "men",
        "lane_name": "东门行人",
        "verdict": "open",
        "reason": "known_resident",
        "subject_label": "张三",
        "score": 0.83,
        "snapshot": None,
        "delay_ms": 182.5,
        "kept_shut": None,
    }
    assert now["position"].endswith("-2")
    english = guard.get("/now", headers={"Cookie": f"menwei_session={guard.cookies['menwei_session']}; menwei_lang=en"})
    assert english.json()["passages"][1]["when"] == "23 Nov 22:30:01"


def test_the_page_brings_no_more_passages_than_it_shows(booth: Booth, guard: httpx.Client) -> None:
    for number in range(120):
        booth.watch.pass_by(passage(number))
    passages = guard.get("/now").json()["passages"]
    assert len(passages) == 100
    assert passages[0]["id"] == "passage-119"


def test_the_page_comes_without_its_list_when_the_database_does_not_answer(booth: Booth, guard: httpx.Client) -> None:
    booth.watch.fault = StoreBusy("store.busy")
    answer = guard.get("/")
    assert answer.status_code == 200
    assert answer.text.count("data-open=") == 2
    assert guard.get("/now").json()["fault"]


def test_a_name_cannot_break_out_of_the_pages_data(booth: Booth, guard: httpx.Client, page_data: PageData) -> None:
    name = "</script><script>alert(1)</script>"
    booth.watch.pass_by(passage(1, label=name))
    html = guard.get("/").text
    assert "<script>alert" not in html
    assert json.loads(page_data(html))["now"]["passages"][0]["subject_label"] == name


def test_a_compound_without_lanes_says_what_to_do(booth: Booth, guard: httpx.Client) -> None:
    booth.watch.views.clear()
    assert "还没有通道" in guard.get("/").text


def test_a_camera_picture_is_never_stored_by_the_browser(booth: Booth, guard: httpx.Client) -> None:
    answer = guard.get("/lanes/che/picture.jpg")
    assert answer.content == booth.watch.pictures["che"]
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/jpeg", "no-store")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/lanes/nowhere/picture.jpg", "console.no_such_lane"),
        ("/lanes/men/picture.jpg", "console.no_picture"),
        ("/snapshots/face-9.jpg", "console.no_snapshot"),
        ("/snapshots/..%2F..%2Fkey.jpg", "console.not_found"),
        ("/nothing", "console.not_found"),
        ("/static/..%2Fapp.py", "console.not_found"),
        ("/static/app.py", "console.not_found"),
    ],
)
def test_what_is_not_there_is_404_with_a_sentence(booth: Booth, guard: httpx.Client, path: str, code: str) -> None:
    del booth.watch.pictures["men"]
    answer = guard.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)


@pytest.mark.parametrize("snapshot", ["a.b", "a%20b", "x" * 129])
def test_a_snapshot_id_that_is_none_never_reaches_the_disk(booth: Booth, guard: httpx.Client, snapshot: str) -> None:
    assert guard.get(f"/snapshots/{snapshot}.jpg").status_code == 422
    assert not booth.watch.looked


def test_a_snapshot_is_given_decrypted(booth: Booth, guard: httpx.Client) -> None:
    answer = guard.get("/snapshots/face-1.jpg")
    assert answer.content == booth.watch.crops["face-1"]
    assert answer.headers["cache-control"] == "no-store"


def test_looking_is_recorded_once_for_each_thing_and_sign_in(booth: Booth, guard: httpx.Client) -> None:
    for _ in range(3):
        guard.get("/")
        guard.get("/lanes/men/picture.jpg")
        guard.get("/snapshots/face-1.jpg")
    booth.signed_in("auditor").get("/snapshots/face-1.jpg")
    assert booth.watch.looked == [
        ("id-guard", "live"),
        ("id-guard", "camera:men"),
        ("id-guard", "snapshot:face-1"),
        ("id-auditor", "snapshot:face-1"),
    ]


def test_opening_gives_the_order_with_its_reason_and_actor(booth: Booth, guard: httpx.Client) -> None:
    answer = booth.open_lane(guard, choice="delivery", words=" 送桶装水 ")
    assert answer.status_code == 200
    assert answer.json() == {"barrier": "opening", "repeated": False, "message": "已发出开闸指令：东门行人"}
    assert booth.watch.opened == [("men", "id-guard", "delivery: 送桶装水", "request-0001")]


@pytest.mark.parametrize("choice", OpenReason)
def test_every_reason_has_its_words_on_the_page(booth: Booth, guard: httpx.Client, choice: OpenReason) -> None:
    for language in ("zh", "en"):
        html = guard.get(f"/?lang={language}").text
        assert f'value="{choice}"' in html
        assert t(f"open_reason.{choice}", language) in html


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"choice": "other"}, "console.reason_length"),
        ({"choice": "other", "words": " 水 "}, "console.reason_length"),
        ({"choice": "visitor", "words": "x"}, "console.reason_length"),
        ({"choice": "visitor", "words": "two\nlines"}, "console.reason_length"),
        ({"choice": "visitor", "words": "\u202egnp"}, "console.reason_length"),
        ({"choice": "visitor", "words": "x" * 201}, "console.bad_request"),
        ({"choice": "because"}, "console.bad_request"),
        ({"choice": ""}, "console.bad_request"),
        ({"request_id": "short"}, "console.bad_request"),
        ({"request_id": "x" * 65}, "console.bad_request"),
        ({"request_id": "no spaces here"}, "console.bad_request"),
        ({"lane": "che"}, "console.bad_request"),
    ],
)
def test_an_order_without_a_proper_reason_opens_nothing(
    booth: Booth, guard: httpx.Client, changes: dict[str, str], code: str
) -> None:
    body = {"choice": "visitor", "words": "", "request_id": "request-0001", **changes}
    answer = guard.post("/lanes/men/open", json=body, headers={"X-CSRF-Token": booth.token(guard)})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not booth.watch.opened


def test_an_order_for_no_lane_opens_nothing(booth: Booth, guard: httpx.Client) -> None:
    assert booth.open_lane(guard, "nowhere").status_code == 404
    assert not booth.watch.opened


def test_the_same_order_sent_twice_opens_once(booth: Booth, guard: httpx.Client) -> None:
    assert booth.open_lane(guard).json()["repeated"] is False
    assert booth.open_lane(guard).json()["repeated"] is True
    assert len(booth.watch.opened) == 1


def test_the_same_order_sent_at_the_same_time_opens_once(booth: Booth, guard: httpx.Client) -> None:
    booth.watch.hold = threading.Event()
    token = booth.token(guard)
    cookie = guard.cookies["menwei_session"]

    def send() -> httpx.Response:
        client = booth.browser()
        client.cookies.set("menwei_session", cookie)
        body = {"choice": "visitor", "request_id": "request-0001"}
        return client.post("/lanes/men/open", json=body, headers={"X-CSRF-Token": token})

    with ThreadPoolExecutor(4) as browsers:
        sent = [browsers.submit(send) for _ in range(4)]
        booth.watch.hold.set()
        answers = [answer.result() for answer in sent]
    assert sorted(answer.json()["repeated"] for answer in answers) == [False, True, True, True]
    assert len(booth.watch.opened) == 1


def test_an_id_that_was_used_for_another_order_is_refused(booth: Booth, guard: httpx.Client) -> None:
    booth.open_lane(guard)
    answer = booth.open_lane(guard, "che")
    assert (answer.status_code, answer.json()["code"]) == (409, "console.request_reused")
    assert len(booth.watch.opened) == 1


@pytest.mark.parametrize("fault", [barrier_fault(), LedgerUnwritable("ledger.unwritable")])
def test_a_barrier_or_record_that_fails_says_so_and_may_be_asked_again(
    booth: Booth, guard: httpx.Client, fault: Exception
) -> None:
    booth.watch.fault = fault
    answer = booth.open_lane(guard)
    assert answer.status_code == 503
    assert answer.json()["message"]
    booth.watch.fault = None
    assert booth.open_lane(guard).json()["repeated"] is False


def test_the_page_is_told_the_gates_time(booth: Booth, guard: httpx.Client) -> None:
    now = guard.get("/now").json()
    assert (now["at"], now["when"]) == ("2025-11-23T14:31:00+00:00", "11月23日 22:31:00")
