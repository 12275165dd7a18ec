"""The running gate as a whole, with made-up models on cameras that are not there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from enrollment.credential import CredentialKind
from enrollment.database import reading
from enrollment.form import PersonForm
from enrollment.gate_code import GateCodes
from gate.barrier.act import Command
from gate.camera.frame import CameraState, Frame
from gate.config import Community, Config, ParkingPart, load_config
from gate.decision.decision import Verdict
from gate.errors import BarrierFault
from gate.lane.lane import Opening
from gate.lane.presented import Presented
from gate.ledger.tables import LedgerRow, PassageRow
from gate.ledger.verify import verify
from gate.overview import Overview
from gate.running import BarrierWay, RunningGate
from gate.serving import serving
from gate.site import open_site
from models.store import Store
from tests.gate.community.peers import MicroCommunityPusher
from tests.gate.lane.drawn_codes import held_up

TOML = """
[console]
port = 0
[[camera]]
id = "gone"
url = "rtsp://127.0.0.1:9/none"
[[camera]]
id = "missing"
url = "file:missing.mp4"
[[barrier]]
id = "door"
[[barrier]]
id = "arm"
url = "sim://?start=middle"
travel_s = 0.2
[[lane]]
id = "walk"
name = "人行"
kind = "pedestrian"
camera = "gone"
barrier = "door"
[[lane]]
id = "drive"
name = "车行"
kind = "vehicle"
camera = "missing"
barrier = "arm"
"""


@pytest.fixture
def config(tmp_path: Path, made_starter: Path) -> Config:
    (tmp_path / "gate.toml").write_text(TOML, "utf-8")
    return load_config(tmp_path / "gate.toml")


def _kinds(gate: RunningGate) -> list[str]:
    with reading(gate.site.engine) as session:
        return list(session.scalars(select(LedgerRow.kind).order_by(LedgerRow.seq)))


def _wait_for(gate: RunningGate, topic: str, **facts: object) -> None:
    """Wait for news with these facts."""
    number, deadline = 0, threading.Event()
    timer = threading.Timer(30, deadline.set)
    timer.start()
    try:
        while not deadline.is_set():
            for news in gate.feed.after(number, 0.5):
                number = news.number
                if news.topic == topic and facts.items() <= news.body.items():
                    return
        pytest.fail(f"no {topic} with {facts}")
    finally:
        timer.cancel()


def test_cameras_that_are_not_there_keep_nothing_from_running(config: Config) -> None:
    with open_site(config, create=True) as site:
        gate = RunningGate(config, site, Store())
        overview = Overview(gate)
        with serving(gate):
            _wait_for(gate, "camera", state=CameraState.LOST)
            # An arm found half way is raised, never lowered, and comes down once the way has been watched clear.
            _wait_for(gate, "barrier", state="open")
            outcome = overview.open_lane("walk", actor="a1", reason="visitor", request_id="r1")
            assert outcome.barrier_state in {"opening", "open"}
            assert overview.open_lane("walk", actor="a1", reason="visitor", request_id="r1").repeated
            overview.open_lane("walk", actor="api:office", reason="visitor", request_id="r2")
            door = next(view for view in overview.barriers() if view.id == "door")
            assert "api:office" in {done.who for done in door.done}
            order = {"actor": "a1", "who": "laowang", "reason": "visitor", "request_id": "r3"}
            overview.order("door", Command.OPEN, **order)
            told = overview.answers(datetime.now(UTC) - timedelta(minutes=1))
            assert {(answer.lane_id, answer.opened) for answer in told} == {("walk", True)}
            assert len(told) == 4
            overview.ring("walk")
            assert [ring.lane_id for ring in overview.rings(told[0].at)] == ["walk"]
            assert overview.picture("walk") is None
            assert not overview.health().cameras
            assert overview.health().state == "degraded"
            assert overview.for_trying_out
            assert [lane.id for lane in overview.lanes()] == ["walk", "drive"]
        kinds = _kinds(gate)
        assert kinds[:2] == ["ledger.began", "gate.started"]
        assert kinds[-1] == "gate.stopped"
        assert {"manual.open", "barrier", "camera"} <= set(kinds)
        assert verify(site.engine).first_broken is None


def test_what_happens_reaches_a_destination_of_the_configuration(config: Config, tmp_path: Path) -> None:
    block = (
        '[[community.destination]]\nid = "drop"\nkind = "files"\nfolder = "drop"\nevents = ["openings"]\nevery_s = 1\n'
    )
    (tmp_path / "gate.toml").write_text(TOML + block, "utf-8")
    (tmp_path / "drop").mkdir()
    config = load_config(tmp_path / "gate.toml")
    with open_site(config, create=True) as site:
        gate = RunningGate(config, site, Store())
        overview = Overview(gate)
        with serving(gate):
            overview.open_lane("walk", actor="staff-seven", reason="visitor", request_id="r1")
            waiting, tries = threading.Event(), 600
            while not list((tmp_path / "drop").glob("menwei-*.csv")) and tries:
                waiting.wait(0.05)
                tries -= 1
            assert [view.id for view in overview.destinations()] == ["drop"]
    (file,) = (tmp_path / "drop").glob("menwei-*.csv")
    assert "manual.open" in file.read_text("utf-8-sig")
    assert "staff-seven" not in file.read_text("utf-8-sig")


def test_a_plate_that_is_pushed_is_blocked_by_the_rules_of_the_running_gate(config: Config, tmp_path: Path) -> None:
    secret = tmp_path / "hc.secret"
    secret.write_text("a secret of HC itself")
    secret.chmod(0o600)
    block = {"id": "hc", "kind": "hc", "app_id": "hc-app", "secret_file": secret, "apply": "auto"}
    broken = {"id": "gone", "kind": "drop", "folder": tmp_path / "gone", "apply": "auto"}
    config = config.model_copy(update={"community": Community.model_validate({"source": [block, broken]})})
    with open_site(config, create=True) as site:
        gate = RunningGate(config, site, Store())
        with serving(gate) as url:
            pusher = MicroCommunityPusher(url.rstrip("/"))
            pusher.sign_in()
            said = pusher.push("car/addBlackWhite", extBwId="b1", carNum="辽B12345", blackWhite="1111")
            assert said["code"] == 0
            deadline = threading.Event()
            timer = threading.Timer(30, deadline.set)
            timer.start()
            while not gate.rulebook.of("drive").blocks_of("辽B12345"):
                assert not deadline.wait(0.05)
            timer.cancel()
            views = {view.id: view.standing.code for view in Overview(gate).sources()}
        assert views == {"hc": None, "gone": "community.folder_unreadable"}
        (blocked,) = gate.rulebook.of("drive").blocks_of("辽B12345")
        assert blocked.source == "hc"
        assert {"plate.listed", "community.taken_over", "rules.changed"} <= set(_kinds(gate))
        verify(site.engine)


def test_other_spaces_hold_at_the_running_gate_and_on_its_page_and_broken_ones_turn_it_degraded(
    config: Config, tmp_path: Path
) -> None:
    file, zone = tmp_path / "parking.toml", '[[zone]]\nid = "yard"\nname = "院"\nenter = ["drive"]\nleave = ["out"]\n'
    file.write_text(f'elsewhere = ["out"]\n{zone}spaces = 9\n', "utf-8")
    config = config.model_copy(update={"parking": ParkingPart(file=file)})

    def until(done: Callable[[], bool]) -> None:
        deadline = threading.Event()
        timer = threading.Timer(30, deadline.set)
        timer.start()
        while not done():
            assert not deadline.wait(0.05)
        timer.cancel()

    with open_site(config, create=True) as site:
        gate = RunningGate(config, site, Store())
        with serving(gate):
            until(lambda: gate.parking.book.known)
            file.write_text(f'elsewhere = ["out"]\n{zone}spaces = 4\n', "utf-8")
            until(lambda: [one.spaces for one in gate.rulebook.of("drive").zones] == [4])
            until(lambda: [one.zone.spaces for one in gate.parking.view(datetime.now(UTC)).zones] == [4])
            assert Overview(gate).health().rules
            file.write_text(f"{zone}spaces = 4\n", "utf-8")
            until(lambda: not Overview(gate).health().rules)
            assert [one.spaces for one in gate.rulebook.of("drive").zones] == [4]
    assert _kinds(gate).count("rules.refused") == 1


def test_a_barrier_that_does_not_answer_says_so_to_the_guard(config: Config) -> None:
    with open_site(config, create=True) as site:
        gate = RunningGate(config, site, Store())
        with serving(gate):
            gate.barriers["door"].device.fall_silent()  # type: ignore[attr-defined]
            _wait_for(gate, "barrier", fault="barrier.not_answering")
            kept_shut = BarrierWay(gate.barriers["door"]).open_for("p1")
            assert kept_shut == Opening(opened=False, commanded_s=None, refusal="barrier.not_answering")
            with pytest.raises(BarrierFault):
                Overview(gate).open_lane("walk", actor="a1", reason="visitor", request_id="r1")
            assert not Overview(gate).health().barriers


def test_a_gate_that_never_started_can_be_stopped(config: Config) -> None:
    with open_site(config, create=True) as site:
        RunningGate(config, site, Store()).stop()


def test_the_news_say_whether_the_gate_or_a_person_raised_the_barrier(config: Config) -> None:
    with open_site(config, create=True) as site:
        gate = RunningGate(config, site, Store())
        with serving(gate):
            BarrierWay(gate.barriers["door"]).open_for("p1")
            _wait_for(gate, "barrier", state="open", raised_by="passage")
            Overview(gate).open_lane("walk", actor="a1", reason="visitor", request_id="r1")
            _wait_for(gate, "barrier", state="open", raised_by="guard")
            _wait_for(gate, "barrier", state="closed", raised_by=None)


def test_a_guards_orders_reach_the_barriers_and_the_record(config: Config) -> None:
    with open_site(config, create=True) as site:
        gate = RunningGate(config, site, Store())
        overview = Overview(gate)
        with serving(gate):
            outcome = overview.order(
                None, Command.EMERGENCY, actor="a1", who="laowang", reason="rescue: 救护车", request_id="request-1"
            )
            assert outcome.refused == {}
            refused = overview.order(
                "arm", Command.CLOSE, actor="a1", who="laowang", reason="drill", request_id="request-2"
            )
            assert refused.refused == {"arm": "barrier.emergency"}
            views = {view.id: view for view in overview.barriers()}
            assert all(view.emergency for view in views.values())
            close, emergency = views["arm"].done
            assert (emergency.who, emergency.why, close.refusal) == ("laowang", "rescue: 救护车", "barrier.emergency")
            assert views["arm"].scene is not None
            assert views["arm"].name == "车行"
            assert views["door"].inputs is not None
        assert {"manual.emergency", "manual.close"} <= set(_kinds(gate))
        assert verify(site.engine).first_broken is None


def test_a_pin_typed_at_a_pad_and_a_card_go_the_way_of_every_passage(config: Config) -> None:
    with open_site(config, create=True) as site:
        person = site.register.enrol(PersonForm.of("张三", "3-2-501"), "staff")
        pin = site.register.credentials.give(person.id, CredentialKind.PIN, "staff").pin
        site.register.credentials.give(person.id, CredentialKind.CARD, "staff", "04A1B2C3")
        gate = RunningGate(config, site, Store())
        pad = gate.presenting
        with serving(gate):
            assert pad.pin("walk", "3-2-501", str(pin)).opened
            assert pad.card("walk", "04A1B2C3").opened, "it is open already"
            assert not pad.pin("walk", "3-2-501", "000000").opened
            assert not pad.pin("walk", "", "00000000").opened
            gate.barriers["door"].command(Command.LOCKDOWN, command_id="l", cause="manual")
            assert pad.card("walk", "04A1B2C3") == Presented(Verdict.OPEN, opened=False)
        with reading(site.engine) as session:
            rows = session.scalars(select(PassageRow).order_by(PassageRow.seq)).all()
        assert [(row.verdict, row.reason, row.subject) for row in rows] == [
            ("open", "known_resident", person.id),
            ("open", "known_resident", person.id),
            ("refuse", "credential_unknown", None),
            ("refuse", "credential_unknown", None),
            ("open", "known_resident", person.id),
        ]
        assert not [row for row in rows if str(pin) in row.details or "04A1B2C3" in row.details]
        assert verify(site.engine).first_broken is None


def test_a_lane_that_wants_codes_reads_them_and_the_others_do_not(config: Config) -> None:
    lanes = (config.lane[0].model_copy(update={"qr": True}), config.lane[1])
    config = config.model_copy(update={"lane": lanes})
    with open_site(config, create=True) as site:
        gate = RunningGate(config, site, Store())
        codes = {name: one.worker._codes for name, one in gate.supervisors.items()}
        assert codes["drive"] is None
        assert codes["walk"] is not None
        made = site.passes.add("staff", datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1), code=True).made
        picture = held_up(GateCodes(site.keyring).lasting(made.id))
        (shown,) = codes["walk"](Frame("gone", 1, datetime.now(UTC), 1.0, picture))
        assert shown.visit is not None
        assert shown.visit.pass_id == made.id
