from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import gate.cli.enroll
from enrollment.entry import Resident, Vehicle
from enrollment.errors import EntryRefused, NotEnrolled, PhotoRefused
from gate.config import load_config
from gate.site import open_site
from models.errors import Fault
from models.roles import FaceRecogniser
from models.sighting import PlateColour
from tests.gate.cli.painted import PaintedFaces, painted

CONFIG = """
[storage]
folder = "var"

[[camera]]
id = "cam-1"
url = "folder:."

[[barrier]]
id = "bar-1"

[[lane]]
id = "east"
name = "东门"
kind = "pedestrian"
camera = "cam-1"
barrier = "bar-1"
"""


PAPER = ("--consent", "paper", "--signed-on", "2025-01-02")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(CONFIG, "utf-8")
    return path


@pytest.fixture(autouse=True)
def _painted(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_names: object) -> FaceRecogniser:
        return PaintedFaces()

    monkeypatch.setattr(gate.cli.enroll, "open_face_recogniser", opened)


def _photo(config: Path, brightness: int) -> str:
    path = config.parent / f"{brightness}.png"
    path.write_bytes(painted(brightness))
    return str(path)


def _run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(gate.cli.enroll.app, [*words, "--config", str(config)])


def _person(config: Path, name: str = "张三", brightness: int = 40, *more: str) -> Result:
    photo = _photo(config, brightness)
    words = ["--name", name, "--household", "3-2-501", "--photo", photo, *PAPER, *more]
    return _run(config, "person", *words)


def _vehicle(config: Path, plate: str = "辽A12345", *more: str) -> Result:
    return _run(config, "vehicle", "--plate", plate, "--household", "3-2-501", *more)


def _kept(config: Path) -> tuple[tuple[Resident, ...], tuple[Vehicle, ...]]:
    with open_site(load_config(config)) as site:
        return site.register.residents(), site.register.vehicles()


def _fault(result: Result) -> Fault:
    assert isinstance(result.exception, Fault), result.output
    return result.exception


def test_a_person_is_enrolled_by_a_photo(config: Path) -> None:
    result = _person(config, "张三", 40, "--lane", "east")
    assert result.exit_code == 0, result.output
    ((person,), _) = _kept(config)
    assert (person.name, person.household, person.lanes, person.templates) == ("张三", "3-2-501", ("east",), 1)
    assert person.id in result.output


def test_nobody_is_enrolled_by_a_photo_without_a_consent(config: Path) -> None:
    photo = _photo(config, 40)
    words = ("person", "--name", "张三", "--household", "3-2-501", "--photo", photo)
    assert _fault(_run(config, *words)).code == "consent.face_needed"
    assert _fault(_run(config, *words, "--consent", "paper")).code == "enroll.signed_on_needed"
    assert _kept(config) == ((), ())


def test_withdrawing_deletes_the_face_and_tells_the_new_pin_once(config: Path) -> None:
    _person(config)
    ((person,), _) = _kept(config)
    result = _run(config, "withdraw", "--person", person.id, "--instead", "pin")
    assert result.exit_code == 0, result.output
    with open_site(load_config(config)) as site:
        (pin,) = re.findall(r"\b[0-9]{6}\b", result.output)
        assert site.register.credentials.find_pin("3-2-501", pin) == person.id
    assert _kept(config)[0][0].templates == 0


def test_a_guardian_consents_for_a_child(config: Path) -> None:
    born = f"{datetime.now(UTC).year - 8}-05-01"
    assert _fault(_person(config, "张小三", 40, "--born", born)).code == "consent.guardian_needed"
    guarded = ("--born", born, "--guardian", "张三", "--relation", "父亲")
    result = _person(config, "张小三", 40, *guarded)
    assert result.exit_code == 0, result.output
    assert _kept(config)[0][0].minor_until == date(datetime.now(UTC).year + 6, 5, 1)


