"""What stands behind each url, and what the wiring notes tell people to write."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, get_args

import pytest

import gate.barrier.board
from gate.barrier.act import ActKind, BarrierAct, Command
from gate.barrier.board.broker import BrokerAddress
from gate.barrier.board.dialect import PRESETS as DIALECTS
from gate.barrier.board.http_board import HttpBoard, HttpBoardSettings
from gate.barrier.board.isapi import IsapiDevice, IsapiSettings
from gate.barrier.board.login import Login
from gate.barrier.board.mqtt_board import MqttBoard, MqttBoardSettings
from gate.barrier.board.topics import PRESETS as TOPICS
from gate.barrier.board.web import Address, Ask
from gate.barrier.board.wiring import WiredBarrier
from gate.barrier.devices import DEVICES, Fitted, open_barrier
from gate.barrier.settings import SCHEMES, BarrierPart, HttpBoardPart, MqttBoardPart
from gate.config import load_config
from gate.errors import ConfigRefused

WIRING = "[barrier.wiring]\nraise = 0\nlower = 3\npresence = 1\n"
SIGN_IN = 'username = "gate"\npassword_file = "keys/board.password"\n'


def _part(folder: Path, text: str) -> BarrierPart:
    file = folder / "gate.toml"
    file.write_text(text, "utf-8")
    (part,) = load_config(file).barrier
    return part


@contextmanager
def _fitted(part: BarrierPart) -> Generator[Fitted]:
    fitted = DEVICES[part.scheme](part, time.monotonic)
    try:
        yield fitted
    finally:
        fitted.device.close()


def _relays(fitted: Fitted) -> Any:
    assert isinstance(fitted.device, WiredBarrier)
    return fitted.device._relays


def test_every_scheme_that_may_be_written_has_its_device() -> None:
    assert set(SCHEMES) == set(DEVICES)


def test_every_preset_that_may_be_written_is_there() -> None:
    assert set(get_args(HttpBoardPart.model_fields["preset"].annotation)) == {*DIALECTS, "custom"}
    assert set(get_args(MqttBoardPart.model_fields["preset"].annotation)) == set(TOPICS)


@pytest.mark.parametrize(
    ("preset", "auth", "signs_in"),
    [
        ("shelly1", "", "basic"),
        ("tasmota", "", "basic"),
        ("shelly2", "", "digest"),
        ("shelly2", 'auth = "basic"\n', "basic"),
        ("tasmota", 'auth = "digest"\n', "digest"),
    ],
)
def test_a_board_behind_http_is_set_as_written(tmp_path: Path, preset: str, auth: str, signs_in: Any) -> None:
    text = f'[[barrier]]\nid = "a"\nurl = "https://192.0.2.21"\n{WIRING}[barrier.board]\npreset = "{preset}"\n'
    part = _part(tmp_path, text + auth + SIGN_IN + 'timeout_s = 2.5\nca_file = "ca.pem"\n')
    own = part.board
    assert isinstance(own, HttpBoardPart)
    # The certificate is read with the first request, and closing is one: the part is fitted without it.
    plain = part.model_copy(update={"url": "http://127.0.0.1:1", "board": own.model_copy(update={"ca_file": None})})
    with _fitted(plain) as fitted:
        board = _relays(fitted)
        assert isinstance(board, HttpBoard)
        login = Login("gate", tmp_path / "keys/board.password")
        address = Address("http://127.0.0.1:1", login, signs_in)
        assert board._settings == HttpBoardSettings(address, DIALECTS[preset], 4, 2, 2.5)
        assert fitted.presence_wired
    assert own.ca_file == tmp_path / "ca.pem"


def test_a_board_of_no_known_make_is_asked_as_its_table_spells_out(tmp_path: Path) -> None:
    keys = (
        'preset = "custom"\nswitch = "PUT /io/{channel}"\nbody = \'{"v":"{{state}}"}\'\nrelay = "GET /io/{channel}"\n'
    )
    keys = keys.replace('{"v":"{{state}}"}', '{{"v":"{state}"}}') + 'where = "v"\non = "1"\noff = "0"\nfirst = 1\n'
    wiring = "[barrier.wiring]\nraise = 0\nlower = 1\n"
    text = f'[[barrier]]\nid = "a"\nurl = "http://127.0.0.1:1"\n{wiring}[barrier.board]\n{keys}'
    with _fitted(_part(tmp_path, text)) as fitted:
        board = _relays(fitted)
        assert isinstance(board, HttpBoard)
        dialect = board._settings.dialect
        assert dialect.switch.filled(1, "1") == Ask("PUT", "/io/1", '{"v":"1"}')
        assert dialect.relay is not None
        assert dialect.relay_says is not None
        assert dialect.relay_says.read(b'{"v":"1"}', 1) is True
        assert (dialect.says, dialect.contact, dialect.first) == (None, None, 1)


@pytest.mark.parametrize(("scheme", "web"), [("isapi", "http"), ("isapis", "https")])
@pytest.mark.parametrize(
    ("keys", "settings"),
    [
        ("", {"stays_open": True}),
        ('kind = "door"\nstays_open = false\n', {"stays_open": False}),
        ('kind = "door"\nnumber = 2\nstays_open = true\n', {"kind": "door", "number": 2, "stays_open": True}),
        (
            'kind = "barrier"\nstops = false\nreads_limits = true\n',
            {"kind": "barrier", "stops": False, "reads_limits": True},
        ),
    ],
)
def test_a_hikvision_device_is_set_as_written(
    tmp_path: Path, scheme: str, web: str, keys: str, settings: dict[str, Any]
) -> None:
    kind = "arm" if '"barrier"' in keys else "door"
    head = f'[[barrier]]\nid = "a"\nkind = "{kind}"\nurl = "{scheme}://192.0.2.22:8000"\n'
    text = f"{head}[barrier.board]\n{keys}{SIGN_IN}timeout_s = 3\n"
    with _fitted(_part(tmp_path, text)) as fitted:
        assert isinstance(fitted.device, IsapiDevice)
        address = Address(f"{web}://192.0.2.22:8000", Login("gate", tmp_path / "keys/board.password"))
        assert fitted.device._settings == IsapiSettings(address, timeout_s=3, **settings)
        assert not fitted.presence_wired


@pytest.mark.parametrize(("version", "number"), [("", 5), ('mqtt_version = "5"\n', 5), ('mqtt_version = "3.1.1"\n', 4)])
def test_a_board_behind_a_broker_is_set_as_written(tmp_path: Path, version: str, number: Any) -> None:
    keys = f'topic = "yard/arm"\n{version}{SIGN_IN}outputs = 8\ninputs = 4\ninputs_repeated_s = 30\n'
    text = f'[[barrier]]\nid = "a"\nurl = "mqtt://127.0.0.1:1"\n{WIRING}[barrier.board]\n{keys}'
    with _fitted(_part(tmp_path, text)) as fitted:
        board = _relays(fitted)
        assert isinstance(board, MqttBoard)
        login = Login("gate", tmp_path / "keys/board.password")
        address = BrokerAddress("mqtt://127.0.0.1:1", login, None, number)
        assert board._settings == MqttBoardSettings(address, TOPICS["plain"]("yard/arm"), 8, 4, repeated_s=30)
        assert fitted.presence_wired


def test_a_barrier_that_nobody_checked_is_refused_without_its_table() -> None:
    part = BarrierPart.model_construct(id="a", url="isapi://192.0.2.22", board=None, wiring=None)
    with pytest.raises(ConfigRefused) as refused:
        DEVICES["isapi"](part, time.monotonic)
    assert refused.value.facts == {"where": "barrier.a.board"}


BOARDS = (Path(str(gate.barrier.board.__path__[0])) / "BOARDS.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", BOARDS, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_wiring_notes_can_be_used_as_it_is(tmp_path: Path, example: str) -> None:
    assert _part(tmp_path, example).scheme in DEVICES


def test_the_wiring_notes_show_every_kind_of_board() -> None:
    shown = {url for example in EXAMPLES for url in re.findall(r'url = "([a-z-]+):', example)}
    assert {"modbus", "modbus-rtu", "serial", "http", "isapi", "isapis", "mqtt", "mqtts"} <= shown


def test_the_wiring_notes_say_of_each_kind_of_board_in_both_languages_what_happens_when_it_stays_away() -> None:
    chinese, english = BOARDS.split("# Wiring the relay boards\n")
    kinds = ("Modbus TCP", "Modbus RTU", "USB", "GPIO", "HTTP", "ISAPI", "MQTT", "ONVIF")
    for half, words in ((chinese, "- 失联时："), (english, "- When it stays away:")):
        sections = half.split("\n## ")[1:]
        said = [section.partition("\n")[0] for section in sections if words in section]
        assert len(said) == len(kinds)
        assert all(kind in title for kind, title in zip(kinds, said, strict=True))


class _Shelly(BaseHTTPRequestHandler):
    """A first-generation Shelly whose relays push a barrier's buttons: it says who asked for what."""

    pushed: list[str]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_parts: object) -> None:
        return

    def do_GET(self) -> None:
        signed_in = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"gate:mima").decode()
        if signed_in and "turn=on" in self.path:
            self.pushed.append(self.path)
        answer = json.dumps({"ison": "turn=on" in self.path}).encode()
        self.send_response(200 if signed_in else 401)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@pytest.fixture
