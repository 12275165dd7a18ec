"""Card readers at a running gate: from a card held to a simulated reader to the door, the record and the lamp."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from enrollment.card_number import CardNumber
from enrollment.credential import CredentialKind
from enrollment.database import reading
from enrollment.form import PersonForm
from gate.cli.check_readers import examine_line
from gate.config import Config, load_config
from gate.ledger.tables import LedgerRow, PassageRow
from gate.ledger.verify import verify
from gate.overview import Overview
from gate.reader.format import wiegand
from gate.reader.opening import lines_of
from gate.reader.osdp.line import OsdpLine
from gate.reader.osdp.simulated import SimulatedReader, Trouble
from gate.reader.reader import Condition, Feedback, ReaderState
from gate.reader.simulated_line import OsdpEnd, SimulatedLine, WiegandEnd
from gate.running import RunningGate
from gate.serving import console_of, serving
from gate.site import open_site
from models.errors import Fault
from models.store import Store
from tests.gate.reader.direct import KEY

TOML = """
[console]
port = 0
[[camera]]
id = "gone"
url = "rtsp://127.0.0.1:9/none"
[[barrier]]
id = "door"
kind = "door"
[[lane]]
id = "walk"
name = "人行"
kind = "pedestrian"
camera = "gone"
barrier = "door"
[[reader]]
id = "outside"
url = "osdp+tcp://127.0.0.1:{osdp}"
lane = "walk"
key_file = "outside.key"
reply_s = 0.5
[[reader]]
id = "keys"
url = "osdp+tcp://127.0.0.1:{osdp}"
lane = "walk"
address = 1
[[reader]]
id = "old"
url = "wiegand+tcp://127.0.0.1:{wiegand}"
lane = "walk"
"""
CHIP = CardNumber(0x12800A42, 32)
TYPED = "0310381122"
"""The same card, as the enroller's USB reader types it."""
LONGEST_S = 30


@dataclass(frozen=True)
class Yard:
    """The simulated readers of a site."""

    outside: SimulatedReader
    keys: SimulatedReader
    old: WiegandEnd


@contextmanager
def yard(folder: Path) -> Iterator[tuple[Yard, Config, SimulatedLine]]:
    made = Yard(SimulatedReader(0, KEY), SimulatedReader(1), WiegandEnd())
    (folder / "outside.key").write_text(KEY.hex())
    (folder / "outside.key").chmod(0o600)
    with SimulatedLine(OsdpEnd([made.outside, made.keys])) as line, SimulatedLine(made.old) as converter:
        (folder / "gate.toml").write_text(TOML.format(osdp=line.port, wiegand=converter.port), "utf-8")
        yield made, load_config(folder / "gate.toml"), line


def answered(shown: list[Feedback], present: Callable[[], None]) -> Feedback:
    """What a reader shows for what is held to it, again where a machine without time for it has lost the first."""
    before, looks = len(shown), 0

    def reached() -> bool:
        nonlocal looks
        looks += 1
        if looks % 250 == 1:
            present()
        return len(shown) > before

    until(reached)
    return shown[-1]


def until(reached: Callable[[], bool]) -> None:
    """Look until it is so."""
    looking, deadline = threading.Event(), threading.Event()
    timer = threading.Timer(LONGEST_S, deadline.set)
    timer.start()
    try:
        while not reached():
            assert not deadline.is_set()
            looking.wait(0.02)
    finally:
        timer.cancel()


