from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gate.community.destination import Failed
from gate.community.event import Event
from gate.community.hc import MicroCommunity
from gate.community.settings import MicroCommunityPart
from tests.gate.community.conftest import START
from tests.gate.community.peers import MicroCommunityPeer, answer, serving

CAR = Event(
    key="1-a",
    seq=1,
    event="passage",
    at=START,
    lane="north-in",
    lane_kind="vehicle",
    direction="in",
    verdict="open",
    reason="known_vehicle",
    subject="car",
    plate="辽A12345",
)
PERSON = replace(CAR, lane="door", lane_kind="pedestrian", subject="zhang", plate=None, reason="known_resident")


def _open(url: str) -> MicroCommunity:
    block = {"id": "hc", "kind": "hc", "url": url, "unencrypted": True, "community_id": "2025", "timeout_s": 5}
    machines = {"machines": {"north-in": "MC1", "door": "MC2", "south": "MC9"}}
    return MicroCommunity(MicroCommunityPart.model_validate({**block, **machines}), "Asia/Shanghai")


@pytest.fixture
def peer() -> MicroCommunityPeer:
    return MicroCommunityPeer()


@pytest.fixture
def hc(peer: MicroCommunityPeer) -> Iterator[MicroCommunity]:
    with serving(peer, None) as url:
        opened = _open(url)
        yield opened
        opened.close()


def test_a_car_is_told_with_its_local_time_and_way(hc: MicroCommunity, peer: MicroCommunityPeer) -> None:
    hc.send([CAR])
    hc.send([replace(CAR, direction="out", verdict="refuse", reason="blocked")])
    first, second = peer.cars
    assert (first["machineCode"], first["communityId"], first["carNum"]) == ("MC1", "2025", "辽A12345")
    assert (first["inTime"], "state" in first) == ("2025-03-01 16:00:00", False)
    assert (second["outTime"], second["state"]) == ("2025-03-01 16:00:00", "5")
    assert set(first) | set(second) <= set(MicroCommunity.fields)


def test_a_person_is_an_id_without_name_or_picture_unless_both_were_let_out(
    hc: MicroCommunity, peer: MicroCommunityPeer
) -> None:
    hc.send([PERSON])
    hc.send([replace(PERSON, name="张三", picture=b"jpeg", verdict="ask")])
    plain, named = peer.faces
    assert (plain["userId"], plain["userName"], plain["photo"], plain["recordTypeCd"]) == ("zhang", "", "", "8888")
    assert (named["userName"], named["photo"], named["recordTypeCd"]) == ("张三", "anBlZw==", "6666")
    assert set(plain) | set(named) <= set(MicroCommunity.fields)


def test_an_opening_by_hand_is_an_opening_by_key_and_what_it_has_no_place_for_is_left_out(
    hc: MicroCommunity, peer: MicroCommunityPeer
) -> None:
    hc.send(
        [Event(key="2-b", seq=2, event="opening", at=START, lane="door", lane_kind="pedestrian", what="manual.open")]
    )
    hc.send([Event(key="3-c", seq=3, event="alarm", at=START, lane="door", device="lock", what="barrier.alarm:forced")])
    hc.send([replace(CAR, plate=None), replace(CAR, lane="east")])
    assert [one["openTypeCd"] for one in peer.openings] == ["2000"]
    assert not peer.cars


def test_each_machine_is_said_to_be_alive_even_where_one_is_not_known(
    hc: MicroCommunity, peer: MicroCommunityPeer
) -> None:
    hc.tick()
    hc.tick()
    assert peer.beats == ["MC1", "MC2"]


def test_an_error_inside_of_http_200_is_an_error(hc: MicroCommunity) -> None:
    with pytest.raises(Failed) as failed:
        hc.send([replace(CAR, lane="south")])
    assert (failed.value.code, failed.value.facts["why"]) == ("community.said_no", "设备不存在")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"msg": "ok"}', b"\xff"])
def test_an_answer_that_makes_no_sense_is_no_yes(body: bytes) -> None:
    with serving(lambda handler, _body: answer(handler, 200, body), None) as url:
        hc = _open(url)
        with pytest.raises(Failed) as failed:
            hc.send([CAR])
        hc.close()
    assert failed.value.code == "community.not_understood"
