"""An address that is asked for its register, by a client that no answer can harm or hold up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from enrollment.sources import News
from enrollment.told import ToldKind
from gate.community.registers.rest import Rest
from gate.community.registers.settings import RestSource
from gate.errors import GateError
from tests.gate.community import peers
from tests.gate.community.peers import answer, serving

PEOPLE = [
    {"id": 7, "name": "张三", "household": "3-2-501", "phone": "13800000000", "idNumber": "not looked at"},
    {"id": 8, "name": "李四", "building": 3, "unit": 2, "room": "0502", "standing": "owner"},
]


@dataclass
class Office:
    """A register behind an address: pages, ETags, and whatever goes wrong."""

    lists: dict[str, list[Any]] = field(default_factory=lambda: {"/people": list(PEOPLE)})
    size: int | None = None
    total: int | None = None
    asked: list[str] = field(default_factory=list)
    reply: Callable[[BaseHTTPRequestHandler, bytes], None] | None = None
    token: str | None = None

    def __call__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.asked.append(handler.path)
        if self.reply is not None:
            self.reply(handler, body)
            return
        if self.token and handler.headers["Authorization"] != f"Bearer {self.token}":
            answer(handler, 401)
            return
        path, _, query = handler.path.partition("?")
        items = self.lists[path]
        if self.size is not None:
            number = int(dict(pair.split("=") for pair in query.split("&"))["page"])
            items = items[(number - 1) * self.size : number * self.size]
        total = len(self.lists[path]) if self.total is None else self.total
        told = json.dumps({"code": 0, "data": {"list": items, "total": total}}).encode()
        tag = f'"{hash(told)}"'
        if handler.headers["If-None-Match"] == tag:
            answer(handler, 304, ETag=tag)
        else:
            answer(handler, 200, told, ETag=tag)


@contextmanager
def opened(office: Callable[..., None], pem: Path | None = None, **block: object) -> Iterator[Rest]:
    with serving(office, pem) as url:
        plain = {} if pem else {"unencrypted": True}
        shared = {"id": "office", "kind": "rest", "url": url, "person": "/people", "items": "data.list", "timeout_s": 1}
        rest = Rest(RestSource.model_validate({**shared, **plain, **block}), ZoneInfo("Asia/Shanghai"))
        yield rest
        rest.close()


def _asked(rest: Rest) -> News:
    news = rest.ask({})
    assert news is not None
    return news


def test_a_list_is_read_by_our_fields_and_nothing_else_of_it() -> None:
    with opened(Office()) as rest:
        news = _asked(rest)
    assert [(one.ref, dict(one.values)) for one in news.told] == [
        ("7", {"household": "3-2-501", "name": "张三", "phone": "13800000000"}),
        ("8", {"household": "3-2-502", "name": "李四", "standing": "owner"}),
    ]
    assert (news.wrong, news.whole) == ([], (ToldKind.PERSON,))


def test_what_has_not_changed_is_not_sent_again() -> None:
    office = Office()
    with opened(office) as rest:
        tags = _asked(rest).tags
        assert rest.ask(tags) is None
        office.lists["/people"].pop()
        news = rest.ask(tags)
        assert news is not None
        assert len(news.told) == 1


def test_every_page_is_read_and_a_change_on_the_last_one_is_seen() -> None:
    office = Office({"/people": [{"id": one, "name": "张三", "household": f"1-1-{one}"} for one in range(1, 26)]}, 10)
    with opened(office, page="page", page_size=10, total="data.total") as rest:
        news = _asked(rest)
        assert (len(news.told), len(office.asked)) == (25, 3)
        assert rest.ask(news.tags) is None
        office.lists["/people"].append({"id": 26, "name": "李四", "household": "1-1-26"})
        again = rest.ask(news.tags)
        assert again is not None
        assert len(again.told) == 26


def test_their_names_and_words_are_named_in_the_configuration() -> None:
    people = [{"ownerId": "a", "owner": {"name": "张三"}, "roomNo": "3-2-501", "type": "1001"}]
    fields = {"id": "ownerId", "name": "owner.name", "household": "roomNo", "standing": "type"}
    with opened(Office({"/people": people}), fields=fields, words={"1001": "owner"}) as rest:
        (one,) = _asked(rest).told
    assert (one.ref, one.values["name"], one.values["standing"]) == ("a", "张三", "owner")


def test_lists_of_plates_and_vehicles_have_paths_of_their_own() -> None:
    lists = {
        "/people": [],
        "/cars": [{"id": 1, "plate": "辽A12345", "household": "3-2-501", "colour": "蓝"}],
        "/black": [{"id": 1, "plate": "辽B12345", "reason": "欠费", "until": "2027-01-01 08:00:00"}],
        "/white": [{"id": 1, "plate": "辽C12345"}],
    }
    with opened(Office(dict(lists)), vehicle="/cars", blocked="/black", allowed="/white") as rest:
        news = _asked(rest)
    assert [one.kind for one in news.told] == [ToldKind.VEHICLE, ToldKind.BLOCKED, ToldKind.ALLOWED]
    assert news.told[0].values["colour"] == "blue"
    assert set(news.whole) == set(ToldKind)


def test_rows_that_make_no_sense_stand_apart_with_their_id() -> None:
    people = [{"id": 1, "name": "张三", "household": "三楼"}, {"name": "李四"}, "nobody", {**PEOPLE[0]}, {**PEOPLE[0]}]
    with opened(Office({"/people": people})) as rest:
        news = _asked(rest)
    assert [one.ref for one in news.told] == ["7"]
    assert [(one.ref, one.row, one.fault.code) for one in news.wrong] == [
        ("1", 1, "register.household_code"),
        (None, 2, "told.no_ref"),
        (None, 3, "told.no_ref"),
        ("7", 5, "told.ref_twice"),
    ]


def test_the_token_goes_in_its_header(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret-token")
    token.chmod(0o600)
    with opened(Office(token="secret-token"), token_file=token) as rest:
        assert len(_asked(rest).told) == 2
    with opened(Office(token="another"), token_file=token) as rest, pytest.raises(GateError) as refused:
        rest.ask({})
    assert refused.value.code == "community.sign_in"


def _says(body: bytes, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    return lambda handler, _body: answer(handler, status, body, **headers)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (_says(b"", 500), "community.failed"),
        (_says(b"", 503), "community.not_now"),
        (_says(b"", 302, Location="https://elsewhere.example/"), "community.redirected"),
        (_says(b'{"code": 0, "data": {"list": [{"id": 1, "na'), "community.not_understood"),
        (_says(b'{"code": 0, "data": {}}'), "community.not_understood"),
        (_says(b"<html>"), "community.not_understood"),
        (_says(b"[" * 100_000), "community.not_understood"),
        ('{"code": 401, "msg": "没有权限", "data": {"list": []}}', "community.said_no"),
        (peers.slow_headers, "community.no_answer"),
        (peers.slow_body, "community.no_answer"),
        (peers.endless_body, "community.answer_too_long"),
        (peers.hangs_up, "community.no_answer"),
    ],
)
def test_a_broken_or_hostile_answer_is_a_clear_fault_and_tells_nothing(reply: Any, code: str) -> None:
    if isinstance(reply, str):
        reply = _says(reply.encode())
    with opened(Office(reply=reply), ok="code=0", most_mb=1) as rest, pytest.raises(GateError) as fault:
        rest.ask({})
    assert fault.value.code == code


def test_pages_without_end_are_given_up() -> None:
    page = json.dumps({"data": {"list": [{"id": 1, "name": "张三"}], "more": "x" * 300_000}}).encode()
    office = Office(reply=_says(page))
    with opened(office, page="page", page_size=1, most_mb=1) as rest, pytest.raises(GateError) as fault:
        rest.ask({})
    assert (fault.value.code, len(office.asked)) == ("community.answer_too_long", 4)


@pytest.mark.parametrize("total", [3, 1])
def test_pages_that_do_not_add_up_are_not_taken(total: int) -> None:
    with opened(Office(total=total), total="data.total") as rest, pytest.raises(GateError) as fault:
        rest.ask({})
    assert fault.value.code == "community.incomplete"


def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    pem = tmp_path / "peer.pem"
    pem.write_bytes(peers.certificate())
    with opened(Office(), pem) as rest, pytest.raises(GateError) as fault:
        rest.ask({})
    assert fault.value.code == "community.certificate"
    with opened(Office(), pem, ca_file=pem) as rest:
        assert len(_asked(rest).told) == 2
