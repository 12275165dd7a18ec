"""Announces a board to Home Assistant, so that it shows there, and can be watched but not switched.

Documented by Home Assistant under "MQTT discovery". A relay is announced as a sensor without a command topic: who may
open the gate is decided here, not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from gate.barrier.board.topics import Topics

PREFIX = "homeassistant"


def announcements(topics: Topics, outputs: int, inputs: int) -> Mapping[str, str]:
    """What to publish, retained: a topic and its payload for each relay and each input."""
    board = re.sub(r"[^A-Za-z0-9_-]+", "_", topics.availability.rpartition("/")[0]).strip("_") or "board"
    found: dict[str, str] = {}
    for channel in range(outputs):
        found |= _one(topics, board, "relay", channel, topics.named(topics.state, channel), (topics.on, topics.off))
    for channel in range(inputs if topics.contact else 0):
        says = topics.contact_says
        words = (str(says.on), str(says.off))
        found |= _one(topics, board, "input", channel, topics.named(topics.contact or "", channel), words)
    return found


def _one(topics: Topics, board: str, kind: str, channel: int, state: str, words: tuple[str, str]) -> dict[str, str]:
    name = f"{board}_{kind}_{channel}"
    body = {
        "name": f"{kind} {channel}",
        "unique_id": f"menwei_{name}",
        "state_topic": state,
        "payload_on": words[0],
        "payload_off": words[1],
        "availability_topic": topics.availability,
        "payload_available": str(topics.availability_says.on),
        "payload_not_available": str(topics.availability_says.off),
        "device": {"identifiers": [f"menwei_{board}"], "name": board, "manufacturer": "menwei"},
    }
    return {f"{PREFIX}/binary_sensor/menwei_{board}/{kind}_{channel}/config": json.dumps(body, ensure_ascii=False)}
