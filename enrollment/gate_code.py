"""What a QR code at the gate says: an opaque id and a signature by the box, and for residents a moment.

Nothing is asked of anybody to read one: the box that signed it checks it with its own key. A resident's code changes
every half minute, and is good for a minute; a visitor's picture stays as it is, and its pass counts the uses.

The text is `MW1`, a letter for whose it is, and 32 bytes in base 32: 16 of the id, 4 of the half minute since 1970 (0
in a visitor's picture) and 12 of the HMAC-SHA256. Capitals and digits alone make the code smaller to draw.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from enrollment.keyring import Keyring

STEP_S = 30
LASTS_S = 60
EARLY_S = 5
"""A code is good so long before its own half minute: the clocks of two boxes of a compound may differ by that."""

PREFIX = "MW1"
ID_BYTES = 16
TAG_BYTES = 12
"""96 bits: nobody can try tags against a gate that looks four times a second."""
HOLDER_SIGNS = len(PREFIX) + 1 + ID_BYTES * 8 // 5
"""So many signs at the start of a text are the same for all codes of one holder."""


class Holder(StrEnum):
    """Whose code it is."""

    RESIDENT = "R"
    VISITOR = "V"


class CodeFault(StrEnum):
    """Why a text of ours is no good: not signed by this box, over, or not begun."""

    FORGED = "forged"
    OVER = "over"
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class GateCode:
    """A genuine code. `id` names a resident's credential or a pass; `step` is 0 for a picture that stays as it is."""

    holder: Holder
    id: str
    step: int


class GateCodes:
    """Writes and reads codes with the box's key."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def changing(self, credential_id: str, step: int) -> str:
        """A resident's code for one half minute."""
        if step < 1:
            raise ValueError(f"no half minute: {step}")
        return self._written(Holder.RESIDENT, bytes.fromhex(credential_id), step)

    def lasting(self, pass_id: str) -> str:
        """A visitor's code, good as long as the pass."""
        return self._written(Holder.VISITOR, bytes.fromhex(pass_id), 0)

    def read(self, text: str, at: datetime) -> GateCode | CodeFault | None:
        """What a text says at a moment; None for one that was never meant for a gate. It may be anything."""
        if not text.startswith(PREFIX):
            return None
        try:
            holder = Holder(text[len(PREFIX) : len(PREFIX) + 1])
            packed = base64.b32decode(text[len(PREFIX) + 1 :] + "====")
        except (ValueError, binascii.Error):
            return CodeFault.FORGED
        if len(packed) != ID_BYTES + 4 + TAG_BYTES:
            return CodeFault.FORGED
        id_, step = packed[:ID_BYTES], int.from_bytes(packed[ID_BYTES : ID_BYTES + 4])
        # Compared as a text: base 32 has spare bits, and one code is to have one spelling.
        if not hmac.compare_digest(self._written(holder, id_, step).encode(), text.encode("utf-8", "surrogatepass")):
            return CodeFault.FORGED
        if holder is Holder.RESIDENT:
            begins_s = step * STEP_S
            if at.timestamp() < begins_s - EARLY_S:
                return CodeFault.NOT_YET
            if at.timestamp() >= begins_s + LASTS_S:
                return CodeFault.OVER
        return GateCode(holder, id_.hex(), step)

    def _written(self, holder: Holder, id_: bytes, step: int) -> str:
        body = id_ + step.to_bytes(4)
        mark = self._keyring.mark(holder.encode() + body, b"gate-code/1")
        packed = body + bytes.fromhex(mark)[:TAG_BYTES]
        return f"{PREFIX}{holder}{base64.b32encode(packed).decode().rstrip('=')}"


def step_of(at: datetime) -> int:
    """The half minute of a moment, counted from 1970."""
    return int(at.timestamp()) // STEP_S
