"""The rules of access as a person writes them: in `[rules]` of gate.toml or in the file that it names."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from gate.access_rules import AccessRules
from gate.config import Config, unknown_lanes
from gate.errors import ConfigRefused
from gate.problem import problem_of
from models.errors import Fault


def read_access(config: Config, file: Path | None = None) -> AccessRules:
    """The rules of access of a configuration, or those in `file` for the same lanes. Raises `ConfigRefused`."""
    path = file or config.rules.file
    return config.rules.rules if path is None else parse_access(text_of(path), path, config)


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
    try:
        raw = tomllib.loads(written.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as garbled:
        raise ConfigRefused("config.not_toml", path=path, why=garbled) from garbled
    if not raw:
        raise ConfigRefused("rules.file_empty", path=path)
    try:
        access = AccessRules.model_validate(raw)
    except ValidationError as invalid:
        problems = tuple(problem_of(dict(error), AccessRules, raw) for error in invalid.errors())
        raise ConfigRefused("config.refused", problems, path=path, count=len(problems)) from invalid
    problems = tuple(
        Fault("config.rules_name_no_lane", where=path.name, name=name, near=near)
        for name, near in unknown_lanes(access, config.lane).items()
    )
    if problems:
        raise ConfigRefused("config.refused", problems, path=path, count=len(problems))
    return access
