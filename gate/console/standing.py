"""How the gate stands, in words with what to do: cameras, barriers, the disk, the record."""

from __future__ import annotations

from typing import Any, Literal

from gate.camera.frame import CameraState
from gate.console.watch import HealthView, LaneView, Watch
from gate.texts import Language, t
from models.errors import Fault

Level = Literal["ok", "warn", "bad"]
GB = 10**9
WORKING = frozenset({CameraState.LIVE, CameraState.ENDED})
STARTING = frozenset({CameraState.CONNECTING})


def standing_wire(watch: Watch, language: Language) -> list[dict[str, Any]]:
    """Each part with its level, what is the matter, and what to do where something is."""
    lanes = watch.lanes()
    told = [_cameras(lanes, language), _barriers(lanes, language)]
    try:
        health = watch.health()
    except Fault:
        return [*told, _part("record", "bad", language, "unread")]
    return [*told, _disk(health, language), _record(health, language)]


def _cameras(lanes: Any, language: Language) -> dict[str, Any]:
    out = [lane for lane in lanes if lane.camera.state not in WORKING]
    if not out:
        return _part("camera", "ok", language, "ok", count=len(lanes))
    level: Level = "warn" if all(lane.camera.state in STARTING for lane in out) else "bad"
    names = _named(language, {lane.name: t(f"camera_state.{lane.camera.state}", language) for lane in out})
    return _part("camera", level, language, "out", names=names)


def _barriers(lanes: Any, language: Language) -> dict[str, Any]:
    out: list[LaneView] = [lane for lane in lanes if lane.barrier_fault or lane.barrier_state in {"fault", "forced"}]
    if not out:
        return _part("barrier", "ok", language, "ok", count=len(lanes))
    names = {lane.name: t(lane.barrier_fault or f"barrier_state.{lane.barrier_state}", language) for lane in out}
    return _part("barrier", "bad", language, "out", names=_named(language, names))


def _disk(health: HealthView, language: Language) -> dict[str, Any]:
    if health.free_bytes is None:
        return _part("disk", "warn", language, "unread")
    free = f"{health.free_bytes / GB:.1f}"
    return _part("disk", "ok" if health.room else "warn", language, "ok" if health.room else "low", free=free)


def _record(health: HealthView, language: Language) -> dict[str, Any]:
    if not (health.database and health.ledger):
        return _part("record", "bad", language, "out", count=health.spooled_rows)
    if health.spooled_rows:
        return _part("record", "warn", language, "late", count=health.spooled_rows)
    return _part("record", "ok", language, "ok")


def _named(language: Language, states: dict[str, str]) -> str:
    stop = "、" if language == "zh" else ", "
    return stop.join(t("gate_standing.one", language, name=name, state=state) for name, state in states.items())


def _part(name: str, level: Level, language: Language, said: str, **facts: object) -> dict[str, Any]:
    todo = "" if level == "ok" else t(f"gate_standing.{name}_{said}_todo", language)
    words = t(f"gate_standing.{name}_{said}", language, **facts)
    return {"part": name, "level": level, "name": t(f"gate_standing.{name}", language), "words": words, "todo": todo}
