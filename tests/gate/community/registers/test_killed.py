"""A takeover that is killed anywhere is simply done again: nobody is lost and nobody doubled."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from enrollment.database import reading
from enrollment.keyring import Keyring
from enrollment.plan import Do
from enrollment.register import Register
from enrollment.sources import News, Sources
from enrollment.told import Told, ToldKind
from gate.ledger.tables import LedgerRow
from gate.ledger.verify import verify
from tests.databases import Database
from tests.gate.community.test_webhook import ROOT

KILLS = int(os.environ.get("GATE_KILLS", "4"))
COUNT = 60
ZONE = ZoneInfo("Asia/Shanghai")


def _told(number: int, phone: str) -> list[Told]:
    home = f"{number // 50 + 1}-1-{number}"
    person = {"name": f"住户{number}", "household": home, "phone": phone}
    car = {"plate": f"辽A{10000 + number}", "household": home}
    return [Told.of(ToldKind.PERSON, str(number), person, ZONE), Told.of(ToldKind.VEHICLE, str(number), car, ZONE)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_whoever_is_killed_when_each_is_entered_once_and_changed_once(database: Database) -> None:
    engine, keyring = database.open(5.0), Keyring(b"k" * 32)
    sources, draw = Sources(engine, keyring), random.Random(1)
    driver = [sys.executable, "-m", "tests.gate.community.registers.kill_driver", database.address]
    for phone in ("13800000000", "13900000000"):
        everybody = [one for number in range(COUNT) for one in _told(number, phone)]
        sources.tell("office", News(everybody, whole=tuple(ToldKind)))
        before, cut = len(sources.plan("office").steps), 0
        for _ in range(KILLS // 2):
            with subprocess.Popen(driver, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
                assert killed.stdout is not None
                next(iter(killed.stdout), "")
                time.sleep(draw.uniform(0.0, 0.1))
                killed.kill()
            left = len(sources.plan("office").steps)
            cut += 0 < left < before
        assert cut
        subprocess.run(driver, cwd=ROOT, check=True, capture_output=True, timeout=200)
        assert sources.plan("office").empty
    register = Register(engine, keyring, lambda _session, _act: None)
    people, cars = register.residents(), register.vehicles()
    assert sorted(one.name for one in people) == sorted(f"住户{number}" for number in range(COUNT))
    assert {one.phone for one in people} == {"13900000000"}
    assert len({one.plate for one in cars}) == len(cars) == COUNT
    with reading(engine) as session:
        rows = session.execute(select(LedgerRow.kind, LedgerRow.body)).all()
    acts = Counter((kind, json.loads(body).get("subject")) for kind, body in rows if kind.startswith(("res", "veh")))
    assert set(acts.values()) == {1}
    assert Counter(kind for kind, _ in acts) == {
        "resident.added": COUNT,
        "vehicle.added": COUNT,
        "resident.edited": COUNT,
    }
    assert {json.loads(body)["actor"] for kind, body in rows if kind.startswith("res")} == {"source:office"}
    verify(engine)
    assert Do.END not in {step.do for step in sources.plan("office").steps}
