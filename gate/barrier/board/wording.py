"""How a board words "on" and "off" in what it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass

Scalar = bool | int | str


@dataclass(frozen=True, slots=True)
class Wording:
    """Where in an answer a relay's or an input's state stands, and its two values.

    `where` lists places to look, the first that is there counts; each is keys and list positions joined by `/`, with
    `{channel}` in them if need be: `inputs/{channel}/input`. Without any, the whole answer is the value, as text.
    """

    on: Scalar
    off: Scalar
    where: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if _same(self.on, self.off):
            raise ValueError(f"on and off must differ: {self.on!r}")

    def read(self, answer: bytes, channel: int) -> bool | None:
        """True for on, False for off, None for an answer that says neither."""
        try:
            said: object = answer.decode("utf-8").strip()
            if self.where:
                said = self._found(json.loads(answer), channel)
        except (ValueError, RecursionError):
            return None
        if _same(said, self.on):
            return True
        return False if _same(said, self.off) else None

    def _found(self, tree: object, channel: int) -> object:
        for place in self.where:
            found = tree
            for step in place.format(channel=channel).split("/"):
                found = _stepped(found, step)
            if found is not None:
                return found
        return None


def _stepped(tree: object, step: str) -> object:
    if isinstance(tree, dict):
        return tree.get(step)
    if isinstance(tree, list) and step.isdecimal() and int(step) < len(tree):
        return tree[int(step)]
    return None


def _same(said: object, expected: object) -> bool:
    """Equal and of one type: in JSON `true` is not 1."""
    return type(said) is type(expected) and said == expected
