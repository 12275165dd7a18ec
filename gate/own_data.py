"""What this box stores about one resident, who has looked at it, and a copy of all of it to take away."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from enrollment.act import Act, Record
from enrollment.database import reading, writing
from enrollment.entry import Resident, Vehicle
from enrollment.notice import Notice
from enrollment.notices import KEPT_DAYS, notices_to
from enrollment.passes import Passes
from enrollment.register import Register
from enrollment.tables import (
    AccountRow,
    ConsentRow,
    PhoneRow,
    PhotoRow,
    RequestRow,
    ResidentRow,
    TemplateRow,
    TenancyRow,
)
from gate.ledger.chain import stamp
from gate.ledger.kinds import kinds_of
from gate.ledger.tables import LedgerRow, PassageRow
from gate.patrol.cases import KEPT_DAYS as CASE_DAYS
from gate.patrol.cases import cases_about
from gate.retention import PASSAGE_DAYS

MOST_PASSAGES = 2000
"""So many of a resident's newest passages are asked about who looked at them."""
EVER = datetime(1, 1, 1, tzinfo=UTC)
ON_THE_BOX = "box"
"""In place of a role: whoever sat at the box itself, by its command line."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One class of data: how much there is, and for how many days it is kept.

    `days` None is not counted in days: `lasts` says what ends it (`consent`, `stay`, `for_good`, `until_done`).
    """

    name: str
    count: int
    days: int | None = None
    lasts: str = "stay"


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked. `role` is an account's, `box`, or `gone` for an account that is no more; never a name.

    The law gives a resident the right to know what was done with the data, and staff are people too: who exactly it
    was is in the record, and the auditor answers for it.
    """

    at: datetime
    role: str
    what: str


@dataclass(frozen=True, slots=True)
class Crossing:
    """A passage of the resident, or of one of the resident's vehicles (`plate`), as decided."""

    id: str
    at: datetime
    lane: str
    verdict: str
    reason: str
    plate: str | None
    pictures: int


