"""What a `sim://` url asks for."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from gate.errors import ConfigRefused

T = TypeVar("T")

LONGEST_S = 60.0
"""No arm travels and nothing passes for longer."""


class SimulatedUrl:
    """The keys of one url. Each may be left out. Raises `ConfigRefused` for a key that is not among `known`."""

    def __init__(self, url: str, known: Mapping[str, str]) -> None:
        """`known` is what each key may be, in words."""
        self._url = url
        self._known = known
        self._asked = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        for key in self._asked:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1, 0.5)
                hint = near[0] if near else ", ".join(known)
                raise ConfigRefused("barrier.sim_unknown_key", url=url, key=key, near=hint)

    def get(self, key: str, parse: Callable[[str], T], default: T) -> T:
        """A value. Raises `ConfigRefused` for one that cannot be."""
        if key not in self._asked:
            return default
        value = self._asked[key]
        try:
            return parse(value)
        except ValueError as wrong:
            allowed = self._known[key]
            raise ConfigRefused(
                "barrier.sim_bad_value", url=self._url, key=key, value=value, allowed=allowed
            ) from wrong


def seconds(text: str) -> float:
    """A time above 0."""
    value = float(text)
    if not 0 < value <= LONGEST_S:
        raise ValueError(text)
    return value


def some_of(names: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    """Several of these names with commas between."""

    def parse(text: str) -> tuple[str, ...]:
        asked = {name for name in text.split(",") if name}
        if not asked <= set(names):
            raise ValueError(text)
        return tuple(name for name in names if name in asked)

    return parse
