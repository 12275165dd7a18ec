from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.community.destination import Away, Failed, Refused
from gate.community.event import Event
from gate.community.peer import Peer
from gate.community.settings import WebhookPart
from gate.community.webhook import Webhook
from gate.errors import GateError
from gate.texts import explain
from tests.gate.community import peers
from tests.gate.community.conftest import START
from tests.gate.community.peers import answer, serving

ROOT = Path(__file__).parents[3]
SECRET = "0123456789abcdef secret"
EVENT = Event(
    key="17-ab",
    seq=17,
    event="passage",
    at=START,
    lane="north-in",
    verdict="open",
    reason="known_vehicle",
    plate="辽A12345",
)


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "peer.pem"
    path.write_bytes(peers.certificate())
    return path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    path.chmod(0o600)
    return path


def _hook(url: str, secret: Path, pem: Path | None, timeout_s: float = 5.0) -> Webhook:
    block = {
        "id": "office",
        "kind": "webhook",
        "url": url,
        "secret_file": secret,
        "ca_file": pem,
        "timeout_s": timeout_s,
    }
    return Webhook(WebhookPart.model_validate(block), "幸福小区")


@pytest.fixture
def receiver(pem: Path, secret: Path, tmp_path: Path) -> Iterator[Receiver]:
    running = Receiver(pem, secret, tmp_path / "events.jsonl")
    yield running
    running.kill()


class Receiver:
    """The sample receiver, in a process of its own that can be killed."""

    def __init__(self, pem: Path, secret: Path, file: Path) -> None:
        import socket

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.file = file
        self._command = [
            sys.executable,
            str(ROOT / "samples" / "webhook_receiver.py"),
            str(secret),
            str(pem),
            str(file),
        ]
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/gate"

    @property
    def got(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.file.read_text("utf-8").splitlines()] if self.file.exists() else []

    def start(self) -> None:
        import socket

        self.process = subprocess.Popen([*self._command, str(self.port)])
        ends_s = time.monotonic() + 20
        while True:
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < ends_s
            time.sleep(0.01)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def test_the_sample_receiver_believes_the_signature_and_keeps_each_event_once(
    receiver: Receiver, secret: Path, pem: Path
) -> None:
    hook = _hook(receiver.url, secret, pem)
    for _ in range(3):
        hook.send([EVENT])
    hook.close()
    (got,) = receiver.got
    assert (got["specversion"], got["id"], got["type"]) == ("1.0", "17-ab", "menwei.passage.v1")
    assert got["data"]["plate"] == "辽A12345"  # type: ignore[index]
    assert set(got) - {"data", "specversion", "datacontenttype"} <= set(Webhook.fields)
    assert {f"data.{name}" for name in got["data"]} <= set(Webhook.fields)  # type: ignore[attr-defined]


def test_a_receiver_with_another_secret_or_another_time_believes_nothing(
    receiver: Receiver, secret: Path, pem: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text("quite another secret")
    other.chmod(0o600)
    hook = _hook(receiver.url, other, pem)
    with pytest.raises(Away) as refused:
        hook.send([EVENT])
    assert refused.value.code == "community.sign_in"
    hook.close()
    late = Webhook(hook._part.model_copy(update={"secret_file": secret}), "幸福小区", wall=lambda: START)
    with pytest.raises(Away):
        late.send([EVENT])
    late.close()
    assert not receiver.got


HOSTILE = [
    (peers.slow_headers, Away, "community.no_answer"),
    (peers.slow_body, Away, "community.no_answer"),
    (peers.endless_body, Away, "community.answer_too_long"),
    (peers.hangs_up, Away, "community.no_answer"),
    (peers.another_time, Away, "community.clock"),
    (lambda handler, _body: answer(handler, 302, Location="https://192.0.2.1/steal"), Away, "community.redirected"),
    (lambda handler, _body: answer(handler, 403), Away, "community.sign_in"),
    (lambda handler, _body: answer(handler, 404), Away, "community.not_now"),
    (lambda handler, _body: answer(handler, 429), Away, "community.not_now"),
    (lambda handler, _body: answer(handler, 503), Away, "community.not_now"),
    (lambda handler, _body: answer(handler, 500), Failed, "community.failed"),
    (lambda handler, _body: answer(handler, 422), Refused, "community.refused"),
]


@pytest.mark.parametrize(("reply", "kind", "code"), HOSTILE)
def test_a_broken_or_hostile_peer_is_a_clear_state_within_the_time_and_without_the_secret(
    reply: peers.Reply, kind: type[GateError], code: str, secret: Path, pem: Path
) -> None:
    with serving(reply, pem) as url:
        hook = _hook(url, secret, pem, timeout_s=1.0)
        with pytest.raises(kind) as told:
            hook.send([EVENT])
        hook.close()
    assert told.value.code == code
    for language in ("zh", "en"):
        sentence = explain(told.value, language)  # type: ignore[arg-type]
        assert url in sentence or code == "community.answer_too_long"
        assert SECRET not in sentence


def test_a_slow_peer_is_given_up_by_our_clock_however_many_bytes_come(pem: Path) -> None:
    ticks = iter(range(10_000))
    with serving(peers.slow_headers, pem) as url:
        peer = Peer(url, within_s=20.0, ca_file=pem, clock=lambda: float(next(ticks)))
        with pytest.raises(Away) as told:
            peer.post("", b"{}", {})
        peer.close()
    assert told.value.code == "community.no_answer"
    assert next(ticks) < 40


def test_a_certificate_that_is_not_trusted_and_a_peer_that_is_not_there_get_nothing(secret: Path, pem: Path) -> None:
    seen: list[bytes] = []
    with serving(lambda handler, body: seen.append(body), pem) as url:
        hook = _hook(url, secret, None)
        with pytest.raises(Away) as told:
            hook.send([EVENT])
        assert told.value.code == "community.certificate"
    gone = _hook(url, secret, pem)
    with pytest.raises(Away) as told:
        gone.send([EVENT])
    assert told.value.code == "community.unreachable"
    assert not seen


@pytest.mark.parametrize(
    ("words", "mode", "code"), [("short", 0o600, "community.secret_short"), (SECRET, 0o644, "password.exposed")]
)
def test_a_secret_that_is_short_or_open_to_others_sends_nothing(
    secret: Path, pem: Path, words: str, mode: int, code: str
) -> None:
    secret.write_text(words)
    secret.chmod(mode)
    with pytest.raises(Away) as told:
        _hook("https://127.0.0.1:1/x", secret, pem).send([EVENT])
    assert told.value.code == code