def shelly() -> Generator[tuple[str, list[str]]]:
    """Where a device answers, and the relays it was told to close."""
    pushed: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Shelly,), {"pushed": pushed}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", pushed
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.timeout(60)
def test_a_configured_board_raises_its_arm(tmp_path: Path, shelly: tuple[str, list[str]]) -> None:
    url, pushed = shelly
    secret = tmp_path / "board.password"
    secret.write_text("mima\n")
    secret.chmod(0o600)
    board = '[barrier.board]\npreset = "shelly1"\nusername = "gate"\npassword_file = "board.password"\n'
    wiring = "[barrier.wiring]\nraise = 0\nlower = 1\npulse_s = 0.2\n"
    part = _part(tmp_path, f'[[barrier]]\nid = "a"\nurl = "{url}"\ntravel_s = 0.3\n{wiring}{board}')
    opened = threading.Event()

    def note(act: BarrierAct) -> None:
        if act.kind is ActKind.OPENED:
            opened.set()

    barrier = open_barrier(part, note)
    barrier.start()
    try:
        # Without limits the arm is of an unknown position, and raised at the start already.
        assert barrier.command(Command.OPEN, command_id="p1", cause="guard").accepted
        assert opened.wait(30)
    finally:
        barrier.stop()
    assert "/relay/0?turn=on&timer=0.2" in pushed