class OwnData:
    """Reads what is stored about a resident. `lanes` gives each lane's name."""

    def __init__(
        self,
        engine: Engine,
        register: Register,
        passes: Passes,
        record: Record,
        lanes: Mapping[str, str],
        picture_days: int,
        phone_days: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._register = register
        self._passes = passes
        self._record = record
        self._lanes = lanes
        self._picture_days = picture_days
        self._phone_days = phone_days
        self._now = now

    def vehicles(self, resident: Resident) -> tuple[Vehicle, ...]:
        """The vehicles of the resident, and those of the household that are nobody's in particular."""
        cars = (car for car in self._register.vehicles() if car.household == resident.household)
        return tuple(car for car in cars if car.owner in {None, resident.id})

    def household_note(self, resident: Resident) -> str | None:
        """What staff note about the whole household that the resident is entered at."""
        with reading(self._engine) as session:
            home = session.scalar(select(ResidentRow.household_id).where(ResidentRow.id == resident.id))
        return None if home is None else self._register.households.note(home).words

    def kept(self, resident: Resident) -> tuple[Kept, ...]:
        """Every class of data that there is about the resident, with how long it stays."""
        cars = self.vehicles(resident)
        subjects = [resident.id, *(car.id for car in cars if car.owner == resident.id)]
        with reading(self._engine) as session:
            counted = {
                table: _count(session, table, resident.id)
                for table in (TemplateRow, PhotoRow, TenancyRow, ConsentRow, PhoneRow, RequestRow)
            }
            mine = PassageRow.subject.in_(subjects)
            passages = session.scalar(select(func.count()).select_from(PassageRow).where(mine)) or 0
            shot = select(func.count(PassageRow.snapshot)).where(mine, PassageRow.at >= self._first_picture())
            pictures = session.scalar(shot) or 0
        return (
            Kept("details", 1),
            Kept("notes", 1 if resident.notes else 0),
            Kept("household_notes", 1 if self.household_note(resident) else 0),
            Kept("vehicles", len(cars)),
            Kept("templates", counted[TemplateRow], lasts="consent"),
            Kept("photos", counted[PhotoRow], lasts="consent"),
            Kept("probe", 0, 0),
            Kept("credentials", len(self._register.credentials.of(resident.id))),
            Kept("tenancies", counted[TenancyRow]),
            Kept("consents", counted[ConsentRow], lasts="for_good"),
            Kept("passages", passages, PASSAGE_DAYS),
            Kept("pictures", pictures, self._picture_days),
            Kept("phones", counted[PhoneRow], self._phone_days),
            Kept("guests", len(self._passes.of_host(resident.id)), 1),
            Kept("notices", len(self._notices(resident)), KEPT_DAYS),
            Kept("cases", len(self._cases(resident)), CASE_DAYS),
            Kept("requests", counted[RequestRow], lasts="until_done"),
            Kept("chain", passages, lasts="for_good"),
        )

    def crossings(self, resident: Resident, since: datetime, most: int) -> tuple[Crossing, ...]:
        """The newest passages of the resident and the resident's own vehicles since then, newest first."""
        plates = {car.id: car.plate for car in self.vehicles(resident) if car.owner == resident.id}
        rows = select(PassageRow).where(PassageRow.subject.in_([resident.id, *plates]), PassageRow.at >= stamp(since))
        with reading(self._engine) as session:
            found = session.scalars(rows.order_by(PassageRow.at.desc(), PassageRow.seq.desc()).limit(most)).all()
        return tuple(
            Crossing(
                id=row.id,
                at=datetime.fromisoformat(row.at),
                lane=self._lanes.get(row.lane, row.lane),
                verdict=row.verdict,
                reason=row.reason,
                plate=plates.get(row.subject or ""),
                pictures=0 if row.at < self._first_picture() else sum(map(bool, (row.snapshot, row.context))),
            )
            for row in found
        )

    def looks(self, resident: Resident, most: int) -> tuple[Look, ...]:
        """Who of the staff looked at the resident's entry, passages and pictures, newest first."""
        with reading(self._engine) as session:
            names = self._looked_at(session, resident)
            rows: list[Any] = []
            for start in range(0, len(names), 500):
                about = LedgerRow.about.in_(list(names)[start : start + 500])
                seen = select(LedgerRow.at, LedgerRow.actor, LedgerRow.about, LedgerRow.seq).where(about)
                seen = seen.where(LedgerRow.kind.in_(kinds_of("views")), LedgerRow.at >= stamp(resident.created_at))
                rows += session.execute(seen.order_by(LedgerRow.seq.desc()).limit(most)).all()
            rows = sorted(rows, key=lambda row: row.seq, reverse=True)[:most]
            roles = dict(session.execute(select(AccountRow.id, AccountRow.role)).all())
        return tuple(
            Look(datetime.fromisoformat(row.at), _role(row.actor, roles), names[row.about])
            for row in rows
            if row.actor != resident.id
        )

    def copy(self, resident: Resident, as_page: Callable[[Mapping[str, Any]], str]) -> bytes:
        """Everything as a zip: `data.json`, the same to read as `data.html` (made by `as_page`), photos, signatures.

        It is made in memory and kept nowhere; that it was taken is a row of the record.
        """
        told = self._told(resident)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data.json", json.dumps(told, ensure_ascii=False, indent=2) + "\n")
            archive.writestr("data.html", as_page(told))
            for number, jpeg in enumerate(self._register.reembedding.photos(resident.id), 1):
                archive.writestr(f"photo-{number}.jpg", jpeg)
            for consent in self._register.consents.of(resident.id):
                if (signed := self._register.consents.signature(consent.id)) is not None:
                    ending = signed[0].partition("/")[2].partition("+")[0]
                    archive.writestr(f"signature-{consent.purpose}-{consent.id[:8]}.{ending}", signed[1])
        with writing(self._engine) as session:
            self._record(session, Act("resident.copy_taken", resident.id, resident.id))
        return packed.getvalue()

    def _told(self, resident: Resident) -> dict[str, Any]:
        whole = {
            "format": "menwei-own-data/1",
            "made_at": self._now(),
            "resident": asdict(resident),
            "household_note": self.household_note(resident),
            "vehicles": [asdict(car) for car in self.vehicles(resident)],
            "credentials": [asdict(one) for one in self._register.credentials.of(resident.id)],
            "consents": [asdict(one) for one in self._register.consents.of(resident.id)],
            "guests": [asdict(one) for one in self._passes.of_host(resident.id)],
            "notices": [asdict(one) for one in self._notices(resident)],
            "cases": self._cases(resident),
            "passages": [
                asdict(one) for one in self.crossings(resident, datetime.min.replace(tzinfo=UTC), MOST_PASSAGES)
            ],
            "looks": [asdict(one) for one in self.looks(resident, MOST_PASSAGES)],
            "kept": [asdict(one) for one in self.kept(resident)],
        }
        plain: dict[str, Any] = json.loads(json.dumps(whole, default=str))
        return plain

    def _cases(self, resident: Resident) -> list[dict[str, Any]]:
        """What staff noted about where the resident's vehicles stood."""
        told = ("plate", "plate_read", "place", "place_words", "opened_at", "closed_at", "closed_why", "closed_words")
        with reading(self._engine) as session:
            rows = cases_about(session, [car.id for car in self.vehicles(resident)])
            return [{name: getattr(row, name) for name in told} for row in rows]

    def _notices(self, resident: Resident) -> tuple[Notice, ...]:
        """What was asked of the household."""
        with reading(self._engine) as session:
            return notices_to(session, resident.id)

    def _looked_at(self, session: Session, resident: Resident) -> dict[str, str]:
        """What a row may be about that concerns the resident, and what that is."""
        home = session.scalar(select(ResidentRow.household_id).where(ResidentRow.id == resident.id))
        subjects = [resident.id, *(car.id for car in self.vehicles(resident) if car.owner == resident.id)]
        rows = select(PassageRow.id, PassageRow.snapshot, PassageRow.context).where(PassageRow.subject.in_(subjects))
        consents = [one.id for one in self._register.consents.of(resident.id)]
        names = {f"household:{home}": "household", f"photo:{resident.id}": "photo"}
        names |= {
            f"{what}:{subject}": "household" for what in ("resident", "vehicle", "subject") for subject in subjects
        }
        for case in cases_about(session, subjects):
            names[f"patrol:{case.id}"] = "patrol"
            names |= {f"snapshot:{case.snapshot}": "picture"} if case.snapshot else {}
        names |= {f"signature:{consent}": "signature" for consent in consents}
        for passage, *shots in session.execute(rows.order_by(PassageRow.seq.desc()).limit(MOST_PASSAGES)):
            names[passage] = names[f"passage:{passage}"] = "passage"
            names |= {f"snapshot:{shot}": "picture" for shot in shots if shot}
        return names

    def _first_picture(self) -> str:
        days = self._picture_days * 24 * 3600
        return stamp(datetime.fromtimestamp(max(0.0, self._now().timestamp() - days), UTC))


def _count(session: Session, table: Any, resident_id: str) -> int:
    return session.scalar(select(func.count()).select_from(table).where(table.resident_id == resident_id)) or 0


def _role(actor: str | None, roles: Mapping[str, str]) -> str:
    if actor is None or actor.startswith("local:"):
        return ON_THE_BOX
    return roles.get(actor, "gone")
