"""A service of its own process for the tests that kill it: the barriers of a gate.toml, ordered about on stdin."""

from __future__ import annotations

import sys
from pathlib import Path

from gate.barrier.act import BarrierAct, Command
from gate.barriers import Barriers
from gate.config import load_config


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say(barrier: str, act: BarrierAct) -> None:
    _write(f"{barrier} {act.kind} {act.after} {act.cause}")


def main() -> None:
    barriers = Barriers(load_config(Path(sys.argv[1])), _say)
    barriers.start()
    for number, line in enumerate(sys.stdin):
        name, command = line.split()
        receipt = barriers.by_id[name].command(Command(command), command_id=f"{sys.argv[2]}-{number}", cause="guard")
        _write(f"{name} receipt {receipt.state} {receipt.refusal}")
    barriers.stop()


if __name__ == "__main__":
    main()
