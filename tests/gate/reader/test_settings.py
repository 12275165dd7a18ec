from __future__ import annotations

import re
from pathlib import Path

import pytest

import gate.reader
from enrollment.card_number import CardNumber, plain_number, spellings
from gate.config import Config, load_config, parse_config
from gate.errors import ConfigRefused, ReaderFault
from gate.reader.opening import lines_of, read_key
from gate.reader.settings import FormatPart, ParityPart, ReaderPart
from gate.texts import LANGUAGES, explain

URL = "osdp+tcp://192.0.2.30:4001"
BASE = {
    "camera": [{"id": "c", "url": "usb:0"}],
    "barrier": [{"id": "b"}],
    "lane": [{"id": "walk", "name": "人行", "kind": "pedestrian", "camera": "c", "barrier": "b"}],
}


def parsed(*readers: dict[str, object], **lane: object) -> Config:
    lanes = [{**BASE["lane"][0], **lane}]  # type: ignore[dict-item]
    told = [{"id": f"r{number}", "url": URL, "lane": "walk", **one} for number, one in enumerate(readers)]
    return parse_config({**BASE, "lane": lanes, "reader": told}, Path("/etc/menwei/gate.toml"))


@pytest.mark.parametrize(
    ("readers", "code"),
    [
        ([{"url": "osdp+tcp://user:secret@192.0.2.30:1"}], "config.password_in_url"),
        ([{"url": "osdp+tcp://192.0.2.30:4001?baud=9600"}], "config.reader_needs_port"),
        ([{"url": "osdp:/dev/ttyUSB0?parity=E"}], "config.reader_needs_path"),
        ([{"url": "osdp:/dev/ttyUSB0?baud=9601"}], "config.reader_baud"),
        ([{"url": "wiegand+tcp://192.0.2.30:1", "address": 1}], "config.reader_key_elsewhere"),
        ([{"url": "wiegand+tcp://192.0.2.30:1", "key_file": "k"}], "config.reader_key_elsewhere"),
        ([{}, {"id": "r0", "address": 1}], "config.id_twice"),
        ([{"keyfile": "k"}], "config.unknown_key_near"),
        ([{"address": 127}], "config.too_much"),
    ],
)
def test_what_is_wrong_with_a_reader_is_told_in_both_languages(readers: list[dict[str, object]], code: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        parsed(*readers)
    assert code in [problem.code for problem in refused.value.problems]
    for problem in refused.value.problems:
        for language in LANGUAGES:
            assert "{" not in explain(problem, language)
            assert "secret" not in explain(problem, language)


def test_a_reader_at_a_lane_that_takes_neither_cards_nor_pins_is_refused() -> None:
    with pytest.raises(ConfigRefused) as refused:
        parsed({}, credentials=["face", "qr"])
    assert [problem.code for problem in refused.value.problems] == ["config.cards_not_taken"]
    parsed({}, credentials=["face", "card"])


def test_readers_share_a_line_and_a_key_file_is_counted_from_gate_toml() -> None:
    config = parsed({"key_file": "keys/r0.key"}, {"address": 1}, {"url": "wiegand:/dev/ttyUSB0?baud=19200"})
    assert config.reader[0].key_file == Path("/etc/menwei/keys/r0.key")
    assert [[part.id for part in together] for together in lines_of(config.reader)] == [["r0", "r1"], ["r2"]]
    own = {"format": [{"bits": 20, "first": 2, "count": 16, "parity": [{"at": 0, "first": 2, "count": 8}]}]}
    assert set(parsed(own).reader[0].read_by()) == {20, 26, 34, 37, 32, 40, 56, 64}
    assert set(parsed({"formats": [26], **own}).reader[0].read_by()) == {20, 26}


@pytest.mark.parametrize(
    ("told", "mode", "code"),
    [
        ("6d656e7765692063617264206b65792", 0o600, "reader.key_form"),
        ("zz" * 16, 0o600, "reader.key_form"),
        ("303132333435363738393A3B3C3D3E3F", 0o600, "reader.key_is_everybodys"),
        ("6d656e7765692063617264206b657921", 0o640, "password.exposed"),
        (None, 0o600, "password.unreadable"),
    ],
)
def test_a_key_file_that_will_not_do_is_told(tmp_path: Path, told: str | None, mode: int, code: str) -> None:
    path = tmp_path / "r.key"
    if told is not None:
        path.write_text(told)
        path.chmod(mode)
    with pytest.raises(ReaderFault) as refused:
        read_key(path)
    assert refused.value.code == code
    assert told is None or told not in explain(refused.value)


def test_a_key_file_holds_16_bytes_as_hex(tmp_path: Path) -> None:
    path = tmp_path / "r.key"
    path.write_text("6D656E7765692063617264206b657921\n")
    path.chmod(0o600)
    assert read_key(path) == bytes.fromhex("6d656e7765692063617264206b657921")


READERS = (Path(str(gate.reader.__path__[0])) / "READERS.md").read_text("utf-8")


@pytest.mark.parametrize("half", READERS.split("\n---\n"))
def test_the_readers_page_names_every_key_and_its_examples_load(half: str, tmp_path: Path) -> None:
    table = half[half.index("| `id`, `lane`") : half.index("| `alive_s` |")] + "`alive_s`"
    for key in ReaderPart.model_fields:
        assert f"`{key}`" in table, key
    for key in (*FormatPart.model_fields, *ParityPart.model_fields):
        assert f"`{key}`" in table or key == "parity", key
    (example,) = re.findall(r"```toml\n(.*?)```", half, re.DOTALL)
    lanes = "".join(
        f'[[barrier]]\nid = "b{number}"\n[[lane]]\nid = "{lane}"\nname = "门"\nkind = "pedestrian"\ncamera = "c"\n'
        f'barrier = "b{number}"\n'
        for number, lane in enumerate(("east-in", "east-out", "west-in"))
    )
    (tmp_path / "gate.toml").write_text(f'[[camera]]\nid = "c"\nurl = "usb:0"\n{lanes}\n{example}', "utf-8")
    config = load_config(tmp_path / "gate.toml")
    assert [[part.id for part in line] for line in lines_of(config.reader)] == [
        ["east-outside", "east-inside"],
        ["old-gate"],
    ]


@pytest.mark.parametrize("half", READERS.split("\n---\n"))
def test_the_readers_page_is_right_about_which_numbers_are_one_card(half: str) -> None:
    table = half[half.index("1A12800A42") - 80 : half.index("Wiegand 37")]
    typed = re.findall(r"\| `([0-9A-F,]+)` \|", table)
    assert len(typed) == 5
    for text in typed:
        assert plain_number(text) in spellings(CardNumber(0x12800A42, 32))
        assert (plain_number(text) in spellings(CardNumber(0x800A42, 24))) is (text != "1A12800A42")
