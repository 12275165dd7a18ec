from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

import gate.console
from enrollment.accounts import Role
from enrollment.consent import Means, Purpose
from enrollment.credential import CredentialKind
from enrollment.form import Standing, VehicleType
from gate.barrier.standing import State
from gate.camera.frame import CameraState
from gate.config import Lane
from gate.console.enrolment import consents, photos
from gate.console.enrolment.people import NOTICES
from gate.console.enrolment.steps import Step
from gate.console.opening import OpenReason
from gate.console.pages import assets
from gate.console.staff import StaffAct
from gate.decision.decision import Reason, Verdict
from gate.texts import catalogue
from tests.gate.console.conftest import Booth

ROOM = Path(gate.console.__file__).parent
SAID = {
    "reason": set(Reason),
    "verdict": set(Verdict),
    "camera_state": set(CameraState),
    "barrier_state": set(State),
    "open_reason": set(OpenReason),
    "role": set(Role),
    "standing": set(Standing),
    "vehicle_type": set(VehicleType),
    "credential_kind": set(CredentialKind),
    "staff_act": set(StaffAct) - {StaffAct.ROLE},
    "account_done": {"password", "sessions", "code_off"},
    "lane_kind": {"pedestrian", "vehicle"},
    "lane_direction": {"in", "out"},
    "enrolment_step": set(Step),
    "enrolment_notice": NOTICES,
    "give_credential": set(CredentialKind),
    "means": set(Means),
    "withdrawn": set(Purpose),
    "guardian_as": {"mother", "father", "grandparent", "guardian"},
    "likeness": {"almost_sure", "very_alike"},
    "photo_said": set(photos.SPOKEN),
    "consent_said": set(consents.SPOKEN),
}


@pytest.mark.parametrize("kind", SAID)
def test_everything_that_a_page_may_have_to_say_has_its_words(kind: str) -> None:
    codes = {code.partition(".")[2] for code in catalogue() if code.startswith(f"{kind}.")}
    assert codes == {str(code) for code in SAID[kind]}


def test_the_lane_kinds_are_the_configurations() -> None:
    for field in ("kind", "direction"):
        assert set(Lane.model_fields[field].annotation.__args__) == SAID[f"lane_{field}"]


def test_every_code_that_the_console_uses_is_in_the_catalogue_and_the_other_way_round() -> None:
    source = "".join(file.read_text("utf-8") for file in ROOM.rglob("*") if file.suffix in {".py", ".js", ".html"})
    source = source.replace("console.live.${state}", "console.live.connecting console.live.connected console.live.lost")
    used = {code.rstrip(".") for code in re.findall(r"\bconsole\.[a-z_.]+", source)}
    known = {code for code in catalogue() if code.startswith("console.")}
    inside = [file.relative_to(ROOM).with_suffix("") for file in ROOM.rglob("*.py")]
    modules = {".".join(["console", *part.parts]) for file in inside for part in (file, file.parent)} - known
    assert used - modules - {"console.css"} == known


def test_the_language_switch_keeps_the_page_and_is_remembered(booth: Booth, guard: httpx.Client) -> None:
    for path in ("/", "/sign-in"):
        client = guard if path == "/" else booth.browser()
        chinese = client.get(path).text
        assert '<html lang="zh-CN">' in chinese
        assert f'href="{path}?lang=en"' in chinese
        assert '<html lang="en">' in client.get(f"{path}?lang=en").text
        english = client.get(path).text
        assert '<html lang="en">' in english
        assert f'href="{path}?lang=zh"' in english


def test_a_sentence_for_a_script_is_in_the_remembered_language(guard: httpx.Client) -> None:
    assert guard.get("/nothing").json()["message"].startswith("没有这个页面")
    guard.get("/?lang=en")
    assert guard.get("/nothing").json()["message"].startswith("There is no such page")


def test_a_language_that_is_none_changes_nothing(booth: Booth) -> None:
    answer = booth.browser().get("/sign-in?lang=<script>")
    assert '<html lang="zh-CN">' in answer.text
    assert "set-cookie" not in answer.headers


def test_a_lost_address_gives_a_page_to_a_person(booth: Booth, guard: httpx.Client) -> None:
    for client in (booth.browser(), guard):
        answer = client.get("/nothing?lang=en", headers={"Accept": "text/html,*/*"})
        assert answer.status_code == 404
        assert "There is no such page" in answer.text


def test_the_address_of_a_file_changes_with_its_bytes(guard: httpx.Client) -> None:
    html = guard.get("/").text
    for name in ("console.css", "guard.js", "gate.svg"):
        address = f"/static/{name}?v={assets()[name].version}"
        assert address in html
        assert guard.get(address).content == assets()[name].content


@pytest.mark.parametrize("role", ["guard", "auditor"])
def test_the_live_page_asks_for_few_files(booth: Booth, role: str) -> None:
    """Each one more is a wait on an old PC: two styles, one script and the sign of the gate."""
    html = booth.signed_in(role).get("/").text
    files = set(re.findall(r'"/static/([^"?]+)[?]v=', html))
    assert files == {"console.css", "booth.css", "guard.js" if role == "guard" else "watcher.js", "gate.svg"}


def test_our_own_files_travel_packed_and_pages_with_their_secrets_do_not(guard: httpx.Client) -> None:
    packed = guard.get("/static/guard.js")
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert int(packed.headers["content-length"]) < len(packed.content) / 3
    plain = guard.get("/static/guard.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content == assets()["guard.js"].content
    for path in ("/", "/now", "/account"):
        assert "content-encoding" not in guard.get(path).headers
