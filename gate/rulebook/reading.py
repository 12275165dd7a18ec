"""The rules of access and of parking as a person writes them: in gate.toml or in the file that a section names."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from gate.access_rules import AccessRules
from gate.config import Config, parse_config, unknown_lanes
from gate.errors import ConfigRefused
from gate.parking.settings import Parking
from gate.part import Part
from gate.problem import problem_of
from models.errors import Fault

Read = TypeVar("Read", bound=Part)


def read_access(config: Config, file: Path | None = None) -> AccessRules:
    """The rules of access of a configuration, or those in `file` for the same lanes. Raises `ConfigRefused`."""
    path = file or config.rules.file
    return config.rules.rules if path is None else parse_access(text_of(path), path, config)


def read_parking(config: Config, file: Path | None = None) -> Parking:
    """The parking of a configuration, or that in `file` for the same lanes. Raises `ConfigRefused`."""
    path = file or config.parking.file
    return config.parking.parking if path is None else parse_parking(text_of(path), path, config)


def text_of(path: Path) -> bytes:
    """What stands in a rules file. Raises `ConfigRefused`."""
    try:
        return path.read_bytes()
    except FileNotFoundError as missing:
        raise ConfigRefused("rules.file_missing", path=path) from missing
    except OSError as unreadable:
        raise ConfigRefused("config.unreadable", path=path, why=unreadable.strerror) from unreadable


def parse_access(written: bytes, path: Path, config: Config) -> AccessRules:
    """The rules in the text of a file. An empty one is refused: it is mostly one that is just being written.

    Raises:
        ConfigRefused: with one problem per wrong line.
    """
    access = _parsed(written, path, AccessRules)
    unknown = unknown_lanes(access, config.lane).items()
    if problems := [
        Fault("config.rules_name_no_lane", where=path.name, name=name, near=near) for name, near in unknown
    ]:
        raise _refused(path, problems)
    return access


def parse_parking(written: bytes, path: Path, config: Config) -> Parking:
    """The same of a file with the parking; `zone = []` alone counts nothing. Raises `ConfigRefused`."""
    parking = _parsed(written, path, Parking)
    misled = parking.misled({lane.id: lane.kind for lane in config.lane})
    if problems := [Fault(wrong.type, where=path.name, **(wrong.context or {})) for wrong in misled]:
        raise _refused(path, problems)
    return parking


def access_within(written: bytes, path: Path, config: Config) -> AccessRules:
    """The rules of access in the text of a gate.toml; those of `config` where it names another file for them by now.

    Raises:
        ConfigRefused: with one problem per wrong line, of whatever section.
    """
    rules = parse_config(_toml(written, path), path).rules
    return rules.rules if rules.file is None else config.rules.rules


def parking_within(written: bytes, path: Path, config: Config) -> Parking:
    """The same of the parking. Raises `ConfigRefused`."""
    parking = parse_config(_toml(written, path), path).parking
    return parking.parking if parking.file is None else config.parking.parking


def _toml(written: bytes, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(written.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as garbled:
        raise ConfigRefused("config.not_toml", path=path, why=garbled) from garbled


def _parsed(written: bytes, path: Path, part: type[Read]) -> Read:
    raw = _toml(written, path)
    if not raw:
        raise ConfigRefused("rules.file_empty", path=path)
    try:
        return part.model_validate(raw)
    except ValidationError as invalid:
        problems = [problem_of(dict(error), part, raw, path.name) for error in invalid.errors()]
        raise _refused(path, problems) from invalid


def _refused(path: Path, problems: Sequence[Fault]) -> ConfigRefused:
    return ConfigRefused("config.refused", tuple(problems), path=path, count=len(problems))
