"""Enrolling at a gate that runs: what staff do on the pages reaches every lane."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from enrollment.accounts import Role
from enrollment.entry import Resident
from gate.config import Config, load_config
from gate.erasure import read_certificate
from gate.ledger.verify import verify
from gate.running import RunningGate
from gate.serving import serving
from gate.site import open_site
from models.sighting import Box, FaceQuality, FaceSighting
from models.store import Store
from tests.consents import FACE

PASSWORD = "correct horse battery"
TOML = """
[console]
port = 0
[[camera]]
id = "east"
url = "file:missing.mp4"
[[camera]]
id = "west"
url = "file:missing.mp4"
[[barrier]]
id = "one"
[[barrier]]
id = "two"
[[lane]]
id = "in"
name = "东门"
kind = "pedestrian"
camera = "east"
barrier = "one"
[[lane]]
id = "out"
name = "西门"
kind = "pedestrian"
camera = "west"
barrier = "two"
"""


class Counter:
    """A gate that runs, somebody enrolled at it, and an administrator's browser."""

    def __init__(self, gate: RunningGate, client: httpx.Client) -> None:
        self.gate = gate
        self.site = gate.site
        self.client = client
        assert gate.faces is not None
        vector = np.random.default_rng(1).normal(size=128).astype(np.float32)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        quality = FaceQuality(0.8, 160, 0.9, 0.9, 0.9, ())
        face = FaceSighting(Box(0, 0, 128, 160), np.zeros((5, 2), np.float32), 0.9, quality, unit)
        self.person: Resident = self.site.register.add_resident(
            "张三", "3-2-501", face, gate.faces.model_id, "id", consent=FACE
        )
        self.site.accounts.add("chief", PASSWORD, Role.ADMIN, "id")
        signed_in = client.post("/sign-in", data={"username": "chief", "password": PASSWORD})
        assert signed_in.status_code == 303, signed_in.text

    def post(self, path: str, **form: str) -> httpx.Response:
        page = self.client.get(f"/enrolment/people/{self.person.id}").text
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found
        return self.client.post(path, data={"csrf": found[1], **form})

    def waited(self, *, known: bool) -> float:
        """Seconds until every lane's gallery knows the person, or does not."""
        began, never = time.monotonic(), threading.Event()
        while (self.person.id in {one.id for one in self.gate.register_watch.gallery().subjects}) != known:
            assert time.monotonic() - began < 60
            never.wait(0.01)
        return time.monotonic() - began


@pytest.fixture
def config(tmp_path: Path, made_starter: Path) -> Config:
    (tmp_path / "gate.toml").write_text(TOML, "utf-8")
    return load_config(tmp_path / "gate.toml")


@pytest.fixture
def counter(config: Config) -> Iterator[Counter]:
    with open_site(config, create=True) as site:
        gate = RunningGate(config, site, Store())
        with serving(gate) as url:
            origin = {"Origin": url.rstrip("/")}
            with httpx.Client(base_url=url, headers=origin, trust_env=False, timeout=30) as client:
                counter = Counter(gate, client)
                counter.waited(known=True)
                yield counter
        assert verify(site.engine).first_broken is None


def test_a_withdrawn_face_is_gone_from_the_gallery_of_every_lane_and_a_pin_is_there(counter: Counter) -> None:
    answer = counter.post(f"/enrolment/people/{counter.person.id}/withdraw", purpose="face_entry")
    assert answer.status_code == 200
    print(f"no lane knows the face {counter.waited(known=False):.2f} s after the answer")  # noqa: T201 - how long it took is told, not judged
    pin = answer.text.partition('class="secret large">')[2][:6]
    assert counter.site.register.credentials.find_pin("3-2-501", pin) == counter.person.id


def test_an_erasure_on_the_page_gives_a_certificate_that_proves(counter: Counter) -> None:
    person = counter.person
    answer = counter.post(f"/enrolment/erase/{person.id}", version=str(person.version), sure="yes")
    assert answer.status_code == 200, answer.text
    counter.waited(known=False)
    [file] = re.findall(r"base64,([A-Za-z0-9+/=]+)", answer.text)
    proof = read_certificate(base64.b64decode(file).decode())
    assert proof.genuine
    assert proof.key == counter.site.signer.public.hex()
    assert json.loads(proof.as_json())["erased"]["templates"] == 1
    assert counter.site.register.find(person.id) is None


def test_the_camera_page_asks_the_gates_own_model(counter: Counter) -> None:
    page = counter.client.get(f"/enrolment/people/{counter.person.id}/photo")
    assert 'id="video"' in page.text
