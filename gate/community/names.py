"""What a destination calls our lanes and devices, where a person has corrected it: every version is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from enrollment.database import reading, writing
from gate.community.tables import NamesRow
from gate.ledger.chain import stamp
from gate.ledger.ledger import append

Thing = Literal["lane", "device"]
THINGS: tuple[Thing, ...] = ("lane", "device")


@dataclass(frozen=True, slots=True)
class Names:
    """A version of the names; `given` has them by `lane:ID` and `device:ID`. Version 0 is what gate.toml says alone."""

    version: int = 0
    given: Mapping[str, str] = field(default_factory=dict)

    def of(self, thing: Thing, id_: str | None) -> str | None:
        """What a lane or device is called there, None where nobody has corrected it."""
        return self.given.get(f"{thing}:{id_}")

    def with_name(self, thing: Thing, id_: str, name: str) -> Names:
        """The next version, in which a lane or device has this name, or with an empty one the one of gate.toml."""
        others = {key: value for key, value in self.given.items() if key != f"{thing}:{id_}"}
        return Names(self.version + 1, {**others, **({f"{thing}:{id_}": name} if name else {})})


class NameBook:
    """The names at one destination. Raises `StoreBusy`."""

    def __init__(self, engine: Engine, destination: str) -> None:
        self._engine = engine
        self._destination = destination

    def now(self) -> Names:
        """The version that holds."""
        with reading(self._engine) as session:
            return names_of(session, self._destination)

    def correct(self, wanted: Mapping[tuple[Thing, str], str], actor: str, now: datetime) -> Names:
        """Make the next version with these names, and a row of the record for each that differs; empty takes one back.

        What holds already makes no version.
        """
        with writing(self._engine) as session:
            names = before = names_of(session, self._destination)
            for (thing, id_), name in wanted.items():
                old = names.of(thing, id_) or ""
                if name == old:
                    continue
                names = Names(before.version + 1, names.with_name(thing, id_, name).given)
                facts = {"actor": actor, "destination": self._destination, "version": names.version}
                append(session, now, "community.mapped", {**facts, thing: id_, "before": old, "after": name})
            if names is not before:
                text = json.dumps(dict(names.given), ensure_ascii=False)
                shared = {"destination": self._destination, "at": stamp(now), "actor": actor}
                session.add(NamesRow(**shared, version=names.version, names=text))
            return names


def names_of(session: Session, destination: str) -> Names:
    """The version that holds at a destination."""
    newest = select(NamesRow).where(NamesRow.destination == destination).order_by(NamesRow.version.desc()).limit(1)
    row = session.scalars(newest).first()
    return Names(row.version, json.loads(row.names)) if row else Names()
