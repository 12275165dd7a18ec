"""Announces lanes, doors and alarms to Home Assistant, to be watched there and not switched ("MQTT discovery")."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gate.barrier.board.home_assistant import PREFIX
from gate.config import BarrierPart, Lane


def discovery(topic: str, lanes: Sequence[Lane], barriers: Sequence[BarrierPart]) -> Mapping[str, str]:
    """What to publish, retained: topics and payloads for each lane's last passage, each door, and the last alarm."""
    site = topic.replace("/", "_")
    found: dict[str, str] = {}
    for lane in lanes:
        shown = {"value_template": "{{ value_json.verdict }}", "icon": "mdi:boom-gate"}
        found |= _one(site, topic, "sensor", f"lane_{lane.id}", lane.name, f"last/{lane.id}", shown)
    for barrier in barriers:
        shown = {
            "value_template": "{{ 'OFF' if value_json.what == 'closed' else 'ON' }}",
            "device_class": "door" if barrier.kind == "door" else "opening",
        }
        found |= _one(site, topic, "binary_sensor", f"door_{barrier.id}", barrier.id, f"door/{barrier.id}", shown)
    alarm = {"value_template": "{{ value_json.what }}", "icon": "mdi:alarm-light"}
    return found | _one(site, topic, "sensor", "alarm", "报警 alarm", "last/alarm", alarm)


def _one(
    site: str, topic: str, kind: str, name: str, shown: str, state: str, more: Mapping[str, Any]
) -> dict[str, str]:
    body = {
        "name": shown,
        "unique_id": f"menwei_{site}_{name}",
        "state_topic": f"{topic}/{state}",
        "json_attributes_topic": f"{topic}/{state}",
        "availability_topic": f"{topic}/online",
        "payload_available": "true",
        "payload_not_available": "false",
        "device": {"identifiers": [f"menwei_{site}"], "name": f"门卫 {topic}", "manufacturer": "menwei"},
        **more,
    }
    return {f"{PREFIX}/{kind}/menwei_{site}/{name}/config": json.dumps(body, ensure_ascii=False)}
