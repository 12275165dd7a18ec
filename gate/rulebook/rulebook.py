"""The rules in force: read again within a second of any change of their files, kept by version, never half a file."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

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
from gate.parking.settings import Parking
from gate.rulebook.followed_file import FollowedFile, Parse
from gate.rulebook.lists import listed_for, with_lists, without_lists
from gate.rulebook.pass_book import PassBook
from gate.rulebook.reading import access_within, parking_within, parse_access, parse_parking
from gate.rulebook.versions import households_of, keep, stored
from gate.rulebook.whereabouts import Whereabouts

log = structlog.get_logger("rules")

LOOK_EVERY_S = 0.25
"""A change holds at the second look: after half a second."""
Held = TypeVar("Held")


class Rulebook:
    """The rules of every lane, parking among them. A lane takes whichever are in force when it decides.

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
        source: Path | None = None,
    ) -> None:
        """`note` appends a row to the record; `whereabouts`, `passes` and `parking` are read again at every look.

        `source` is the gate.toml, which is followed for what has no file of its own.
        """
        self._config = config
        self._engine = engine
        self._faces = faces
        self._note = note
        self._whereabouts = whereabouts
        self._passes = passes
        self._parking = parking
        self._access_file = _followed(config, config.rules.file, parse_access, source, access_within)
        self._parking_file = _followed(config, config.parking.file, parse_parking, source, parking_within)
        self._register = register_version(engine)
        self._households = households_of(engine)
        self._access = self._first(self._access_file, config.rules.rules, _access_of)
        self._stands = self._first(self._parking_file, config.parking.parking, _parking_of)
        self._follow_parking()
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
    def fault(self) -> ConfigRefused | None:
        """What is wrong with a file, so that what it said before holds."""
        return next((file.fault for file in self._files if file.fault is not None), None)

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

    def _first(self, file: FollowedFile[Held] | None, inline: Held, of: Callable[[Mapping[str, Any]], Held]) -> Held:
        """What a section says at the start: itself, or its file, or where that is broken the rules on record."""
        if file is None:
            return inline
        try:
            return file.first()
        except ConfigRefused as broken:
            before = self._before()
            if before is None:
                raise
            self._refuse(file, broken)
            return of(before)

    def _before(self) -> Mapping[str, Any] | None:
        """The rules that the record named last, as they were written."""
        for version in last_body(self._engine, "rules.changed").get("rules", {}).values():
            text = stored(self._engine, version)
            if text is not None:
                written: dict[str, Any] = json.loads(text)
                return written
        return None

    def _look(self) -> bool:
        access, stands = self._told(self._access_file, self._access), self._told(self._parking_file, self._stands)
        changed = (access, stands) != (self._access, self._stands)
        self._access, self._stands = access, stands
        self._follow_parking()
        return changed

    def _told(self, file: FollowedFile[Held] | None, before: Held) -> Held:
        """What a file says now, and where it says nothing new or is broken what it said before."""
        if file is None:
            return before
        try:
            found = file.look()
        except ConfigRefused as broken:
            self._refuse(file, broken)
            return before
        if found is None:
            return before
        if file.fault is not None:
            log.info("rules.mended", file=file.path.name)
        file.fault = None
        return found

    def _refuse(self, file: FollowedFile[Held], broken: ConfigRefused) -> None:
        said = any(other.path == file.path and str(other.fault) == str(broken) for other in self._files)
        if not file.refuse(broken) or said:
            return
        wrong = {"fault": broken.code, "problems": [problem.code for problem in broken.problems]}
        log.error("rules.refused", file=file.path.name, **wrong)
        self._note("rules.refused", file=file.path.name, **wrong)

    @property
    def _files(self) -> list[FollowedFile[Any]]:
        return [file for file in (self._access_file, self._parking_file) if file is not None]

    def _follow_parking(self) -> None:
        if self._parking is not None and self._parking.parking != self._stands:
            self._parking.follow(self._stands)

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
        stands = self._stands
        return {lane.id: Rules.of(self._config, lane, self._faces, self._whole, named, stands) for lane in lanes}

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


def _followed(
    config: Config, own: Path | None, parse: Parse[Held], source: Path | None, parse_within: Parse[Held]
) -> FollowedFile[Held] | None:
    """The file of a section's own, or else the gate.toml that it stands in, where that is known."""
    if own is not None:
        return FollowedFile(own, parse, config)
    return None if source is None else FollowedFile(source, parse_within, config)


def _access_of(written: Mapping[str, Any]) -> AccessRules:
    return without_lists(AccessRules.model_validate(written["access"]))


def _parking_of(written: Mapping[str, Any]) -> Parking:
    return Parking.recorded(written.get("parking", {}))
