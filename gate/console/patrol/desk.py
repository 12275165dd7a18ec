"""What the patrol's pages share: the cases, whose a plate is, and the photos that were read and are no case yet."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Request

from enrollment.accounts import Role
from enrollment.change import new_id
from gate.console.errors import RequestRefused
from gate.patrol.case import Whose
from gate.patrol.cases import Cases
from gate.patrol.plate_photos import PlatePhotos, Reading

LASTS_S = 900.0
"""How long the crops of a photo wait, in memory alone, to become a case."""
MOST_OF_ONE = 8
MOST = 200


@dataclass(frozen=True, slots=True, eq=False)
class Sighted:
    """A car that `owner` stands before. `id` becomes the case's.

    `readings` is empty for a plate that was typed; `number` is the reading that was chosen among several, and `plate`
    the plate that counts, as read or as corrected.
    """

    id: str
    owner: str
    until_s: float
    readings: Sequence[Reading] = ()
    number: int | None = None
    plate: str = ""

    @property
    def chosen(self) -> Reading | None:
        """The reading that was chosen."""
        return None if self.number is None else self.readings[self.number]


@dataclass(slots=True)
class Waiting:
    """The cars that somebody stands before, in memory alone. `now_s` is the monotonic clock."""

    now_s: Callable[[], float] = time.monotonic
    make_id: Callable[[], str] = new_id
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: OrderedDict[str, Sighted] = field(default_factory=OrderedDict)

    def keep(self, owner: str, readings: Sequence[Reading] = (), plate: str = "") -> Sighted:
        """Keep what was read; a single plate is chosen at once."""
        number, read = (0, readings[0].text) if len(readings) == 1 else (None, plate)
        made = Sighted(self.make_id(), owner, self.now_s() + LASTS_S, tuple(readings), number, read)
        with self._lock:
            mine = [one.id for one in self._kept.values() if one.owner == owner]
            for old in mine[: max(0, len(mine) - MOST_OF_ONE + 1)]:
                del self._kept[old]
            self._kept[made.id] = made
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return made

    def find(self, sighted_id: str, owner: str) -> Sighted:
        """What this account keeps under the id. Raises `RequestRefused` (`patrol.photo_gone`)."""
        with self._lock:
            self._kept = OrderedDict((id_, one) for id_, one in self._kept.items() if one.until_s > self.now_s())
            found = self._kept.get(sighted_id)
        if found is None or found.owner != owner:
            raise RequestRefused("patrol.photo_gone", 404)
        return found

    def choose(self, sighted: Sighted, number: int | None, plate: str) -> Sighted:
        """Choose a reading, and correct it."""
        chosen = replace(sighted, number=sighted.number if number is None else number, plate=plate)
        with self._lock:
            if sighted.id in self._kept:
                self._kept[sighted.id] = chosen
        return chosen


@dataclass(frozen=True, slots=True)
class PatrolDesk:
    """`photos` is None where no lane of this gate reads plates: they are typed then. `whose` is `Standings.of`."""

    cases: Cases
    whose: Callable[[str, datetime], Whose]
    photos: PlatePhotos | None
    waiting: Waiting = field(default_factory=Waiting)


SEES_HOMES = frozenset({Role.GUARD, Role.ADMIN, Role.AUDITOR})
"""Who is told where a car belongs; a volunteer is not."""
ACTS = frozenset({Role.PATROL, Role.GUARD, Role.ADMIN})

CaseId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


def patrol_of(request: Request) -> PatrolDesk:
    """The patrol's parts. Raises `RequestRefused` where there are none."""
    patrol: PatrolDesk | None = request.app.state.desk.patrol
    if patrol is None:
        raise RequestRefused("console.not_found", 404)
    return patrol


ThePatrol = Annotated[PatrolDesk, Depends(patrol_of)]
