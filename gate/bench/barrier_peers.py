"""Devices on this machine that speak each driver's protocol, and say when their relay was told to close."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import WriteSingleCoilRequest
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from gate.barrier.board.broker import BrokerAddress
from gate.barrier.board.dialect import PRESETS
from gate.barrier.board.http_board import HttpBoard, HttpBoardSettings
from gate.barrier.board.isapi import IsapiDevice, IsapiSettings
from gate.barrier.board.modbus import ModbusBoard
from gate.barrier.board.modbus_settings import ModbusSettings, SerialLink, TcpLink
from gate.barrier.board.mqtt_board import MqttBoard, MqttBoardSettings
from gate.barrier.board.onvif import OnvifBoard, OnvifSettings
from gate.barrier.board.serial_board import SerialBoard, frame
from gate.barrier.board.topics import plain
from gate.barrier.board.web import Address
from gate.barrier.board.wiring import WiredBarrier, Wiring
from gate.barrier.device import BarrierDevice
from gate.barrier.simulator import SimulatedBarrier
from gate.bench.onvif_peer import OnvifPeer

WIRING = Wiring(raise_=0, lower=1, style="level")
STARTS_S = 10.0
MOSQUITTO_PATHS = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/sbin"
Heard = Callable[[], None]
"""Called by a peer the moment its first relay is told to close."""
Peer = Callable[[Heard], contextlib.AbstractContextManager[BarrierDevice | None]]
"""Opens a device that hangs on a peer; None where the peer cannot be had on this machine."""


@contextmanager
def simulated(heard: Heard) -> Iterator[BarrierDevice]:
    """The simulator, in this process."""

    class Told(SimulatedBarrier):
        def drive(self, command: object) -> None:
            super().drive(command)  # type: ignore[arg-type]
            if command == "raise":
                heard()

    yield Told(time.monotonic, travel_s=0.02, unwired=("open_limit", "closed_limit", "presence"))


@contextmanager
def modbus_tcp(heard: Heard) -> Iterator[BarrierDevice]:
    """The protocol library's server over TCP."""
    with _modbus(heard, None) as port, _wired(ModbusBoard(ModbusSettings(TcpLink("127.0.0.1", port)))) as device:
        yield device


@contextmanager
def modbus_rtu(heard: Heard) -> Iterator[BarrierDevice]:
    """The same server over a pair of pseudo terminals."""
    with _cable() as (near, far), _modbus(heard, far):
        link = SerialLink(near, baud=115_200)
        with _wired(ModbusBoard(ModbusSettings(link))) as device:
            yield device


@contextmanager
def usb_lcus(heard: Heard) -> Iterator[BarrierDevice]:
    """A board of four bytes per command behind a pseudo terminal."""
    master, slave = os.openpty()
    tty.setraw(slave)
    told = frame(0, on=True)

    def listen() -> None:
        kept = b""
        with contextlib.suppress(OSError):
            while read := os.read(master, 64):
                kept += read
                if told in kept:
                    heard()
                kept = kept[-3:] if told not in kept else b""

    threading.Thread(target=listen, name="lcus-peer", daemon=True).start()
    try:
        with _wired(SerialBoard(os.ttyname(slave))) as device:
            yield device
    finally:
        os.close(slave)
        os.close(master)


@contextmanager
def http_shelly(heard: Heard) -> Iterator[BarrierDevice]:
    """A first-generation Shelly."""
    state = {0: False, 1: False}

    def answer(_method: str, path: str, _body: str) -> tuple[int, str]:
        channel = 1 if path.startswith("/relay/1") else 0
        if "turn=" in path:
            state[channel] = "turn=on" in path
            if channel == 0 and state[0]:
                heard()
        return 200, json.dumps({"ison": state[channel]})

    with _web(answer) as url:
        settings = HttpBoardSettings(Address(url), PRESETS["shelly1"])
        with _wired(HttpBoard(settings)) as device:
            yield device


@contextmanager
def isapi(heard: Heard) -> Iterator[BarrierDevice]:
    """A Hikvision barrier controller."""
    space = "http://www.isapi.org/ver20/XMLSchema"

    def answer(method: str, _path: str, body: str) -> tuple[int, str]:
        if ">open<" in body:
            heard()
        if method == "GET":
            return 200, f'<DeviceInfo xmlns="{space}"><model>bench</model></DeviceInfo>'
        return 200, f'<ResponseStatus xmlns="{space}"><statusCode>1</statusCode></ResponseStatus>'

    with _web(answer) as url:
        device = IsapiDevice(IsapiSettings(Address(url), "barrier"))
        try:
            yield device
        finally:
            device.close()


@contextmanager
def onvif(heard: Heard) -> Iterator[BarrierDevice]:
    """A device with two relay outputs."""

    def told(token: str, is_on: bool) -> None:  # noqa: FBT001 - as the peer calls it
        if token == "R0" and is_on:  # noqa: S105 - the name of a relay
            heard()

    peer = OnvifPeer(("R0", "R1"), on_relay=told)
    with _web(peer.answer) as url, _wired(OnvifBoard(OnvifSettings(Address(url), ("R0", "R1")))) as device:
        yield device


