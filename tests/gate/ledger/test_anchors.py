"""Checkpoints noted outside: in folders, in mail, with a real https peer in the community system's place."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine
from structlog.testing import capture_logs

from enrollment.database import writing
from gate.config import parse_config
from gate.ledger.anchors import FILE, AnchorAway, AnchorKeeper, Folder, anchors_of, read_anchors
from gate.ledger.checkpoint import Checkpoint, Signer
from gate.ledger.ledger import Chain, append, begin
from gate.ledger.posted_anchor import PostedAnchor, signature
from gate.ledger.verify import Break, Why, verify
from gate.running import places_of
from tests.databases import Database

MOMENT = datetime(2026, 2, 17, 15, 10, tzinfo=UTC)
SECRET = "a secret that both sides have"


def _sign(engine: Engine, signer: Signer) -> Checkpoint:
    with writing(engine) as session:
        append(session, MOMENT, "barrier", {"act": "opened"})
    with writing(engine) as session:
        made = Chain(session).sign(signer, MOMENT)
    assert made is not None
    return made


@pytest.fixture
def chain(engine: Engine, signer: Signer) -> Engine:
    with writing(engine) as session:
        begin(session, signer, MOMENT)
    return engine


@dataclass
class Community:
    """The community system: answers with `status`, and keeps what it took."""

    url: str
    ca_file: Path
    secret_file: Path
    status: int = 200
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def anchor(self, **options: float) -> PostedAnchor:
        return PostedAnchor(self.url, self.secret_file, "幸福里小区", self.ca_file, **options)  # type: ignore[arg-type]


@pytest.fixture
def community(tmp_path: Path) -> Iterator[Community]:
    ca_file, secret_file = tmp_path / "community.pem", tmp_path / "secret"
    secret_file.write_text(SECRET)
    secret_file.chmod(0o600)
    ca_file.write_bytes(_certificate())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if community.status == 200:
                community.seen.append((dict(self.headers), body))
            self.send_response(community.status)
            if community.status == 302:
                self.send_header("Location", f"{community.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_told: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    community = Community(f"https://127.0.0.1:{server.server_port}/checkpoints", ca_file, secret_file)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield community
    server.shutdown()
    thread.join()
    server.server_close()


def _certificate() -> bytes:
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


def test_the_community_system_gets_each_checkpoint_signed_with_the_shared_secret(
    chain: Engine, signer: Signer, community: Community
) -> None:
    made = _sign(chain, signer)
    AnchorKeeper(chain, [community.anchor()]).write()
    ((headers, body),) = community.seen
    assert headers["Menwei-Signature"] == f"sha256={signature(SECRET, headers['Menwei-Time'], body)}"
    assert abs(int(headers["Menwei-Time"]) - datetime.now(UTC).timestamp()) < 600
    told = json.loads(body)
    assert (told["checkpoint"], told["seq"], told["compound"]) == (str(made), 2, "幸福里小区")
    assert Checkpoint.parse(told["checkpoint"]) == made
    assert SECRET.encode() not in body


def test_one_line_when_it_breaks_and_one_when_it_is_back(chain: Engine, signer: Signer, community: Community) -> None:
    _sign(chain, signer)
    keeper = AnchorKeeper(chain, [community.anchor()])
    community.status = 503
    with capture_logs() as logs:
        for _ in range(3):
            assert not keeper.write()
        community.status = 200
        assert keeper.write()
        assert keeper.write()
    assert [entry["event"] for entry in logs] == ["anchors.away", "anchors.back"]
    assert logs[0]["why"] == "HTTP 503"
    assert "checkpoints" not in str(logs), "an address may hold a token in its path"
    assert len(community.seen) == 1


@pytest.mark.parametrize("status", [302, 401, 500])
def test_anything_but_yes_is_no(chain: Engine, signer: Signer, community: Community, status: int) -> None:
    community.status = status
    with pytest.raises(AnchorAway, match=f"HTTP {status}"):
        community.anchor().note(_sign(chain, signer))


def test_a_peer_whose_certificate_is_not_trusted_gets_nothing(
    chain: Engine, signer: Signer, community: Community
) -> None:
    stranger = PostedAnchor(community.url, community.secret_file, "x")
    with pytest.raises(AnchorAway, match="ConnectError"):
        stranger.note(_sign(chain, signer))
    assert not community.seen


def test_a_secret_that_is_short_or_open_to_others_sends_nothing(
    chain: Engine, signer: Signer, community: Community
) -> None:
    made = _sign(chain, signer)
    community.secret_file.write_text("short")
    with pytest.raises(AnchorAway, match=r"ledger\.anchor_secret_short"):
        community.anchor().note(made)
    community.secret_file.chmod(0o644)
    with pytest.raises(AnchorAway, match=r"password\.exposed"):
        community.anchor().note(made)
    assert not community.seen


def test_a_place_that_is_away_is_tried_again_by_itself_and_a_peer_that_hangs_holds_up_no_folder(
    chain: Engine, signer: Signer, community: Community, tmp_path: Path
) -> None:
    _sign(chain, signer)
    community.status = 503
    keeper = AnchorKeeper(chain, [Folder(tmp_path), community.anchor()], again_s=[0.01] * 1000)
    keeper.start()
    while not (tmp_path / FILE).exists():
        assert threading.Event().wait(0.01) is False
    community.status = 200
    while not community.seen:
        assert threading.Event().wait(0.01) is False
    keeper.stop(10)
    assert len(read_anchors([tmp_path / FILE])) == 1
    assert len(community.seen) == 1


def test_the_newest_checkpoint_is_noted_once_in_every_folder_that_is_there(
    chain: Engine, tmp_path: Path, signer: Signer
) -> None:
    here, away = tmp_path / "stick", tmp_path / "away"
    here.mkdir()
    keeper = AnchorKeeper(chain, [Folder(here), Folder(away)])
    keeper.write()
    keeper.write()
    away.mkdir()
    _sign(chain, signer)
    keeper.write()
    assert [anchor.seq for anchor in read_anchors([here / FILE])] == [1, 2]
    assert [anchor.seq for anchor in read_anchors([away / FILE])] == [2]
    assert verify(chain, key=signer.public, anchors=read_anchors([here / FILE])).anchors == 2


FORMS: dict[str, Callable[[Checkpoint], str]] = {
    "file": lambda made: f"{made}\n",
    "mail": lambda made: f"您好，今天的检查点：\r\n  {made}\r\n此致\r\n",
    "wrapped and quoted mail": lambda made: "> 检查点：\n> " + str(made).replace(" ", "\n> ") + "\n> 此致\n",
    "quoted-printable": lambda made: "=\r\n".join(str(made)[at : at + 70] for at in range(0, len(str(made)), 70)),
    "community system": lambda made: json.dumps({"seq": made.seq, "checkpoint": str(made)}),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_an_anchor_shows_a_cut_tail_and_a_record_written_anew(
    chain: Engine, database: Database, signer: Signer, form: str
) -> None:
    made = _sign(chain, signer)
    anchors = anchors_of(FORMS[form](made))
    assert anchors == (made,)
    assert verify(chain, anchors=anchors).first_broken is None
    cut = database.copied()
    cut.tamper("DELETE FROM ledger WHERE seq = 2", "DELETE FROM checkpoint WHERE seq = 2")
    assert verify(cut.open()).first_broken is None
    assert verify(cut.open(), anchors=anchors).first_broken == Break(2, Why.CUT_OFF)
    anew = database.another().open()
    with writing(anew) as session:
        begin(session, signer, MOMENT)
    _sign(anew, signer)
    assert verify(anew).first_broken is None
    assert verify(anew, anchors=anchors).first_broken == Break(2, Why.REWRITTEN)


def test_the_configuration_names_the_places(tmp_path: Path) -> None:
    raw = {"anchor_folders": ["stick"], "anchor_url": "https://community.example/in", "anchor_secret_file": "secret"}
    config = parse_config({"ledger": raw}, tmp_path / "gate.toml")
    assert [place.name for place in places_of(config)] == [str(tmp_path / "stick"), "https://community.example"]
    assert config.ledger.anchor_secret_file == tmp_path / "secret"
