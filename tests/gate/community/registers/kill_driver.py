"""Takes over what a source tells until it is killed; it says each time that it begins.

python -m tests.gate.community.registers.kill_driver DATABASE
"""

from __future__ import annotations

import sys
from typing import Any

from sqlalchemy.orm import Session

from enrollment.act import Act
from enrollment.database import open_database
from enrollment.keyring import Keyring
from enrollment.sources import Sources
from enrollment.takeover import Takeover
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import StaffActs


def main() -> None:
    engine, keyring = open_database(sys.argv[1]), Keyring(b"k" * 32)
    acts: Any = StaffActs(Signer(b"s" * 32))

    def record(session: Session, act: Act) -> None:
        acts(session, act)
        sys.stdout.write(f"{act.subject}\n")
        sys.stdout.flush()

    sources = Sources(engine, keyring)
    Takeover(engine, keyring, record, sources).apply(sources.plan("office"))
    engine.dispose()


if __name__ == "__main__":
    main()