@contextmanager
def mqtt_plain(heard: Heard) -> Iterator[BarrierDevice | None]:
    """A board behind mosquitto; None where mosquitto is not installed."""
    program = shutil.which("mosquitto", path=MOSQUITTO_PATHS)
    if program is None:
        yield None
        return
    with ExitStack() as undo:
        port = undo.enter_context(_mosquitto(program))
        topics = plain("bench/arm")
        ready = threading.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2)

        def message(_client: mqtt.Client, _userdata: object, said: mqtt.MQTTMessage) -> None:
            if said.topic == topics.named(topics.command, 0) and said.payload == b"ON":
                heard()
            state = said.topic.removesuffix("/set")
            client.publish(state, said.payload, qos=1, retain=True)

        client.on_message = message
        client.on_subscribe = lambda *_rest: ready.set()
        client.connect("127.0.0.1", port)
        undo.callback(client.loop_stop)
        undo.callback(client.disconnect)
        client.loop_start()
        client.subscribe("bench/arm/relay/+/set", qos=1)
        if not ready.wait(STARTS_S):
            raise TimeoutError("the broker did not answer")
        for topic, said in (
            ("bench/arm/relay/0", "OFF"),
            ("bench/arm/relay/1", "OFF"),
            (topics.availability, "online"),
        ):
            client.publish(topic, said, qos=1, retain=True).wait_for_publish(STARTS_S)
        settings = MqttBoardSettings(BrokerAddress(f"mqtt://127.0.0.1:{port}"), topics)
        yield undo.enter_context(_wired(MqttBoard(settings)))


PEERS: dict[str, Peer] = {
    "sim": simulated,
    "modbus-tcp": modbus_tcp,
    "modbus-rtu": modbus_rtu,
    "usb-lcus": usb_lcus,
    "http": http_shelly,
    "isapi": isapi,
    "mqtt": mqtt_plain,
    "onvif": onvif,
}
"""Every driver that can be measured without hardware; GPIO lines cannot."""


@contextmanager
def _wired(board: ModbusBoard | SerialBoard | HttpBoard | MqttBoard | OnvifBoard) -> Iterator[BarrierDevice]:
    device = WiredBarrier(board, board, WIRING)
    try:
        yield device
    finally:
        device.close()


@contextmanager
def _modbus(heard: Heard, serial_path: str | None) -> Iterator[int]:
    """A running server; its port, 0 on a serial line."""
    ready, where = threading.Event(), [0]
    running: list[tuple[asyncio.AbstractEventLoop, ModbusTcpServer | ModbusSerialServer]] = []

    def pdu(sending: bool, told: ModbusPDU) -> ModbusPDU:  # noqa: FBT001 - the library calls it so
        if not sending and isinstance(told, WriteSingleCoilRequest) and told.address == 0 and told.bits[0]:
            heard()
        return told

    async def serve() -> None:
        bits = [SimData(0, values=[False] * 8, datatype=DataType.BITS)]
        registers = [SimData(0, values=0, datatype=DataType.REGISTERS)]
        context = SimDevice(1, (bits, bits, registers, registers))
        server: ModbusTcpServer | ModbusSerialServer
        if serial_path is None:
            server = ModbusTcpServer(context, address=("127.0.0.1", 0), trace_pdu=pdu)
        else:
            server = ModbusSerialServer(context, port=serial_path, baudrate=115_200, trace_pdu=pdu)
        running.append((asyncio.get_running_loop(), server))
        await server.serve_forever(background=True)
        if isinstance(server, ModbusTcpServer):
            where[0] = server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        ready.set()
        await server.serving

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="modbus-peer", daemon=True)
    thread.start()
    if not ready.wait(STARTS_S):
        raise TimeoutError("the Modbus server did not start")
    try:
        yield where[0]
    finally:
        loop, server = running[0]
        asyncio.run_coroutine_threadsafe(server.shutdown(), loop).result(STARTS_S)  # type: ignore[no-untyped-call]
        thread.join(STARTS_S)


@contextmanager
def _cable() -> Iterator[tuple[str, str]]:
    """Two pseudo terminals joined to each other; the names of their ends."""
    ends = [os.openpty(), os.openpty()]
    for _, slave in ends:
        tty.setraw(slave)
    wake = os.pipe()
    masters = [ends[0][0], ends[1][0]]

    def carry() -> None:
        while True:
            for ready in select.select([*masters, wake[0]], [], [])[0]:
                if ready == wake[0]:
                    return
                os.write(masters[1 - masters.index(ready)], os.read(ready, 4096))

    thread = threading.Thread(target=carry, name="cable", daemon=True)
    thread.start()
    try:
        yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    finally:
        os.write(wake[1], b"x")
        thread.join(STARTS_S)
        for number in (*wake, *(end for pair in ends for end in pair)):
            os.close(number)


@contextmanager
def _web(answer: Callable[[str, str, str], tuple[int, str]]) -> Iterator[str]:
    """A web server of a device; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_parts: object) -> None:
            return

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            status, text = answer(self.command, self.path, body)
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = _serve  # noqa: N815 - as the library looks them up

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="web-peer", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(STARTS_S)


@contextmanager
def _mosquitto(program: str) -> Iterator[int]:
    """A running broker; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mosquitto.conf")
        file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n")
        quiet = subprocess.DEVNULL
        process = subprocess.Popen([program, "-c", str(file)], stdout=quiet, stderr=quiet)  # noqa: S603 - found above
        try:
            end_s = time.monotonic() + STARTS_S
            while not _listens(port):
                if time.monotonic() > end_s:
                    raise TimeoutError("mosquitto did not start")
                time.sleep(0.01)
            yield port
        finally:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0
