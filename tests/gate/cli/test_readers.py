"""`gate reader`: what an installer sees of a read, and what can be typed at a simulated reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrollment.card_number import CardNumber
from gate.cli import app, readers
from gate.reader.format import wiegand
from gate.reader.osdp.simulated import SimulatedReader, Trouble
from gate.reader.reader import CardBits, CardText, Condition, Feedback, KeysPressed, ReaderState
from gate.reader.settings import ReaderPart
from gate.reader.simulated_line import SimulatedLine, WiegandEnd
from models.errors import Fault

PART = ReaderPart(id="r", url="wiegand+tcp://192.0.2.1:4001", lane="walk")
SENT = wiegand(CardNumber(0x12800A42, 32), 34)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_LANG", "en")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (CardBits("r", SENT, 34, 0.0), "a card of 34 bits that ends in 22"),
        (CardBits("r", SENT ^ 1, 34, 0.0), "not taken: wrong parity (34 bits)"),
        (CardBits("r", 1, 33, 0.0), "not taken: a number of bits that formats does not name (33 bits)"),
        (CardText("r", "0310381122", 0.0), "a card as the reader's own text of 10 characters, ending in 22"),
        (KeysPressed("r", "135792", 0.0), "6 keys pressed"),
        (Condition("r", ReaderState.ONLINE, model="made up 1"), "state: online made up 1"),
        (Condition("r", ReaderState.ONLINE, tampered=True), "state: online tamper contact open"),
    ],
)
def test_a_read_is_shown_without_its_number(event: CardBits | CardText | KeysPressed | Condition, line: str) -> None:
    assert readers.said(PART, event) == line


class HandAfterAWhile(WiegandEnd):
    """Somebody who holds cards to it once the converter has been listened to for a while: what came before is old."""

    WHILE = 20

    def __init__(self) -> None:
        super().__init__()
        self._turns = 0

    def take(self, came: bytes) -> bytes:
        self._turns += 1
        if self._turns == self.WHILE:
            for _ in range(3):
                self.present(SENT, 34)
            self.say("noise")
        return super().take(came)


def test_an_installer_sees_what_a_reader_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.reader.wiegand.QUIET_S", 0.05)
    end = HandAfterAWhile()
    with SimulatedLine(end) as line:
        (tmp_path / "gate.toml").write_text(
            '[[camera]]\nid = "c"\nurl = "usb:0"\n[[barrier]]\nid = "b"\n[[lane]]\nid = "walk"\nname = "门"\n'
            'kind = "pedestrian"\ncamera = "c"\nbarrier = "b"\n'
            f'[[reader]]\nid = "r"\nurl = "wiegand+tcp://127.0.0.1:{line.port}"\nlane = "walk"\n',
            "utf-8",
        )
        config = ["--config", str(tmp_path / "gate.toml")]
        told = CliRunner().invoke(app, ["reader", "test", "r", "--seconds", "3", *config])
        assert told.exit_code == 0, told.output
        assert told.output.count("a card of 34 bits that ends in 22") == 3
        assert "damaged on the line: 1" in told.output
        assert "310381122" not in told.output
        none = CliRunner().invoke(app, ["reader", "test", "q", *config])
        assert isinstance(none.exception, Fault)
        assert none.exception.code == "reader.none_such"


def test_what_is_typed_is_done_to_the_simulated_reader() -> None:
    reader = SimulatedReader()
    for line in ("card 26 128,02626", "keys 3*2*501#", "tamper on", "trouble noise", "trouble none", "cut"):
        assert readers.carry_out(reader, line.split()), line
    assert readers.carry_out(reader, ["trouble", "replay"])
    assert reader.trouble is Trouble.REPLAY
    for line in ("card 27 128,02626", "card 26 12802626", "card", "keys 12x", "trouble big", "tamper", "open"):
        assert not readers.carry_out(reader, line.split()), line
    end = WiegandEnd()
    assert readers.carry_out(end, ["card", "34", "0310381122"])
    assert end.take(b"+\n") == f"W34:{SENT:X}\r\n".encode()
    assert end.shown == [Feedback.ACCEPTED]


@pytest.mark.parametrize("kind", ["osdp", "wiegand"])
def test_a_simulated_reader_is_played_until_it_is_told_to_quit(kind: str) -> None:
    played = CliRunner().invoke(
        app, ["reader", "simulate", "--kind", kind, "--listen", "127.0.0.1:0"], input="card 26 128,02626\nwhat\nquit\n"
    )
    assert played.exit_code == 0, played.output
    assert f"{kind}+tcp://127.0.0.1:" in played.output
    assert "not understood: what" in played.output
    wrong = CliRunner().invoke(app, ["reader", "simulate", "--listen", "nowhere"])
    assert isinstance(wrong.exception, Fault)
