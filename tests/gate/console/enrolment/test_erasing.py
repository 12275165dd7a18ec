from __future__ import annotations

import base64
import json
import re

from tests.gate.console.enrolment.conftest import Table


def test_an_administrator_erases_and_gets_the_certificate_this_once(admins: Table) -> None:
    person = admins.person()
    here = f"/enrolment/erase/{person.id}"
    assert "张三" in admins.client.get(here).text
    assert admins.booth.watch.looked[-1] == ("id-admin", f"subject:{person.id}")
    unsure = admins.post(here, version=str(person.version))
    assert unsure.status_code == 422
    assert admins.now(person)
    done = admins.post(here, version=str(person.version), sure="yes")
    assert done.status_code == 200
    assert "张三" not in done.text
    assert person.id in done.text
    [file] = re.findall(r"base64,([A-Za-z0-9+/=]+)", done.text)
    assert json.loads(base64.b64decode(file))["subject"] == person.id
    assert admins.booth.accounts.register.find(person.id) is None
    assert admins.client.get(here).status_code == 404


def test_a_vehicle_is_erased_too(admins: Table) -> None:
    home = admins.begun()
    admins.post(f"{home}/vehicles", plate="辽A12345", colour="blue")
    [car] = admins.booth.accounts.register.vehicles()
    assert "辽A12345" in admins.client.get(f"/enrolment/erase/{car.id}").text
    assert admins.post(f"/enrolment/erase/{car.id}", version=str(car.version), sure="yes").status_code == 200
    assert not admins.booth.accounts.register.vehicles()


def test_whoever_was_changed_meanwhile_is_not_erased_unseen(admins: Table) -> None:
    person = admins.person()
    admins.post(f"/enrolment/people/{person.id}/credentials", kind="pin")
    late = admins.post(f"/enrolment/erase/{person.id}", version=str(person.version), sure="yes")
    assert late.status_code == 422
    assert "别人改过" in late.text
    assert admins.now(person)
