import pytest

from gate.barrier.act import ActKind, Command
from gate.ledger.kinds import GROUPS, kinds_of, row_kind
from gate.texts import LANGUAGES, catalogue


@pytest.mark.parametrize("act", ActKind)
def test_every_act_of_a_barrier_has_a_name_for_the_auditor(act: ActKind) -> None:
    name = catalogue()[f"audit.kind.{row_kind(act)}.{act.value}"]
    assert all(name[language] for language in LANGUAGES)
    assert row_kind(act) in kinds_of("barrier")


@pytest.mark.parametrize("command", Command)
def test_every_order_of_a_person_is_found_among_the_barriers_acts(command: Command) -> None:
    assert f"manual.{command.value}" in kinds_of("barrier")
    assert f"audit.kind.manual.{command.value}" in catalogue()


def test_a_forced_door_and_its_alarms_are_found_among_the_alarms() -> None:
    for act in (ActKind.FORCED, ActKind.ALARMED, ActKind.FAULTED):
        assert row_kind(act) in GROUPS["alarms"]
