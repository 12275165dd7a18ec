"""Peers of the destinations: a TLS server that answers as it is told, simulators of the documented APIs."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Reply = Callable[[BaseHTTPRequestHandler, bytes], None]


def certificate() -> bytes:
    """A key and a certificate of its own for 127.0.0.1, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "community.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)


@contextmanager
def serving(reply: Reply, pem: Path | None) -> Iterator[str]:
    """The address of a server that answers each POST and GET by `reply`, with TLS where there is a `pem`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            with suppress(OSError):
                reply(self, body)

        def do_GET(self) -> None:
            with suppress(OSError):
                reply(self, b"")

        def log_message(self, *_told: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_told: object) -> None:
            """A client that does not trust us hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"{'http' if pem is None else 'https'}://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def answer(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    """A whole answer."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def slow_headers(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(10_000):
        handler.wfile.write(f"X-{number}: 1\r\n".encode())
        time.sleep(0.05)


def slow_body(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    for _ in range(10_000):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def endless_body(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    for _ in range(160_000):
        handler.wfile.write(b"x" * 65536)


def hangs_up(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    handler.connection.close()


def another_time(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 401 Unauthorized\r\n")
    date = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)
    handler.wfile.write(f"Date: {date}\r\nContent-Length: 0\r\n\r\n".encode())


@dataclass
class MicroCommunityPeer:
    """HC MicroCommunity's documented API: every answer is HTTP 200, errors are inside."""

    machines: set[str] = field(default_factory=lambda: {"MC1", "MC2"})
    cars: list[dict[str, Any]] = field(default_factory=list)
    faces: list[dict[str, Any]] = field(default_factory=list)
    openings: list[dict[str, Any]] = field(default_factory=list)
    beats: list[str] = field(default_factory=list)

    def __call__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        told, service = json.loads(body), handler.path.removeprefix("/app/")
        needed = {
            "machineTranslate.machineUploadCarLog": (self.cars, ("machineCode", "carNum", "communityId")),
            "machineTranslate.machineUploadFaceLog": (
                self.faces,
                ("userId", "machineCode", "openTypeCd", "recordTypeCd", "similar", "dateTime"),
            ),
            "machine.openDoorLog": (
                self.openings,
                ("userId", "machineCode", "openTypeCd", "dateTime", "extCommunityId"),
            ),
        }
        said = {"code": 0, "msg": "成功"}
        if handler.headers["machinecode"] not in self.machines:
            said = {"code": 404, "msg": "设备不存在"}
        elif service == "machineTranslate.machineHeartbeart":
            self.beats.append(told["machineCode"])
        elif missing := [name for name in needed[service][1] if not told.get(name)]:
            said = {"code": 500, "msg": f"必填，请填写{missing[0]}"}
        else:
            needed[service][0].append(told)
        answer(handler, 200, json.dumps(said, ensure_ascii=False).encode())


@dataclass
class MicroCommunityPusher:
    """HC MicroCommunity as it pushes to its IoT system, by its documented interface: a token, then JSON."""

    url: str
    app_id: str = "hc-app"
    secret: str = "a secret of HC itself"
    access_token: str = ""

    def sign_in(self) -> dict[str, Any]:
        asked = {"appId": self.app_id, "appSecret": self.secret}
        said = httpx.get(f"{self.url}/extApi/auth/getAccessToken", params=asked, trust_env=False).json()
        self.access_token = said["data"].get("access_token", "")
        return dict(said)

    def push(self, service: str, **body: str) -> dict[str, Any]:
        sent = {**body, "extCommunityId": "2025", "taskId": "t-1"}
        headers = {"access_token": self.access_token}
        answered = httpx.post(f"{self.url}/extApi/{service}", json=sent, headers=headers, trust_env=False)
        answered.raise_for_status()
        return dict(answered.json())


@dataclass
class ViewLibraryPeer:
    """A GA/T 1400 library with Digest sign-in: what is not registered is refused, each object gets its status.

    It takes the community extension's objects too.
    """

    username: str = "gate"
    password: str = "right"
    registered: bool = False
    kept: int = 0
    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __call__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if not self._signed(handler):
            challenge = 'Digest realm="viid", qop="auth", nonce="n1", algorithm=MD5'
            answer(handler, 401, WWW_Authenticate=challenge)
            return
        told, step = json.loads(body), handler.path.removeprefix("/VIID/")
        statuses = [{"StatusCode": 0, "StatusString": "OK"}]
        if step == "System/Register":
            self.registered = True
        elif not self.registered:
            statuses = [{"StatusCode": 4, "StatusString": "not registered"}]
        elif step == "System/Keepalive":
            self.kept += 1
        else:
            name = step.removesuffix("s").removeprefix("Community/")
            # The extension's list of cars is the only one without `Object` in its names.
            suffix = "" if name == "CarInfo" else "Object"
            found = told[f"{name}List{suffix}"][f"{name}{suffix}"]
            self.objects.setdefault(name, []).extend(found)
            numbers = {"APE": "ApeID", "DoorDevice": "DeviceID", "DoorInfo": "DoorID", "PersonInfo": "PersonID"}
            statuses = [{"Id": one[numbers.get(name, f"{name}ID")], "StatusCode": 0} for one in found]
        single = step.startswith("System/")
        said = (
            {"ResponseStatusObject": statuses[0]}
            if single
            else {"ResponseStatusListObject": {"ResponseStatusObject": statuses}}
        )
        answer(handler, 200, json.dumps(said).encode())

    def _signed(self, handler: BaseHTTPRequestHandler) -> bool:
        told = dict(re.findall(r'(\w+)="?([^",]+)"?', handler.headers.get("Authorization", "")))
        if not told:
            return False

        def h(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        mine = h(f"{self.username}:viid:{self.password}")
        asked = h(f"POST:{handler.path}")
        right = h(f"{mine}:{told['nonce']}:{told['nc']}:{told['cnonce']}:{told['qop']}:{asked}")
        return told.get("response") == right
