"""Rules that change while the gate runs: in force at once, kept by version, and never half or broken."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from enrollment.database import writing
from enrollment.errors import StoreBusy
from enrollment.sources import News, Sources
from enrollment.tables import HouseholdRow, RegisterVersionRow
from enrollment.takeover import Takeover
from enrollment.told import Told, ToldKind
from gate.config import Community, Config, FaceLimits, ParkingPart, load_config
from gate.decision.parked import NOBODY_KNOWS, Parked
from gate.decision.rules import Rules
from gate.errors import ConfigRefused
from gate.ledger.ledger import Passage, StaffActs, append, append_passage, last_body
from gate.parking.book import ParkingBook
from gate.rulebook.pass_book import PassBook
from gate.rulebook.rulebook import Rulebook
from gate.rulebook.versions import forget, stored
from gate.rulebook.whereabouts import Whereabouts
from gate.site import Site
from gate.texts import explain

FACES = FaceLimits(accept=0.45)


@dataclass
class _Record:
    """Notes rows as the writer does, at once."""

    site: Site
    rows: list[str] = field(default_factory=list)

    def note(self, kind: str, remark: str = "", **body: Any) -> None:
        self.rows.append(kind)
        with writing(self.site.engine) as session:
            append(session, datetime.now(UTC), kind, body)


def _open(config: Config, site: Site) -> tuple[Rulebook, _Record]:
    record = _Record(site)
    return Rulebook(
        config, site.engine, FACES, record.note, Whereabouts(site.engine, {}), PassBook(site.passes)
    ), record


def _write(file: Path, text: str, book: Rulebook) -> list[bool]:
    file.write_text(text, "utf-8")
    return [book.refresh(), book.refresh()]


def test_a_changed_file_holds_at_the_second_look_and_both_versions_are_kept(
    config: Config, site: Site, rules_file: Path
) -> None:
    book, record = _open(config, site)
    book.start()
    book.stop()
    before = book.of("north-in")
    assert before.access.grace_days == 3
    assert _write(rules_file, "grace_days = 5\n", book) == [False, True]
    after = book.of("north-in")
    assert (after.access.grace_days, record.rows) == (5, ["rules.changed", "rules.changed"])
    assert last_body(site.engine, "rules.changed")["rules"] == dict(book.versions)
    for rules in (before, after):
        text = stored(site.engine, rules.version)
        assert text is not None
        assert Rules.read(text) == rules


def test_a_file_that_is_still_being_written_changes_nothing(config: Config, site: Site, rules_file: Path) -> None:
    book, _ = _open(config, site)
    for text in ("", "grace_days", "grace_days = 7", "grace_days = 70\n"):
        rules_file.write_text(text, "utf-8")
        assert not book.refresh()
        assert book.of("north-in").access.grace_days == 3
    assert book.refresh()
    assert book.of("north-in").access.grace_days == 70


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("grace_days = 1000\n", "1 errors"),
        ("grace_dayz = 1\n", "1 errors"),
        ('[[group]]\nid = "a"\nlanes = ["north-inn"]\n', "1 errors"),
        ("grace_days =\n", "TOML"),
    ],
)
def test_broken_rules_leave_the_old_ones_in_force_and_it_is_said_once(
    config: Config, site: Site, rules_file: Path, text: str, said: str
) -> None:
    book, record = _open(config, site)
    _write(rules_file, text, book)
    assert not book.refresh()
    assert book.of("north-in").access.grace_days == 3
    assert book.fault is not None
    assert said in explain(book.fault, "en")
    assert record.rows.count("rules.refused") == 1
    _write(rules_file, "grace_days = 3\n", book)
    assert book.fault is None


def test_a_file_that_is_taken_away_leaves_its_rules_in_force(config: Config, site: Site, rules_file: Path) -> None:
    book, record = _open(config, site)
    rules_file.unlink()
    assert not book.refresh()
    assert not book.refresh()
    assert (book.of("north-in").access.grace_days, record.rows.count("rules.refused")) == (3, 1)


def test_after_a_restart_with_a_broken_file_the_rules_on_record_hold(
    config: Config, site: Site, rules_file: Path
) -> None:
    first, _ = _open(config, site)
    first.start()
    first.stop()
    rules_file.write_text("grace_days =", "utf-8")
    again, record = _open(config, site)
    assert again.of("north-out").access.grace_days == 3
    assert (again.fault is not None, record.rows) == (True, ["rules.refused"])


def test_a_broken_file_with_no_rules_on_record_keeps_the_gate_from_starting(
    config: Config, site: Site, rules_file: Path
) -> None:
    rules_file.write_text("grace_days =", "utf-8")
    with pytest.raises(ConfigRefused):
        _open(config, site)


def test_a_household_that_moves_in_later_is_meant_by_its_code(config: Config, site: Site, rules_file: Path) -> None:
    rules_file.write_text('[[group]]\nid = "a"\nhouseholds = ["3-2-501"]\n', "utf-8")
    book, _ = _open(config, site)
    assert book.of("north-in").households == {}
    with writing(site.engine) as session:
        session.add(HouseholdRow(id="h1", building="3", unit="2", room="501"))
        session.get_one(RegisterVersionRow, 1).version += 1
    assert not book.refresh()
    assert book.of("north-in").households == {"3-2-501": "h1"}


def test_a_changed_file_holds_while_the_database_answers_nothing_and_is_noted_later(
    config: Config, site: Site, rules_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, record = _open(config, site)
    book.refresh()

    def busy() -> None:
        raise StoreBusy("store.locked")

    with monkeypatch.context() as broken:
        broken.setattr(book, "_follow_facts", busy)
        rules_file.write_text("grace_days = 9\n", "utf-8")
        for _ in range(2):
            with pytest.raises(StoreBusy):
                book.refresh()
        assert book.of("north-in").access.grace_days == 9
        assert record.rows == ["rules.changed"]
    book.refresh()
    assert record.rows == ["rules.changed", "rules.changed"]
    assert stored(site.engine, book.versions["north-in"]) is not None


def test_texts_that_no_passage_names_any_more_go_and_the_ones_in_force_stay(
    config: Config, site: Site, rules_file: Path
) -> None:
    book, _ = _open(config, site)
    book.refresh()
    old = book.versions
    _write(rules_file, "grace_days = 5\n", book)
    passage = Passage("p1", datetime.now(UTC), "north-in", "ask", "unknown_vehicle", None, old["north-in"], {})
    with writing(site.engine) as session:
        append_passage(session, passage, None)
    later = datetime.now(UTC) + timedelta(days=1)
    assert forget(site.engine, datetime.now(UTC) - timedelta(days=1)) == 0
    assert forget(site.engine, later) == 1
    kept = [stored(site.engine, version) is not None for version in (old["north-in"], old["north-out"])]
    assert kept == [True, False]
    assert all(stored(site.engine, version) for version in book.versions.values())


def _blocks_elsewhere(site: Site) -> None:
    sources = Sources(site.engine, site.keyring)
    told = Told.of(ToldKind.BLOCKED, "1", {"plate": "辽B12345"}, ZoneInfo("Asia/Shanghai"))
    sources.tell("office", News([told], whole=(ToldKind.BLOCKED,)))
    Takeover(site.engine, site.keyring, StaffActs(site.signer), sources).apply(sources.plan("office"))


def test_a_broken_file_after_a_restart_doubles_nothing_that_a_register_elsewhere_blocks(
    config: Config, site: Site, rules_file: Path
) -> None:
    block = {"id": "office", "kind": "rest", "url": "https://office.example", "blocked": "/blocked"}
    named = config.model_copy(update={"community": Community.model_validate({"source": [block]})})
    _write(rules_file, '[[blocked_plate]]\nplate = "辽C12345"\nreason = "测试"\n', _open(named, site)[0])
    book, _ = _open(named, site)
    _blocks_elsewhere(site)
    assert book.refresh()
    assert [len(book.of("north-in").blocks_of(plate)) for plate in ("辽B12345", "辽C12345")] == [1, 1]
    rules_file.write_text("grace_days =", "utf-8")
    again, _ = _open(named, site)
    assert again.fault is not None
    assert [len(again.of("north-in").blocks_of(plate)) for plate in ("辽B12345", "辽C12345")] == [1, 1]
    assert _open(config, site)[0].of("north-in").blocks_of("辽B12345") == ()


ZONE = """[[zone]]
id = "yard"
name = "地面车位"
spaces = {spaces}
enter = ["{lane}"]
leave = ["north-out"]
"""


@pytest.fixture
def parking_file(tmp_path: Path) -> Path:
    file = tmp_path / "parking.toml"
    file.write_text(ZONE.format(spaces=10, lane="north-in"), "utf-8")
    return file


@pytest.fixture
def parked(config: Config, parking_file: Path) -> Config:
    return config.model_copy(update={"parking": ParkingPart(file=parking_file)})


def _open_parked(config: Config, site: Site) -> tuple[Rulebook, ParkingBook, _Record]:
    record, counted = _Record(site), ParkingBook(site.engine, config.parking.parking, UTC)
    whereabouts = Whereabouts(site.engine, {})
    book = Rulebook(config, site.engine, FACES, record.note, whereabouts, PassBook(site.passes), counted)
    return book, counted, record


def test_changed_parking_holds_at_the_second_look_as_another_version_that_is_kept(
    parked: Config, site: Site, parking_file: Path
) -> None:
    book, counted, record = _open_parked(parked, site)
    book.refresh()
    before = book.of("north-in")
    assert [zone.spaces for zone in before.zones] == [10]
    assert _write(parking_file, 'extra_car = "open"\n' + ZONE.format(spaces=4, lane="north-in"), book) == [False, True]
    after = book.of("north-in")
    assert ([zone.spaces for zone in after.zones], after.parking.extra_car) == ([4], "open")
    assert counted.parking == after.parking
    assert record.rows == ["rules.changed", "rules.changed"]
    assert last_body(site.engine, "rules.changed")["rules"]["north-in"] == after.version != before.version
    for rules in (before, after):
        assert Rules.read(stored(site.engine, rules.version) or "") == rules


def test_what_is_inside_is_read_anew_where_the_lanes_of_a_zone_change(
    parked: Config, site: Site, parking_file: Path
) -> None:
    for number, lane in enumerate(("north-in", "north-out")):
        passage = Passage(
            f"p{number}", datetime.now(UTC), lane, "open", "visitor_pass", None, "v", {"plate": "苏Z20001"}
        )
        with writing(site.engine) as session:
            append_passage(session, passage, None)
    book, counted, _ = _open_parked(parked, site)
    book.refresh()
    assert counted.parked(None, None) == Parked((("yard", 0),), 0)
    turned = ZONE.format(spaces=10, lane="north-out").replace('leave = ["north-out"]', 'leave = ["north-in"]')
    _write(parking_file, turned, book)
    assert counted.parked(None, None) == Parked((("yard", 1),), 0)
    assert [book.of(lane).zones != () for lane in ("north-in", "north-out")] == [False, True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "zone = []"),
        ("places = 2\n", "1 errors"),
        ("zone =", "TOML"),
        (ZONE.format(spaces=0, lane="north-in"), "1 errors"),
        (ZONE.format(spaces=3, lane="north-inn"), "1 errors"),
    ],
)
def test_broken_parking_leaves_the_running_one_in_force_and_it_is_said_once(
    parked: Config, site: Site, parking_file: Path, text: str, said: str
) -> None:
    book, counted, record = _open_parked(parked, site)
    _write(parking_file, text, book)
    for _ in range(3):
        assert not book.refresh()
    assert [zone.spaces for zone in book.of("north-in").zones] == [10]
    assert [zone.spaces for zone in counted.parking.zone] == [10]
    assert book.fault is not None
    assert said in explain(book.fault, "en")
    assert record.rows.count("rules.refused") == 1
    assert last_body(site.engine, "rules.refused")["file"] == "parking.toml"
    _write(parking_file, ZONE.format(spaces=10, lane="north-in"), book)
    assert book.fault is None


def test_after_a_restart_with_a_broken_parking_file_the_one_on_record_holds(
    parked: Config, site: Site, parking_file: Path
) -> None:
    _open_parked(parked, site)[0].refresh()
    parking_file.write_text("zone =", "utf-8")
    again, counted, record = _open_parked(parked, site)
    assert [zone.spaces for zone in again.of("north-in").zones] == [10]
    assert [zone.spaces for zone in counted.parking.zone] == [10]
    assert (again.fault is not None, record.rows) == (True, ["rules.refused"])


def test_a_broken_parking_file_with_nothing_on_record_keeps_the_gate_from_starting(
    parked: Config, site: Site, parking_file: Path
) -> None:
    parking_file.write_text("zone =", "utf-8")
    with pytest.raises(ConfigRefused):
        _open_parked(parked, site)


def test_a_file_that_comes_back_as_it_was_is_broken_no_more(config: Config, site: Site, rules_file: Path) -> None:
    book, _ = _open(config, site)
    text = rules_file.read_text("utf-8")
    rules_file.unlink()
    book.refresh()
    assert book.fault is not None
    _write(rules_file, text, book)
    assert book.fault is None


def test_counting_ends_with_an_empty_list_of_zones(parked: Config, site: Site, parking_file: Path) -> None:
    book, counted, _ = _open_parked(parked, site)
    _write(parking_file, "zone = []\n", book)
    assert book.of("north-in").zones == ()
    assert counted.parked(None, None) is None


def test_changed_parking_holds_while_the_database_answers_nothing_and_nobody_knows_what_is_inside(
    parked: Config, site: Site, parking_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, counted, _ = _open_parked(parked, site)
    book.refresh()

    def busy(*_: object) -> None:
        raise StoreBusy("store.locked")

    with monkeypatch.context() as broken:
        broken.setattr("gate.parking.book.told_since", busy)
        more = ZONE.format(spaces=10, lane="north-in") + ZONE.format(spaces=5, lane="north-in").replace("yard", "inner")
        parking_file.write_text(more, "utf-8")
        for _ in range(2):
            with pytest.raises(StoreBusy):
                book.refresh()
        assert [zone.id for zone in book.of("north-in").zones] == ["yard", "inner"]
        assert counted.parked(None, None) == NOBODY_KNOWS
    book.refresh()
    assert counted.parked(None, None) == Parked((("yard", 0), ("inner", 0)), 0)


def _within(tmp_path: Path, site: Site, text: str) -> tuple[Rulebook, _Record, Path]:
    """A rulebook whose rules and parking stand in gate.toml itself."""
    toml = tmp_path / "gate.toml"
    lanes = toml.read_text("utf-8").partition("[[camera]]")
    toml.write_text(text + "".join(lanes[1:]), "utf-8")
    record, config = _Record(site), load_config(toml)
    facts = Whereabouts(site.engine, {}), PassBook(site.passes)
    book = ParkingBook(site.engine, config.parking.parking, UTC)
    return Rulebook(config, site.engine, FACES, record.note, *facts, book, source=toml), record, toml


INNER_ZONE = '[[parking.zone]]\nid = "yard"\nname = "地面"\nspaces = {}\nenter = ["north-in"]\nleave = ["north-out"]\n'


def test_rules_and_parking_that_stand_in_gate_toml_are_followed_there(
    config: Config, site: Site, tmp_path: Path
) -> None:
    rules = "[rules]\ngrace_days = 4\n"
    book, _, toml = _within(tmp_path, site, rules + INNER_ZONE.format(9))
    assert book.of("north-in").access.grace_days == 4
    text = toml.read_text("utf-8")
    assert _write(toml, text.replace("grace_days = 4", "grace_days = 6"), book) == [False, True]
    assert book.of("north-in").access.grace_days == 6
    assert _write(toml, text.replace("spaces = 9", "spaces = 2"), book) == [False, True]
    held = book.of("north-in")
    assert (held.access.grace_days, held.parking.zone[0].spaces) == (4, 2)
    assert _write(toml, text.replace("usb:0", "usb:1").replace("spaces = 9", "spaces = 2"), book) == [False, False]


def test_a_broken_gate_toml_leaves_rules_and_parking_in_force_and_is_said_once(
    config: Config, site: Site, tmp_path: Path
) -> None:
    book, record, toml = _within(tmp_path, site, "[rules]\ngrace_days = 4\n" + INNER_ZONE.format(9))
    text = toml.read_text("utf-8")
    _write(toml, text.replace('barrier = "b"', 'barrier = "nowhere"').replace("= 4", "= 5"), book)
    held = book.of("north-in")
    assert (held.access.grace_days, held.parking.zone[0].spaces) == (4, 9)
    assert book.fault is not None
    assert record.rows.count("rules.refused") == 1
    _write(toml, text, book)
    assert book.fault is None


def test_a_gate_toml_that_names_a_file_from_now_on_changes_nothing_until_a_restart(
    config: Config, site: Site, tmp_path: Path
) -> None:
    book, _, toml = _within(tmp_path, site, "[rules]\ngrace_days = 4\n")
    text = toml.read_text("utf-8").replace("grace_days = 4", 'file = "rules.toml"')
    assert _write(toml, text, book) == [False, False]
    assert (book.of("north-in").access.grace_days, book.fault) == (4, None)
