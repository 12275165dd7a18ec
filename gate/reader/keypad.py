"""What is typed at a reader's keys: a household and its PIN, or a visitor's PIN.

`3*2*501#` and then the PIN and `#`, as at the pad page, whose dash is `*` here; a visitor types the PIN and `#`. A `*`
before anything else begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.reader.reader import KeysPressed

BETWEEN_KEYS_S = 10.0
"""What was begun and left is forgotten, so that nobody goes on with another's digits or pays for another's PIN."""
BEFORE_PIN_S = 20.0
"""Longer after a household: its PIN may have to be looked up."""
LONGEST = 20


@dataclass(frozen=True, slots=True, repr=False)
class Typed:
    """A PIN, and the household that it is for; no household for a visitor's."""

    household: str
    pin: str


class Keypad:
    """Collects the keys of one reader. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._keys = ""
        self._household = ""
        self._pressed_s = float("-inf")

    def press(self, pressed: KeysPressed) -> Iterator[Typed]:
        """What has been typed to its end with these keys."""
        if pressed.at_s - self._pressed_s > (BETWEEN_KEYS_S if self._keys else BEFORE_PIN_S):
            self._keys = self._household = ""
        self._pressed_s = pressed.at_s
        for key in pressed.keys:
            if key == "#":
                yield from self._ended()
            elif key == "*" and not self._keys:
                self._household = ""
            else:
                self._keys = (self._keys + key)[: LONGEST + 1]

    def _ended(self) -> Iterator[Typed]:
        keys, self._keys = self._keys, ""
        household, self._household = self._household, ""
        if not keys or len(keys) > LONGEST:
            return
        if "*" in keys:
            self._household = keys.replace("*", "-")
        else:
            yield Typed(household, keys)
