from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from enrollment.consent import ConsentForm, Means, Purpose
from enrollment.entry import Resident
from gate.console.enrolment.photo_desk import PhotoDesk
from tests.gate.console.conftest import Booth
from tests.gate.console.staff import START


@pytest.fixture
def wall() -> Callable[[], datetime]:
    """The console's clock shows what the register's does."""
    return lambda: START


@dataclass
class Table:
    """A folding table with an enroller at it."""

    booth: Booth
    client: httpx.Client

    def post(self, path: str, **form: str) -> httpx.Response:
        return self.client.post(path, data={"csrf": self.booth.token(self.client), **form})

    def send(self, path: str, body: bytes) -> httpx.Response:
        return self.client.post(path, content=body, headers=self.token)

    def tell(self, path: str, body: Any) -> httpx.Response:
        return self.client.post(path, json=body, headers=self.token)

    @property
    def token(self) -> dict[str, str]:
        return {"X-CSRF-Token": self.booth.token(self.client)}

    def begun(self, code: str = "3-2-501", name: str = "张三") -> str:
        """The address of a household that was begun with its first person."""
        answer = self.post("/enrolment/households", code=code, name=name)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("?")[0]

    def person(self, name: str = "张三", code: str = "3-2-501", born: str = "") -> Resident:
        """Somebody entered, without a face."""
        if name not in {one.name for one in self.booth.accounts.register.residents()}:
            home = self.begun(code, name if not born else "家长")
            if born:
                assert self.post(f"{home}/people", name=name, born=born).status_code == 303
        return next(one for one in self.booth.accounts.register.residents() if one.name == name)

    def agreed(self, person: Resident, *purposes: Purpose, keep_photo: bool = False) -> None:
        forms = [ConsentForm(purpose, Means.PAPER, START, keep_photo=keep_photo) for purpose in purposes]
        self.booth.accounts.register.consents.give(person.id, forms, "id-enroller")

    def enrolled(self, person: Resident, who: int, *, keep_photo: bool = True) -> None:
        """With the face of invented person number `who`."""
        self.agreed(person, Purpose.FACE_ENTRY, keep_photo=keep_photo)
        self.booth.accounts.recogniser.who = who
        answer = self.send(f"/enrolment/people/{person.id}/photo", jpeg())
        assert answer.status_code == 200, answer.text
        assert "likeness" not in answer.json()["next"]

    def now(self, person: Resident) -> Resident:
        found = self.booth.accounts.register.find(person.id)
        assert isinstance(found, Resident)
        return found

    @property
    def photos(self) -> PhotoDesk:
        office = self.booth.desk.office
        assert office is not None
        assert office.photos is not None
        return office.photos


@pytest.fixture
def table(booth: Booth) -> Table:
    return Table(booth, booth.signed_in("enroller"))


@pytest.fixture
def admins(booth: Booth) -> Table:
    return Table(booth, booth.signed_in("admin"))


def jpeg(width: int = 320, height: int = 240) -> bytes:
    stream = io.BytesIO()
    shade = np.random.default_rng(7).integers(0, 255, (height, width, 3), dtype=np.uint8)
    Image.fromarray(shade).save(stream, "JPEG")
    return stream.getvalue()


def strokes(*, empty: bool = False) -> bytes:
    """What the canvas gives: a PNG with a signature, or none, on white."""
    sheet = np.full((320, 960, 3), 255, np.uint8)
    if not empty:
        sheet[150:156, 200:600] = 30
        sheet[100:220, 300:306] = 30
    stream = io.BytesIO()
    Image.fromarray(sheet).save(stream, "PNG")
    return stream.getvalue()