def test_a_card_opens_the_door_at_whatever_reader_and_a_strangers_does_not(tmp_path: Path, made_starter: Path) -> None:
    with yard(tmp_path) as (made, config, line), open_site(config, create=True) as site:
        person = site.register.enrol(PersonForm.of("张三", "3-2-501"), "staff")
        site.register.credentials.give(person.id, CredentialKind.CARD, "staff", TYPED)
        pin = str(site.register.credentials.give(person.id, CredentialKind.PIN, "staff").pin)
        gate = RunningGate(config, site, Store())
        overview = Overview(gate)
        assert console_of(gate).state.desk.pin_tries is gate.pin_tries, "wrong PINs count at pads and readers together"
        with serving(gate) as url:
            until(lambda: gate.readers.all_online)
            osdp = gate.readers._workers["outside"]._line
            assert isinstance(osdp, OsdpLine)
            until(lambda: not any(session._fresh for session in osdp._sessions.values()))
            assert [(view.id, view.health.condition.secure) for view in overview.readers()] == [
                ("outside", True),
                ("keys", False),
                ("old", False),
            ]

            outside, keys, old = made.outside, made.keys, made.old
            whole, low = wiegand(CHIP, 34), wiegand(CHIP, 26)
            assert answered(outside.shown, lambda: outside.present(whole, 34)) is Feedback.ACCEPTED
            assert gate.barriers["door"].standing().state.value == "released"
            assert answered(keys.shown, lambda: keys.present(low, 26)) is Feedback.ACCEPTED
            assert answered(old.shown, lambda: old.present(whole, 34)) is Feedback.ACCEPTED
            assert answered(keys.shown, lambda: keys.press(f"3*2*501#{pin}#")) is Feedback.ACCEPTED
            strange = wiegand(CardNumber(0x12345678, 32), 34)
            assert answered(outside.shown, lambda: outside.present(strange, 34)) is Feedback.REFUSED
            assert answered(old.shown, lambda: old.present(whole ^ 1, 34)) is Feedback.REFUSED

            made.outside.trouble = Trouble.REPLAY
            until(lambda: "forged" in dict(gate.readers.views()[0].health.misreads))
            made.outside.trouble = Trouble.SILENT
            until(lambda: gate.readers.views()[0].health.condition.state is ReaderState.LOST)
            assert (overview.health().readers, overview.health().state) == (False, "degraded")
            assert gate.readers.views()[1].health.condition.state is ReaderState.ONLINE
            page = httpx.get(f"{url}metrics", trust_env=False).text
            assert 'menwei_reader_state{reader="outside",state="lost"} 1.0' in page
            assert 'menwei_reader_misreads_total{reader="old",why="parity"}' in page
            made.outside.trouble = None
            line.drop()
            until(lambda: gate.readers.all_online)

        with reading(site.engine) as session:
            rows = session.scalars(select(PassageRow).order_by(PassageRow.seq)).all()
            kinds = session.scalars(select(LedgerRow.kind)).all()
        assert {(row.verdict, row.reason, row.subject, '"card"' in row.details) for row in rows} == {
            ("open", "known_resident", person.id, True),
            ("open", "known_resident", person.id, False),
            ("refuse", "credential_unknown", None, True),
        }
        secret = (TYPED, "12800A42", str(CHIP.value), "128,02626", pin)
        assert not [row for row in rows if any(one in row.details for one in secret)]
        assert kinds.count("reader") >= 5
        assert verify(site.engine).first_broken is None


def test_a_reader_that_was_tampered_with_is_also_recorded_as_lost(tmp_path: Path, made_starter: Path) -> None:
    with yard(tmp_path) as (_, config, _line), open_site(config, create=True) as site:
        gate = RunningGate(config, site, Store())
        part, online, lost = config.reader[0], ReaderState.ONLINE, ReaderState.LOST
        for state, tampered in [(online, False), (lost, False), (online, True), (lost, True), (online, True)]:
            for fault in ("reader.silent", "reader.cut"):
                gate._reader_changed(part, Condition(part.id, state, fault, tampered=tampered))
        gate.writer.start()
        gate.stop()
        with reading(site.engine) as session:
            rows = session.scalars(select(LedgerRow).where(LedgerRow.kind == "reader").order_by(LedgerRow.seq)).all()
    assert [json.loads(row.body)["state"] for row in rows] == ["online", "lost", "tampered", "lost", "tampered"]


def test_the_check_says_of_each_reader_what_it_found(tmp_path: Path) -> None:
    with yard(tmp_path) as (made, config, _):
        made.outside.key = bytes(16)
        found = [one for parts in lines_of(config.reader) for one in examine_line(parts)]
        assert [(name, doubtful) for name, _, doubtful in found] == [("outside", False), ("keys", True), ("old", False)]
        refused = found[0][1]
        assert isinstance(refused, Fault)
        assert refused.code == "reader.key_refused"
        made.outside.key = KEY
        text = (tmp_path / "gate.toml").read_text("utf-8").replace('"outside.key"', '"outside.key"\ninstall = true')
        (tmp_path / "gate.toml").write_text(text, "utf-8")
        installing = examine_line(lines_of(load_config(tmp_path / "gate.toml").reader)[0])
        assert [(name, doubtful) for name, _, doubtful in installing[:2]] == [("outside", True), ("outside", False)]


@pytest.mark.parametrize("dead", ["osdp", "wiegand"])
def test_readers_that_are_not_there_keep_nothing_from_running(tmp_path: Path, made_starter: Path, dead: str) -> None:
    with yard(tmp_path) as (_, config, _line):
        parts = [
            part.model_copy(update={"url": f"{part.scheme}://127.0.0.1:9"}) if part.scheme.startswith(dead) else part
            for part in config.reader
        ]
        config = config.model_copy(update={"reader": tuple(parts)})
        with open_site(config, create=True) as site:
            gate = RunningGate(config, site, Store())
            with serving(gate):
                lives = [not part.scheme.startswith(dead) for part in parts]
                wanted = [ReaderState.ONLINE if alive else ReaderState.LOST for alive in lives]
                until(lambda: [view.health.condition.state for view in gate.readers.views()] == wanted)
