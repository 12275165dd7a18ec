from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from gate.community.destination import Away, Failed
from gate.community.event import Event
from gate.community.settings import ViewLibraryPart
from gate.community.view_library import ViewLibrary
from gate.community.view_library_community import FIELDS
from gate.community.view_library_line import KEEPALIVE_S
from tests.gate.community.conftest import LANES, Hands
from tests.gate.community.peers import ViewLibraryPeer, answer, serving
from tests.gate.community.test_hc import CAR, PERSON

DEVICE = "21010000001190000001"


def _open(url: str, folder: Path, hands: Hands, password: str = "right", **more: object) -> ViewLibrary:
    file = folder / "password"
    file.write_text(password)
    file.chmod(0o600)
    block = {"id": "police", "kind": "gat1400", "url": url, "unencrypted": True, "contract": "2025-017"}
    login = {"device_id": DEVICE, "username": "gate", "password_file": file, "timeout_s": 5}
    part = ViewLibraryPart.model_validate({**block, **login, **more})
    return ViewLibrary(part, "Asia/Shanghai", LANES, lambda: hands.now_s)


@pytest.fixture
def peer() -> ViewLibraryPeer:
    return ViewLibraryPeer()


@pytest.fixture
def library(peer: ViewLibraryPeer, tmp_path: Path, hands: Hands) -> Iterator[ViewLibrary]:
    with serving(peer, None) as url:
        opened = _open(url, tmp_path, hands)
        yield opened
        opened.close()


def _told(peer: ViewLibraryPeer) -> dict[str, int]:
    return {name: len(objects) for name, objects in peer.objects.items()}


def test_it_registers_with_digest_and_says_once_a_minute_that_it_is_here(
    library: ViewLibrary, peer: ViewLibraryPeer, hands: Hands
) -> None:
    library.tick()
    assert (peer.registered, peer.kept) == (True, 0)
    library.tick()
    hands.now_s += KEEPALIVE_S
    library.tick()
    assert peer.kept == 1


def test_whoever_has_not_agreed_is_not_told_of(library: ViewLibrary, peer: ViewLibraryPeer) -> None:
    library.tick()
    library.send([CAR, PERSON, replace(CAR, event="alarm", consented=True)])
    assert not peer.objects


def test_who_has_agreed_is_a_face_with_a_picture_else_a_person_and_a_car_a_vehicle(
    library: ViewLibrary, peer: ViewLibraryPeer
) -> None:
    library.tick()
    yes: list[Event] = [replace(event, consented=True) for event in (CAR, PERSON)]
    library.send([*yes, replace(PERSON, consented=True, seq=3, picture=b"jpeg", name="张三")])
    assert _told(peer) == {"MotorVehicle": 1, "Person": 1, "Face": 1}
    (car,), (person,), (face,) = peer.objects["MotorVehicle"], peer.objects["Person"], peer.objects["Face"]
    assert (car["PlateNo"], car["PassTime"], car["InOut"]) == ("辽A12345", "20250301160000", "in")
    assert "SubImageList" not in person
    assert face["SubImageList"]["SubImageInfoObject"][0]["Data"] == "anBlZw=="
    assert {len(car["MotorVehicleID"]), len(person["PersonID"]), len(face["FaceID"])} == {48}
    assert set(car) | set(person) | set(face) <= set(ViewLibrary.fields)


def test_a_library_that_has_forgotten_us_is_registered_with_again(
    library: ViewLibrary, peer: ViewLibraryPeer, hands: Hands
) -> None:
    library.tick()
    peer.registered = False
    with pytest.raises(Failed):
        library.send([replace(CAR, consented=True)])
    hands.now_s += KEEPALIVE_S
    with pytest.raises(Failed):
        library.tick()
    library.tick()
    library.send([replace(CAR, consented=True)])
    assert _told(peer) == {"MotorVehicle": 1}


def test_a_wrong_password_and_a_senseless_answer_are_clear_states(
    tmp_path: Path, peer: ViewLibraryPeer, hands: Hands
) -> None:
    with serving(peer, None) as url:
        library = _open(url, tmp_path, hands, "wrong")
        with pytest.raises(Away) as refused:
            library.tick()
        library.close()
    assert refused.value.code == "community.sign_in"
    with serving(lambda handler, _body: answer(handler, 200, b"{}"), None) as url:
        library = _open(url, tmp_path, hands)
        with pytest.raises(Failed) as failed:
            library.tick()
        library.close()
    assert failed.value.code == "community.not_understood"


