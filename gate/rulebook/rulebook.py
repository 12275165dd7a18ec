"""The rules in force: read again within a second of any change of their file, kept by version, never half a file."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from enrollment.errors import StoreBusy
from enrollment.gallery import register_version
from enrollment.sources import lists_version
from gate.access_rules import AccessRules
from gate.config import Config, FaceLimits
from gate.decision.rules import Rules
from gate.errors import ConfigRefused
from gate.ledger.ledger import last_body
from gate.parking.book import ParkingBook
from gate.rulebook.lists import listed_for, with_lists, without_lists
from gate.rulebook.pass_book import PassBook
from gate.rulebook.reading import parse_access, read_access, text_of
from gate.rulebook.versions import households_of, keep, stored
from gate.rulebook.whereabouts import Whereabouts

log = structlog.get_logger("rules")

LOOK_EVERY_S = 0.25
"""A change holds once two looks in a row have read the same, so that no half-written file does: after half a second."""


class Rulebook:
    """The rules of every lane. A lane takes whichever are in force when it decides.

    A file that is broken changes nothing: the rules that held go on holding, also after a restart in between, and
    `fault` says what is wrong. Raises `ConfigRefused` where it is broken and no earlier rules are on record.
    """

    def __init__(
        self,
        config: Config,
        engine: Engine,
        faces: FaceLimits,
        note: Callable[..., object],
        whereabouts: Whereabouts,
        passes: PassBook,
        parking: ParkingBook | None = None,
    ) -> None:
        """`note` appends a row to the record; `whereabouts`, `passes` and `parking` are read again at every look."""
        self._config = config
        self._engine = engine
        self._faces = faces
        self._note = note
        self._whereabouts = whereabouts
        self._passes = passes
        self._parking = parking
        self.fault: ConfigRefused | None = None
        self._seen: bytes | None = None
        self._settled: bytes | None = None
        self._register = register_version(engine)
        self._households = households_of(engine)
        self._access = self._begin()
        self._lists = lists_version(engine)
        self._listed = listed_for(config, engine)
        self._whole = with_lists(self._access, self._listed)
        self._rules = self._made()
        self._published = False
        self._stopping = threading.Event()
        self._stale = False
        self._thread = threading.Thread(target=self._run, name="rules", daemon=True)

    def of(self, lane: str) -> Rules:
        """The rules in force for a lane."""
        return self._rules[lane]

    @property
    def versions(self) -> Mapping[str, str]:
        """The version in force of each lane."""
        return {lane: rules.version for lane, rules in self._rules.items()}

    def start(self) -> None:
        """Note which rules hold and begin looking for changes; a database that takes nothing now is asked again."""
        self._look_once()
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Stop looking."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def refresh(self) -> bool:
        """Look once; True when other rules are in force now.

        Raises:
            StoreBusy: what the database holds could not be looked at; a changed file is in force all the same.
        """
        changed = self._look()
        if changed:
            # At once, with the lists of before: the database may not answer.
            self._whole = with_lists(self._access, self._listed)
            self._rules, self._published = self._made(), False
        if self._follow_lists():
            changed, self._rules, self._published = True, self._made(), False
        self._follow_facts()
        if self._follow_register():
            self._rules = self._made()
        if not self._published:
            self._publish()
        return changed

    def _begin(self) -> AccessRules:
        path = self._config.rules.file
        if path is None:
            return read_access(self._config)
        try:
            self._settled = self._seen = text_of(path)
            return parse_access(self._settled, path, self._config)
        except ConfigRefused as broken:
            before = self._before()
            if before is None:
                raise
            self._refuse(broken)
            return before

    def _before(self) -> AccessRules | None:
        """The rules of access that the record named last."""
        for version in last_body(self._engine, "rules.changed").get("rules", {}).values():
            text = stored(self._engine, version)
            if text is not None:
                return without_lists(AccessRules.model_validate(json.loads(text)["access"]))
        return None

    def _look(self) -> bool:
        path = self._config.rules.file
        if path is None:
            return False
        try:
            written = text_of(path)
            self._seen, steady = written, written == self._seen
            if not steady or written == self._settled:
                return False
            self._settled = written
            access = parse_access(written, path, self._config)
        except ConfigRefused as broken:
            self._refuse(broken)
            return False
        if self.fault is not None:
            log.info("rules.mended")
        self.fault = None
        changed, self._access = access != self._access, access
        return changed

    def _refuse(self, broken: ConfigRefused) -> None:
        if self.fault is not None and str(self.fault) == str(broken):
            return
        self.fault = broken
        log.error("rules.refused", fault=broken.code, problems=[problem.code for problem in broken.problems])
        self._note("rules.refused", fault=broken.code, problems=[problem.code for problem in broken.problems])

    def _follow_facts(self) -> None:
        self._whereabouts.refresh(self._access.passback_forgiven_h)
        self._passes.refresh()
        if self._parking is not None:
            self._parking.refresh()

    def _follow_lists(self) -> bool:
        """Whether a register elsewhere has blocked or allowed other plates since."""
        version = lists_version(self._engine)
        if version == self._lists:
            return False
        self._listed, self._lists = listed_for(self._config, self._engine), version
        self._whole = with_lists(self._access, self._listed)
        return True

    def _follow_register(self) -> bool:
        version = register_version(self._engine)
        if version == self._register:
            return False
        self._register, before = version, self._households
        self._households = households_of(self._engine)
        return self._households != before

    def _made(self) -> dict[str, Rules]:
        named = self._households
        lanes = self._config.lane
        return {lane.id: Rules.of(self._config, lane, self._faces, self._whole, named) for lane in lanes}

    def _publish(self) -> None:
        """Store the versions, and a row where they are not those that the record named last."""
        keep(self._engine, self._rules.values(), datetime.now(UTC))
        before = last_body(self._engine, "rules.changed").get("rules", {})
        if dict(self.versions) != before:
            self._note("rules.changed", rules=dict(self.versions), before=before)
            log.info("rules.changed", rules=dict(self.versions))
        self._published = True

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            self._look_once()

    def _look_once(self) -> None:
        try:
            self.refresh()
        except (StoreBusy, SQLAlchemyError) as failed:
            if not self._stale:
                log.warning("rules.stale", why=type(failed).__name__)
            self._stale = True
        else:
            self._stale = False