def test_removing_writes_a_certificate_whose_signature_is_checked(config: Path) -> None:
    _person(config)
    ((person,), _) = _kept(config)
    nowhere = str(config.parent / "nowhere" / "c.json")
    assert _fault(_run(config, "remove", "--person", person.id, "--certificate", nowhere)).code == (
        "enroll.certificate_folder"
    )
    paper, file = config.parent / "c.txt", config.parent / "c.json"
    assert _run(config, "remove", "--person", person.id, "--certificate", str(file)).exit_code == 0
    shown = _run(config, "certificate", str(file))
    assert (shown.exit_code, person.id in shown.output) == (0, True)
    file.write_text(file.read_text("utf-8").replace('"templates": 1', '"templates": 2'), "utf-8")
    assert _fault(_run(config, "certificate", str(file))).code == "certificate.not_ours"
    _vehicle(config)
    assert _run(config, "remove", "--plate", "辽A12345", "--certificate", str(paper)).exit_code == 0
    assert "清除证明" in paper.read_text("utf-8")
    assert "辽A12345" not in paper.read_text("utf-8")


def test_another_model_takes_kept_photos_over_and_lists_who_must_come(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _person(config, "张三", 40, "--keep-photo")
    _person(config, "李四", 90)
    monkeypatch.setattr(PaintedFaces, "model_id", "painted-2")
    result = _run(config, "reembed")
    assert result.exit_code == 1
    assert "李四" in result.output
    assert "张三" not in result.output
    ((_, other), _) = _kept(config)
    _run(config, "face", "--person", other.id, "--photo", _photo(config, 90))
    assert _run(config, "reembed").exit_code == 0


def test_a_consent_is_recorded_for_an_enrolled_resident(config: Path) -> None:
    _person(config)
    ((person,), _) = _kept(config)
    scan = config.parent / "scan.pdf"
    scan.write_bytes(b"%PDF-1.7 signed")
    words = ("consent", "--person", person.id, "--purpose", "care_alerts", *PAPER, "--signature", str(scan))
    assert _run(config, *words).exit_code == 0
    with open_site(load_config(config)) as site:
        newest = site.register.consents.of(person.id)
        assert {str(one.purpose) for one in newest} == {"face_entry", "care_alerts"}
        assert [one.signed for one in newest if one.purpose == "care_alerts"] == [True]
    assert _fault(_run(config, *words[:-1], "nowhere.pdf")).code == "enroll.signature_unreadable"


def test_one_more_photo_is_added_to_a_person(config: Path) -> None:
    _person(config)
    ((person,), _) = _kept(config)
    assert _run(config, "face", "--person", person.id, "--photo", _photo(config, 50)).exit_code == 0
    assert _kept(config)[0][0].templates == 2


@pytest.mark.parametrize(("brightness", "code"), [(0, "photo.no_face"), (250, "photo.too_bright")])
def test_a_poor_photo_enrols_nobody(config: Path, brightness: int, code: str) -> None:
    fault = _fault(_person(config, "张三", brightness))
    assert isinstance(fault, PhotoRefused)
    assert fault.code == code
    assert _kept(config) == ((), ())


@pytest.mark.parametrize("content", [b"", "这是文字，不是照片".encode()])
def test_a_file_that_is_no_picture_enrols_nobody(config: Path, content: bytes) -> None:
    photo = config.parent / "photo.jpg"
    photo.write_bytes(content)
    result = _run(config, "person", "--name", "张三", "--household", "3-2-501", "--photo", str(photo))
    _fault(result)
    assert _kept(config) == ((), ())


def test_a_photo_that_is_not_there_is_said(config: Path) -> None:
    _fault(_run(config, "person", "--name", "张三", "--household", "3-2-501", "--photo", "nowhere.jpg"))


def test_a_twin_needs_to_be_allowed(config: Path) -> None:
    _person(config)
    assert _fault(_person(config, "张四")).code == "register.face_already_enrolled"
    assert _person(config, "张四", 40, "--allow-similar").exit_code == 0


def test_a_vehicle_is_enrolled_by_its_plate(config: Path) -> None:
    assert _vehicle(config, "辽a-12345", "--colour", "blue").exit_code == 0
    (_, (car,)) = _kept(config)
    assert (car.plate, car.colour) == ("辽A12345", PlateColour.BLUE)
    assert _fault(_vehicle(config)).code == "register.plate_taken"


def test_a_lane_that_is_not_configured_is_refused_with_those_that_are(config: Path) -> None:
    fault = _fault(_vehicle(config, "辽A12345", "--lane", "west"))
    assert isinstance(fault, EntryRefused)
    assert fault.facts == {"lane": "west", "known": "east"}
    assert not (config.parent / "var").exists()


def test_the_list_shows_people_and_cars_as_they_were_entered(config: Path) -> None:
    _person(config, "[bold]张三")
    _vehicle(config, "辽A12345", "--lane", "east")
    ((person,), (car,)) = _kept(config)
    _run(config, "block", "--plate", "辽A12345", "--reason", "占用[red]通道")
    listed = _run(config, "list").output
    for word in ("[bold]张三", person.id, "辽A12345", car.id, "3-2-501", "全部", "east", "禁止：占用[red]通道"):
        assert word in listed


def test_blocking_and_unblocking_go_by_person_or_plate(config: Path) -> None:
    _person(config)
    _vehicle(config)
    ((person,), _) = _kept(config)
    assert "张三" in _run(config, "block", "--person", person.id, "--reason", "欠费").output
    assert "辽A12345" in _run(config, "block", "--plate", "辽A12345", "--reason", "占道").output
    people, cars = _kept(config)
    assert (people[0].blocked_reason, cars[0].blocked_reason) == ("欠费", "占道")
    _run(config, "unblock", "--person", person.id)
    assert not _kept(config)[0][0].blocked


def test_removing_erases_and_says_what_stays(config: Path) -> None:
    _person(config)
    _vehicle(config)
    ((person,), _) = _kept(config)
    result = _run(config, "remove", "--person", person.id)
    assert result.exit_code == 0, result.output
    assert person.id in result.output
    assert _run(config, "remove", "--plate", "辽A12345").exit_code == 0
    assert _kept(config) == ((), ())
    raw = b"".join(file.read_bytes() for file in (config.parent / "var").glob("menwei.db*"))
    assert "张三".encode() not in raw
    assert "辽A12345".encode() not in raw


@pytest.mark.parametrize("words", [[], ["--person", "x", "--plate", "辽A12345"]])
def test_one_subject_has_to_be_named(config: Path, words: list[str]) -> None:
    _vehicle(config)
    assert _fault(_run(config, "remove", *words)).code == "enroll.one_subject"


@pytest.mark.parametrize("words", [["--person", "x"], ["--plate", "辽A99999"]])
def test_nobody_is_said_to_be_nobody(config: Path, words: list[str]) -> None:
    _vehicle(config)
    fault = _fault(_run(config, "unblock", *words))
    assert isinstance(fault, NotEnrolled)
    assert fault.facts == {"id": words[1]}


def test_a_right_is_given_by_person_plate_or_household_told_and_taken_away(config: Path) -> None:
    _person(config)
    _run(config, "vehicle", "--plate", "辽A12345", "--household", "3-2-501")
    (person,), (car,) = _kept(config)
    for who in (("--person", person.id), ("--plate", car.plate), ("--household", "3-2-502")):
        told = _run(config, "right", *who, "--lane", "east", "--hours", "周一至周五 7:00-19:00")
        assert told.exit_code == 0, told.output
        assert "东门" in told.output
        assert "周一至周五 07:00-19:00" in told.output
    (person,), (car,) = _kept(config)
    assert (person.lanes, car.lanes) == (("east",), ("east",))
    listed = _run(config, "list").output
    assert listed.count("07:00-19:00") == 2
    assert _run(config, "right", "--person", person.id).exit_code == 0
    assert _kept(config)[0][0].hours == ()


def test_a_right_is_of_one_and_on_lanes_that_there_are(config: Path) -> None:
    _person(config)
    assert _fault(_run(config, "right", "--lane", "east")).code == "enroll.one_holder"
    wrong = _run(config, "right", "--household", "3-2-501", "--lane", "west")
    assert _fault(wrong).code == "enroll.unknown_lane"
    assert _fault(_run(config, "right", "--household", "3-2-501", "--hours", "白天")).code == "hours.unreadable"


def test_a_block_may_have_an_end(config: Path) -> None:
    _person(config)
    (person,), _ = _kept(config)
    _run(config, "block", "--person", person.id, "--reason", "欠费", "--until", "2099-12-31 18:00")
    assert "禁止到 2099-12-31" in " ".join(_run(config, "list").output.split())
    ended = _run(config, "block", "--person", person.id, "--reason", "欠费", "--until", "2020-01-01")
    assert _fault(ended).code == "register.block_is_over"
