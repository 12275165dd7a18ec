"""A file that the running gate follows: a change holds once it has settled, and a broken one changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from gate.config import Config
from gate.errors import ConfigRefused
from gate.rulebook.reading import text_of

Held = TypeVar("Held")
Parse: TypeAlias = Callable[[bytes, Path, Config], Held]
"""Reads a file's text for the running configuration. Raises `ConfigRefused`."""


class FollowedFile(Generic[Held]):
    """What is read from a file, and what is wrong with the file as it stands now, in `fault`.

    A change holds once two looks in a row have read the same, so that no half-written file does.
    """

    def __init__(self, path: Path, parse: Parse[Held], config: Config) -> None:
        self.path = path
        self.fault: ConfigRefused | None = None
        self._parse = parse
        self._config = config
        self._seen: bytes | None = None
        self._settled: bytes | None = None

    def first(self) -> Held:
        """What the file says at the start. Raises `ConfigRefused`."""
        self._settled = self._seen = text_of(self.path)
        return self._parse(self._settled, self.path, self._config)

    def look(self) -> Held | None:
        """What the file says, where it says something else than at the last look and says it twice.

        Raises:
            ConfigRefused: it is missing or broken.
        """
        try:
            written = text_of(self.path)
        except ConfigRefused:
            self._seen = self._settled = None  # one that comes back is news, whatever it says
            raise
        self._seen, steady = written, written == self._seen
        if not steady or written == self._settled:
            return None
        self._settled = written
        return self._parse(written, self.path, self._config)

    def refuse(self, broken: ConfigRefused) -> bool:
        """Keep what is wrong; whether that is news."""
        news = self.fault is None or str(self.fault) != str(broken)
        self.fault = broken
        return news
