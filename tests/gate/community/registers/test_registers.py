"""What pages and the command line use, on both kinds of database."""

from __future__ import annotations

from pathlib import Path

from enrollment.plan import Decisions, Do
from enrollment.sources import listed_plates
from gate.community.registers.registers import Registers
from gate.config import parse_config
from gate.erasure import erase
from gate.ledger.verify import verify
from gate.rulebook.lists import listed_for
from tests.gate.community.conftest import Gate

PERSON = '{"userId": "u1", "name": "张三", "machineCode": "MC1"}'
BLACK = '{"extBwId": "b1", "carNum": "辽B12345", "blackWhite": "1111"}'


def test_a_source_is_planned_taken_over_and_its_people_erased(gate: Gate, tmp_path: Path) -> None:
    block = {"id": "hc", "kind": "hc", "app_id": "app", "secret_file": "hc.secret"}
    config = parse_config({"community": {"source": [block]}}, tmp_path / "gate.toml")
    registers = Registers(gate.site, config)
    registers.receive("hc", "user/addUser", PERSON.encode())
    registers.receive("hc", "car/addBlackWhite", BLACK.encode())
    assert [one.code for one in registers.plan("hc").conflicts] == ["no_household"]
    plan, outcome = registers.apply("hc", "chief", decisions=Decisions(place={"u1": "3-2-501"}))
    assert (len(plan.steps), outcome.done[Do.ADD], outcome.left) == (2, 2, [])
    assert registers.plan("hc").empty
    assert [one.plate for one in listed_for(config, gate.site.engine)] == ["辽B12345"]
    (who,) = gate.site.register.residents()
    erase(gate.site, who.id, "chief")
    registers.receive("hc", "user/addUser", PERSON.encode())
    assert [one.code for one in registers.plan("hc").conflicts] == ["erased_here"]
    unnamed = Registers(gate.site, parse_config({}, tmp_path / "gate.toml"))
    unnamed.forget()
    assert len(listed_plates(gate.site.engine, ["hc"])) == 1
    assert listed_for(parse_config({}, tmp_path / "gate.toml"), gate.site.engine) == ()
    verify(gate.site.engine)


def test_an_erased_person_leaves_no_byte_in_what_a_source_told(gate: Gate, tmp_path: Path) -> None:
    block = {"id": "hc", "kind": "hc", "app_id": "app", "secret_file": "hc.secret", "new_rooms": True}
    registers = Registers(gate.site, parse_config({"community": {"source": [block]}}, tmp_path / "gate.toml"))
    registers.receive("hc", "user/addUser", PERSON.encode())
    registers.apply("hc", "chief", decisions=Decisions(place={"u1": "3-2-501"}))
    (who,) = gate.site.register.residents()
    erase(gate.site, who.id, "chief")
    (view,) = registers.views()
    assert view.standing.told == 1
    (conflict,) = registers.plan("hc").conflicts
    assert (conflict.label, conflict.ref, conflict.household) == ("", "", "")
