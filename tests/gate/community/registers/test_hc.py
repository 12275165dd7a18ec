"""HC MicroCommunity pushes people, cars and lists to the console as to its IoT system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from enrollment.form import PersonForm
from enrollment.sources import listed_plates
from gate.community.registers.hc import TOKEN_LASTS, HcPush
from gate.community.registers.registers import Registers
from gate.config import Console
from gate.console.desk import Sources
from gate.console.serving import ConsoleServer
from gate.site import Site
from tests.gate.community.peers import MicroCommunityPusher
from tests.gate.console.fake_watch import fake_watch
from tests.gate.console.made_app import console_app
from tests.gate.console.staff import Staff

FACE = "not a picture" * 10_000
PERIOD = {"startTime": "2026-01-01 00:00:00", "endTime": "2037-01-01 00:00:00"}
PERSON = {"userId": "u1", "name": "张三", "personType": "2002", "machineCode": "MC1", "faceBase64": FACE, **PERIOD}
CAR = {"extCarId": "c1", "carNum": "辽A12345", "personName": "张三", "personTel": "13800000000", **PERIOD}
BLACK = {"extBwId": "b1", "carNum": "辽B12345", "blackWhite": "1111", **PERIOD}


@dataclass
class Served:
    """A console that HC pushes to, and what it was told to look at."""

    url: str
    registers: Registers
    woken: list[str] = field(default_factory=list)

    @property
    def pusher(self) -> MicroCommunityPusher:
        pusher = MicroCommunityPusher(self.url)
        pusher.sign_in()
        return pusher


@pytest.fixture
def served(registers: Registers) -> Iterator[Served]:
    woken: list[str] = []
    settings = Console(port=0)
    app = console_app(fake_watch(), Staff(), settings, sources=Sources(registers, woken.append))
    with ConsoleServer(app, settings) as console:
        yield Served(console.url.rstrip("/"), registers, woken)


def test_what_is_pushed_is_kept_and_taken_over_with_neither_face_nor_consent(served: Served, site: Site) -> None:
    site.register.enrol(PersonForm.of("张三", "3-2-501", phone="13800000000"), "chief")
    pusher = served.pusher
    for service, body in (("user/addUser", PERSON), ("car/addCar", CAR), ("car/addBlackWhite", BLACK)):
        assert pusher.push(service, **body) == {"code": 0, "msg": "成功", "data": {"taskId": "t-1"}}
    assert served.woken == ["hc"] * 3
    _, outcome = served.registers.apply("hc")
    assert outcome.left == []
    (who,), (car,) = site.register.residents(), site.register.vehicles()
    assert (who.templates, car.household, car.term.until) == (0, "3-2-501", None)
    assert [(one.source, one.plate) for one in listed_plates(site.engine, ["hc"])] == [("hc", "辽B12345")]
    assert served.registers.plan("hc").empty


def test_who_has_no_household_waits_for_a_person(served: Served) -> None:
    served.pusher.push("user/addUser", **PERSON)
    (conflict,) = served.registers.plan("hc").conflicts
    assert (conflict.code, conflict.ref, conflict.label) == ("no_household", "u1", "张三")


def test_a_person_is_gone_when_the_last_machine_has_let_go(served: Served, site: Site) -> None:
    pusher = served.pusher
    site.register.enrol(PersonForm.of("张三", "3-2-501"), "chief")
    for machine in ("MC1", "MC2"):
        pusher.push("user/addUser", **{**PERSON, "machineCode": machine})
    served.registers.apply("hc")
    pusher.push("user/deleteUser", userId="u1", machineCode="MC1")
    assert served.registers.plan("hc").empty
    pusher.push("user/clearUser", machineCode="MC2")
    assert [step.do for step in served.registers.plan("hc").steps] == ["end"]


def test_a_listing_changes_its_list_and_goes(served: Served, site: Site) -> None:
    pusher = served.pusher
    pusher.push("car/addBlackWhite", **BLACK)
    served.registers.apply("hc")
    pusher.push("car/updateBlackWhite", **{**BLACK, "blackWhite": "2222"})
    served.registers.apply("hc")
    assert [one.kind for one in listed_plates(site.engine, ["hc"])] == ["allowed"]
    pusher.push("car/deleteBlackWhite", extBwId="b1", carNum="辽B12345")
    served.registers.apply("hc")
    assert listed_plates(site.engine, ["hc"]) == ()


NOT_TAKEN = [
    ("user/addUser", {**PERSON, "personType": "3003"}, "访客"),
    ("user/addUser", {**PERSON, "name": ""}, "缺少"),
    ("user/deleteUser", {}, "编号"),
    ("car/addCar", {**CAR, "carNum": "A12"}, "A12"),
    ("car/addBlackWhite", {**BLACK, "blackWhite": "9"}, "blackWhite"),
    ("fee/addTempCarFee", {}, "fee/addTempCarFee"),
]


def test_what_is_not_taken_says_why_in_its_own_way(served: Served) -> None:
    pusher = served.pusher
    for service, body, said in NOT_TAKEN:
        told = pusher.push(service, **body)
        assert (told["code"], told["data"]) == (-1, {"taskId": "t-1"}), service
        assert said in told["msg"]
    assert served.woken == []


def test_nobody_without_the_secret_pushes_anything(served: Served) -> None:
    stranger = MicroCommunityPusher(served.url, secret="a wrong guess of it")
    assert stranger.sign_in()["code"] == -1
    assert stranger.push("user/addUser", **PERSON)["code"] == -1
    stranger.access_token = served.pusher.access_token[:-4] + "AAAA"
    assert stranger.push("user/addUser", **PERSON)["code"] == -1
    assert MicroCommunityPusher(served.url, app_id="nobody").sign_in()["code"] == -1
    assert served.registers.plan("hc").conflicts == ()


def test_guessing_the_secret_is_slowed_down(served: Served) -> None:
    asked = {"appId": "hc-app", "appSecret": "x"}
    answers = [
        httpx.get(f"{served.url}/extApi/auth/getAccessToken", params=asked, trust_env=False).status_code
        for _ in range(32)
    ]
    assert (answers[0], answers[-1]) == (200, 429)


def test_a_push_beyond_its_size_is_refused(served: Served) -> None:
    token = served.pusher.access_token
    answered = httpx.post(
        f"{served.url}/extApi/user/addUser", content=b"x" * 4_000_001, headers={"access_token": token}, trust_env=False
    )
    assert answered.status_code == 413


def test_a_token_ends_after_two_hours(registers: Registers) -> None:
    source = registers.source("hc")
    assert isinstance(source, HcPush)
    now = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    token = source.token("a secret of HC itself", now)
    assert token is not None
    assert source.believes(token, now + TOKEN_LASTS)
    assert not source.believes(token, now + TOKEN_LASTS + timedelta(seconds=1))
    assert source.believes(token, now - timedelta(hours=8))


def test_a_secret_that_others_may_read_is_not_used(registers: Registers, tmp_path: Path) -> None:
    (tmp_path / "hc.secret").chmod(0o644)
    assert registers.views()[0].standing.code is None
    with pytest.raises(Exception, match=r"password\.exposed"):
        registers.ask("hc")
    assert registers.views()[0].standing.code == "password.exposed"