COMMUNITY = "21010000002160100001"


@pytest.fixture
def extended(peer: ViewLibraryPeer, tmp_path: Path, hands: Hands) -> Iterator[ViewLibrary]:
    with serving(peer, None) as url:
        opened = _open(
            url, tmp_path, hands, community=True, community_id=COMMUNITY, devices={"door": DEVICE[:-1] + "2"}
        )
        yield opened
        opened.close()


def test_without_its_switch_nothing_of_the_community_extension_is_told(
    library: ViewLibrary, peer: ViewLibraryPeer
) -> None:
    library.tick()
    library.send([replace(CAR, consented=True, number=7)])
    assert set(peer.objects) == {"MotorVehicle"}


def test_the_switch_needs_the_communitys_code(tmp_path: Path, hands: Hands) -> None:
    with pytest.raises(ValidationError):
        _open("http://192.0.2.1", tmp_path, hands, community=True)


def test_the_extension_announces_cameras_and_doors_once_for_each_registering(
    extended: ViewLibrary, peer: ViewLibraryPeer, hands: Hands
) -> None:
    extended.tick()
    extended.tick()
    assert _told(peer) == {"APE": 2, "DoorDevice": 2, "DoorInfo": 2}
    cameras, doors = peer.objects["APE"], peer.objects["DoorInfo"]
    assert [one["ApeID"] for one in cameras] == [DEVICE, DEVICE[:-1] + "2"]
    assert [one["Name"] for one in doors] == ["北门入口", "小门"]
    assert {len(one["DoorID"]) for one in doors} == {20}
    assert len({one["DoorID"] for one in doors}) == 2
    assert {one["CommunityID"] for one in (*cameras, *doors)} == {COMMUNITY}
    peer.registered = False
    hands.now_s += KEEPALIVE_S
    with pytest.raises(Failed):
        extended.tick()
    extended.tick()
    assert _told(peer)["APE"] == 4


def test_whose_passage_it_is_goes_once_and_only_for_those_who_agreed(
    extended: ViewLibrary, peer: ViewLibraryPeer
) -> None:
    extended.tick()
    extended.send([replace(CAR, number=7), replace(PERSON, number=8, name="张三", picture=b"jpeg")])
    assert set(peer.objects) == {"APE", "DoorDevice", "DoorInfo"}
    person = replace(PERSON, number=8, consented=True)
    extended.send([replace(CAR, number=7, consented=True), person])
    extended.send([replace(CAR, number=7, seq=5, consented=True), person])
    (car,), (bare,) = peer.objects["CarInfo"], peer.objects["PersonInfo"]
    assert (car["CarInfoID"], car["PlateNo"]) == (f"{COMMUNITY[:10]}7020000007", "辽A12345")
    assert bare["PersonID"] == f"{COMMUNITY[:10]}7010000008"
    assert not {"Name", "PhotoData"} & bare.keys()
    assert len(peer.objects["MotorVehicle"]) == 2
    seen = {name for objects in peer.objects.values() for one in objects for name in one}
    assert seen <= {name.rpartition(".")[2] for name in (*FIELDS, *ViewLibrary.fields)}


def test_name_and_crop_are_of_the_extension_too_where_they_were_let_out(
    extended: ViewLibrary, peer: ViewLibraryPeer
) -> None:
    extended.tick()
    extended.send([replace(PERSON, number=8, consented=True, name="张三", picture=b"jpeg")])
    (told,) = peer.objects["PersonInfo"]
    assert (told["Name"], told["PhotoData"]) == ("张三", "anBlZw==")


def test_a_corrected_code_is_the_device_of_what_is_told(library: ViewLibrary, peer: ViewLibraryPeer) -> None:
    library.tick()
    other = "21010000001190000077"
    library.send([replace(CAR, consented=True, lane_there=other)])
    (car,) = peer.objects["MotorVehicle"]
    assert car["DeviceID"] == other
    assert car["MotorVehicleID"].startswith(other)
